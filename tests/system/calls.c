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
/* A call that has not ended so soon is looked at again when all others have been made. */
#define SOON_MS 50
#define SETTLE_MS 1000
#define ANSWER 60
#define WAITING_MOST 40

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

/* One that has not answered; its process lives. */
struct waiting {
	long number, argument;
	pid_t child;
	int answer;
};

/* Each is given the time of those after it, and SETTLE_MS. */
static struct waiting waiting[WAITING_MOST];
static size_t waiting_count;

static void say(const struct waiting *call, int timeout)
{
	struct pollfd ready = { .fd = call->answer, .events = POLLIN };
	int error = 0;

	printf("%ld %ld ", call->number, call->argument);
	if (poll(&ready, 1, timeout) == 0)
		puts("waits");
	else if (read(call->answer, &error, sizeof(error)) != sizeof(error))
		puts("ends");
	else if (error)
		printf("%d\n", error);
	else
		puts("ok");
	kill(call->child, SIGKILL);
	waitpid(call->child, NULL, 0);
	close(call->answer);
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
		if (dup2(ends[1], ANSWER) < 0)
			_exit(1);
		for (int fd = 0; fd < ANSWER; fd++)
			close(fd);
		make_call(number, argument, ANSWER);
	}
	close(ends[1]);
	struct waiting call = { number, argument, child, ends[0] };
	struct pollfd ready = { .fd = call.answer, .events = POLLIN };

	if (waiting_count < WAITING_MOST && poll(&ready, 1, SOON_MS) == 0)
		waiting[waiting_count++] = call;
	else
		say(&call, SETTLE_MS);
}

int main(void)
{
	for (long number = 0; number < NUMBER_END; number++) {
		if (is_left_out(number))
			continue;
		try_call(number, -1);
		try_call(number, 0);
	}
	for (size_t i = 0; i < waiting_count; i++)
		say(&waiting[i], i == 0 ? SETTLE_MS : 0);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
