/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_HOSTILITY_H
#define NSXATTR_TESTS_HOSTILITY_H

/*
 * What the attackers of tests/system/hostile-neighbours.sh have in common. One obeys lines of standard input: "begin
 * ATTACK [WORD]…", which is answered by "standing" when the attack is as bad as it gets, and "end", which is answered
 * by "ended" when each process of it has ended. A line that begins with "wrong" is something that must not be. All
 * ends with standard input, and an attack by itself after ATTACK_MAX.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "count_of.h"
#include "fork_alone.h"

/* Seconds after which an attack ends by itself. */
#define ATTACK_MAX 30
/* Seconds within which an attack stands, and what it waits for is there. */
#define PATIENCE 20
#define WORDS_MAX 6

/** struct attack - one that can be ordered */
struct attack {
	const char *name;
	void (*run)(int report, char **words); /* calls stand() once; does not return */
	size_t words; /* that follow the name */
};

static inline void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* By one write(2), for many say so. */
static inline void wrong(const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	dprintf(STDOUT_FILENO, "wrong: %s\n", text);
}

static inline void stand(int report)
{
	if (write(report, "", 1) != 1)
		_exit(EXIT_FAILURE);
}

static inline pid_t fork_checked(void)
{
	pid_t pid = fork_alone();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid == 0)
		alarm(ATTACK_MAX);
	return pid;
}

static inline void pause_for(long milliseconds)
{
	const struct timespec pause = { .tv_nsec = milliseconds * 1000000 };

	nanosleep(&pause, NULL);
}

static inline void start_threads(unsigned int count, void *run(void *))
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64UL * 1024);
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&thread, &attributes, run, (void *)i) != 0)
			errx(EXIT_FAILURE, "cannot start thread %zu", i);
}

/* Of the attack that stands; 0: none does. */
static pid_t attacker;

static inline _Noreturn void be_attacker(const struct attack *attack, int report, char **words)
{
	if (setpgid(0, 0) < 0)
		err(EXIT_FAILURE, "setpgid");
	attack->run(report, words);
	_exit(EXIT_FAILURE);
}

static inline void begin(const struct attack *attack, char **words)
{
	int report[2];
	char byte;

	if (pipe2(report, O_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe2");
	attacker = fork_checked();
	if (attacker == 0)
		be_attacker(attack, report[1], words);
	close(report[1]);

	struct pollfd polled = { .fd = report[0], .events = POLLIN };

	if (poll(&polled, 1, PATIENCE * 1000) <= 0 || read(report[0], &byte, 1) != 1)
		wrong("%s does not stand", attack->name);
	close(report[0]);
	puts("standing");
}

static inline void end(void)
{
	if (attacker > 0)
		kill(-attacker, SIGKILL);
	attacker = 0;
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		continue;
	puts("ended");
}

static inline void obey(const struct attack *attacks, size_t attack_count, char *line)
{
	char *words[WORDS_MAX] = { NULL }, *rest = NULL;
	size_t count = 0;

	for (char *word = strtok_r(line, " \n", &rest); word && count < WORDS_MAX;
	     word = strtok_r(NULL, " \n", &rest))
		words[count++] = word;
	if (count == 1 && strcmp(words[0], "end") == 0) {
		end();
		return;
	}
	for (size_t i = 0; i < attack_count; i++)
		if (count == 2 + attacks[i].words && strcmp(words[0], "begin") == 0 &&
		    strcmp(words[1], attacks[i].name) == 0) {
			begin(&attacks[i], words + 2);
			return;
		}
	errx(2, "what is \"%s\"?", line);
}

/** obey_orders() - until standard input ends */
static inline void obey_orders(const struct attack *attacks, size_t attack_count)
{
	char line[1024];

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		err(EXIT_FAILURE, "prctl");
	setlinebuf(stdout);
	puts("ready");
	while (fgets(line, sizeof(line), stdin))
		obey(attacks, attack_count, line);
	end();
}

#endif
