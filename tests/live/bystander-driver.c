/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bystander-driver DIRECTORY: has nothing to do with whatever happens beside it. It makes a file in the directory,
 * sets and gets a value of it, by path and by descriptor, and compares each answer with what has to come.
 * bystander-driver --control=SOCKET: asks a daemon for its status instead, on a connection for each question.
 * bystander-driver --turns: hands something to another process and has it back instead, by pipes. This is what the turns
 * at a CPU take that any call takes which another process answers.
 *
 * It obeys lines of standard input, with a line each:
 *
 *	begin		call, with a pause of a millisecond after each call
 *	end COUNT	go on until there were COUNT calls since begin; the answer is
 *			"p99 LONGEST WRONG CALLS": microseconds, and how many answers were not the right ones
 *	last		go on until a call fails with ENOSYS; the answer is the same
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define NAME "security.bystander"
#define PAUSE 1000000 /* nanoseconds */
/* One that calls for ever has counted enough then. */
#define CALLS_MAX 100000

static struct {
	const char *control; /* NULL: it calls */
	int other[2]; /* pipes to another process, and from it; 0: it calls */
	int fd; /* of "bystander" in the working directory */
	unsigned long turn;
	char value[32];
} self;

static struct {
	double times[CALLS_MAX];
	size_t count;
	unsigned long wrongs;
	bool is_over; /* no supervisor serves any more */
} found;

static double microseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* ---- calls ---- */

static bool is_value(const char *got, ssize_t length)
{
	return length == (ssize_t)strlen(self.value) &&
	       memcmp(got, self.value, (size_t)length) == 0;
}

/* Return: whether the answer is right. What was set is read in the other way. */
static bool call(void)
{
	char got[64];

	if (self.turn % 2 == 0)
		snprintf(self.value, sizeof(self.value), "value %lu", self.turn);
	switch (self.turn++ % 4) {
	case 0:
		return setxattr("bystander", NAME, self.value, strlen(self.value), 0) == 0;
	case 1:
		return is_value(got, fgetxattr(self.fd, NAME, got, sizeof(got)));
	case 2:
		return fsetxattr(self.fd, NAME, self.value, strlen(self.value), 0) == 0;
	default:
		return is_value(got, getxattr("bystander", NAME, got, sizeof(got)));
	}
}

static bool ask(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[4096];
	ssize_t got, first = 0;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", self.control);
	bool is_right = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
			send(fd, "status\n", 7, MSG_NOSIGNAL) == 7;

	while (is_right && (got = recv(fd, answer, sizeof(answer), 0)) > 0)
		first = first ? first : got;
	close(fd);
	return is_right && first > 0;
}

static bool hand_over(void)
{
	char byte = 0;

	return write(self.other[0], &byte, 1) == 1 && read(self.other[1], &byte, 1) == 1;
}

static bool act(void)
{
	if (self.control)
		return ask();
	return self.other[0] > 0 ? hand_over() : call();
}

static void call_once(void)
{
	static const struct timespec pause = { .tv_nsec = PAUSE };
	double begin = microseconds();
	bool is_right = act();
	double time = microseconds() - begin;

	found.is_over = !is_right && !self.control && errno == ENOSYS;
	found.wrongs += !is_right;
	if (found.count < CALLS_MAX)
		found.times[found.count++] = time;
	nanosleep(&pause, NULL);
}

/* ---- orders ---- */

static int compare(const void *one, const void *other)
{
	double difference = *(const double *)one - *(const double *)other;

	return (difference > 0) - (difference < 0);
}

static void report(void)
{
	qsort(found.times, found.count, sizeof(found.times[0]), compare);
	printf("%.0f %.0f %lu %zu\n", found.times[found.count * 99 / 100],
	       found.times[found.count - 1], found.wrongs, found.count);
	found.count = 0;
	found.wrongs = 0;
}

static bool is_told(void)
{
	struct pollfd polled = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&polled, 1, 0) != 0;
}

static bool obey(const char *line)
{
	unsigned long count;

	if (strcmp(line, "begin\n") == 0) {
		puts("begun");
		while (!is_told())
			call_once();
	} else if (sscanf(line, "end %lu", &count) == 1 && count > 0 && count < CALLS_MAX) {
		while (found.count < count)
			call_once();
		report();
	} else if (strcmp(line, "last\n") == 0) {
		puts("begun");
		while (!found.is_over)
			call_once();
		found.wrongs--;
		report();
	} else {
		return false;
	}
	return true;
}

static _Noreturn void hand_back(int input, int output)
{
	char byte;

	while (read(input, &byte, 1) == 1 && write(output, &byte, 1) == 1)
		continue;
	_exit(EXIT_SUCCESS);
}

static void start_other(void)
{
	int there[2], back[2];

	if (pipe2(there, O_CLOEXEC) < 0 || pipe2(back, O_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe2");
	pid_t pid = fork();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid == 0) {
		close(there[1]);
		close(back[0]);
		hand_back(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	self.other[0] = there[1];
	self.other[1] = back[0];
}

static void be_bystander(const char *directory)
{
	if (strcmp(directory, "--turns") == 0) {
		start_other();
		return;
	}
	if (strncmp(directory, "--control=", 10) == 0) {
		self.control = directory + 10;
		return;
	}
	if (chdir(directory) < 0)
		err(EXIT_FAILURE, "%s", directory);
	self.fd = open("bystander", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (self.fd < 0)
		err(EXIT_FAILURE, "%s/bystander", directory);
}

int main(int argc, char **argv)
{
	char line[64];

	if (argc != 2)
		errx(2, "usage: bystander-driver DIRECTORY | --control=SOCKET | --turns");
	/* Not buffered: whether there is a line is asked of the descriptor. */
	setvbuf(stdin, NULL, _IONBF, 0);
	setlinebuf(stdout);
	be_bystander(argv[1]);
	puts("ready");
	while (fgets(line, sizeof(line), stdin))
		if (!obey(line))
			errx(2, "what is %s", line);
	return EXIT_SUCCESS;
}
