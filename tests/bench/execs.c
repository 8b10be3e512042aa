/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execs: measures what lines on its standard input say, and answers each with the nanoseconds of one:
 *
 *	run N PROGRAM ARGUMENT…		N times, one after the other
 *	in DIRECTORY			work there from now on
 *	map N				so many maps of a file that is not executable
 *
 * It is linked statically, and called "execs end" it ends at once: a program without a loader.
 */
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 16

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void run_once(char **words)
{
	pid_t pid;
	int status;
	int error = posix_spawnp(&pid, words[0], NULL, NULL, words, environ);

	if (error || waitpid(pid, &status, 0) < 0 || status != 0)
		errx(1, "%s cannot be run", words[0]);
}

static void run(long count, char **words)
{
	for (long i = 0; i < count; i++)
		run_once(words);
}

static void map(long count, char **words)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)words;
	for (long i = 0; i < count; i++) {
		void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

		if (at == MAP_FAILED || munmap(at, 4096) < 0)
			err(1, "mmap");
	}
	close(fd);
}

static void obey(char *line)
{
	char *words[WORDS_MAX] = { strtok(line, " \n") };
	size_t count = 1;

	while (count < WORDS_MAX - 1 && (words[count] = strtok(NULL, " \n")))
		count++;
	if (count < 2)
		errx(1, "see the top of tests/bench/execs.c");
	if (strcmp(words[0], "in") == 0) {
		if (chdir(words[1]) < 0)
			err(1, "%s", words[1]);
		puts("0");
		fflush(stdout);
		return;
	}
	long times = strtol(words[1], NULL, 10);
	double began = now();

	(strcmp(words[0], "map") == 0 ? map : run)(times, words + 2);
	printf("%.0f\n", (now() - began) / (double)times);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static char line[4096];

	(void)argv;
	if (argc > 1)
		return 0;
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	return 0;
}
