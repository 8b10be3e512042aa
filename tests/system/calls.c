/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls: make every system call by its number, with arguments that do no harm, and say how each one
 * ended, a line each:
 *
 *	NUMBER ARGUMENTS RESULT
 *
 * ARGUMENTS is 0 or -1, which all six of them are. RESULT is "ok", the number of an error, "waits", or
 * "ends" when the process ended in it. Each call is made by a process of its own.
 *
 * It is for containers: calls that succeed change what the process has of its own.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NUMBER_END 501
#define WAIT_MS 1000

/* Not those that write to disks. */
static bool is_left_out(long number)
{
#ifdef SYS_syncfs
	if (number == SYS_syncfs)
		return true;
#endif
	return number == SYS_sync;
}

/* In a child. A child of its own, by fork and its like, says nothing. */
static void make_call(long number, long argument, int answer)
{
	long self = syscall(SYS_getpid);
	long r = syscall(number, argument, argument, argument, argument, argument, argument);
	int error = r < 0 && r >= -4095 ? errno : 0;

	if (syscall(SYS_getpid) != self)
		_exit(0);
	if (write(answer, &error, sizeof(error)) != sizeof(error))
		_exit(1);
	_exit(0);
}

static void say(long number, long argument, pid_t child, int answer)
{
	struct pollfd ready = { .fd = answer, .events = POLLIN };
	int error = 0;

	printf("%ld %ld ", number, argument);
	if (poll(&ready, 1, WAIT_MS) == 0)
		puts("waits");
	else if (read(answer, &error, sizeof(error)) != sizeof(error))
		puts("ends");
	else if (error)
		printf("%d\n", error);
	else
		puts("ok");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void try_call(long number, long argument)
{
	int ends[2];

	fflush(stdout);
	if (pipe(ends) < 0)
		exit(EXIT_FAILURE);
	pid_t child = fork();

	if (child < 0)
		exit(EXIT_FAILURE);
	if (child == 0) {
		/* Where the call cannot hit the pipe, nor what the parent prints. */
		if (dup2(ends[1], 60) < 0)
			_exit(1);
		for (int fd = 0; fd < 60; fd++)
			close(fd);
		make_call(number, argument, 60);
	}
	close(ends[1]);
	say(number, argument, child, ends[0]);
	close(ends[0]);
}

int main(void)
{
	for (long number = 0; number < NUMBER_END; number++) {
		if (is_left_out(number))
			continue;
		try_call(number, -1);
		try_call(number, 0);
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
