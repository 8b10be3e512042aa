/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pause-driver: asks for an attribute of a file that it makes, again and again. For each byte on standard
 * input it prints for how many microseconds the longest call since the one before has taken, after one
 * more call; at the end of standard input how many calls there were, and ends with 1 if any was answered
 * wrongly.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define NAME "security.pause"
#define VALUE "here"

static unsigned long wrongs;

static double microseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double call(const char *path)
{
	char value[64];
	double begin = microseconds();
	ssize_t length = getxattr(path, NAME, value, sizeof(value));
	double time = microseconds() - begin;

	if (length == (ssize_t)strlen(VALUE) && memcmp(value, VALUE, strlen(VALUE)) == 0)
		return time;
	if (wrongs++ < 20)
		printf("wrong: %zd (%s)\n", length, length < 0 ? strerrorname_np(errno) : "-");
	return time;
}

/* Return: 1: a byte has come; 0: none; below 0: the end. */
static int look(void)
{
	struct pollfd polled = { .fd = STDIN_FILENO, .events = POLLIN };
	char byte;

	if (poll(&polled, 1, 0) <= 0)
		return 0;
	return read(STDIN_FILENO, &byte, 1) == 1 ? 1 : -1;
}

int main(void)
{
	static const char path[] = "pause";
	unsigned long calls = 0;
	double longest = 0;
	int said, fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || setxattr(path, NAME, VALUE, strlen(VALUE), 0) < 0)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
	setlinebuf(stdout);
	printf("begun\n");
	while ((said = look()) >= 0) {
		double time = call(path);

		calls++;
		longest = time > longest ? time : longest;
		if (said == 0)
			continue;
		printf("%.0f\n", longest);
		longest = 0;
	}
	printf("%lu calls, %lu wrong\n", calls, wrongs);
	return wrongs > 0;
}
