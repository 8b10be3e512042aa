/* SPDX-License-Identifier: Apache-2.0 */
#include "request/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "count_of.h"
#include "request/userns.h"

/* "NR" and eight numbers of 16 hexadecimal digits: the arguments, stack and instruction pointer. */
#define LINE_SIZE 256

static int no_thread(int error)
{
	return error == ENOENT ? -ESRCH : -error;
}

int witness_open(int procfs, pid_t tid, struct witness *ret_witness)
{
	_cleanup_fd_ int thread = -1, call = -1;
	char name[16];

	snprintf(name, sizeof(name), "%d", tid);
	thread = openat(procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (thread < 0)
		return no_thread(errno);
	call = openat(thread, "syscall", O_RDONLY | O_CLOEXEC);
	if (call < 0)
		return no_thread(errno);
	*ret_witness = (struct witness){ .thread = TAKE_FD(thread), .call = TAKE_FD(call) };
	return 0;
}

void witness_done(struct witness *witness)
{
	fd_close(&witness->thread);
	fd_close(&witness->call);
}

/* "running" begins with no number, and so does what is blocked outside of a call: "-1". */
static bool line_tells(const char *line, const struct seccomp_data *call)
{
	char *end;
	long number = strtol(line, &end, 10);

	if (end == line || number != call->nr)
		return false;
	for (size_t i = 0; i < COUNT_OF(call->args); i++) {
		const char *argument = end;

		if (strtoull(argument, &end, 16) != call->args[i] || end == argument)
			return false;
	}
	return *end == ' ';
}

bool witness_waits(const struct witness *witness, const struct seccomp_data *call)
{
	char line[LINE_SIZE];
	ssize_t length = pread(witness->call, line, sizeof(line) - 1, 0);

	if (length < 0)
		return false;
	line[length] = '\0';
	return line_tells(line, call);
}

int witness_master(const struct witness *witness, int procfs, uid_t *ret_owner)
{
	_cleanup_fd_ int ours = openat(procfs, "self/ns/user", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int its = openat(witness->thread, "ns/user", O_RDONLY | O_CLOEXEC);

	if (ours < 0 || its < 0)
		return no_thread(errno);
	return userns_master(its, ours, ret_owner);
}
