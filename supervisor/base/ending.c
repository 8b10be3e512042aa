/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The end of a process begins when the kernel adds SIGKILL to the signals that are pending for each of its
 * threads, all at once. A thread takes it when it is about to leave the kernel, and never leaves it then. So
 * once SIGKILL is pending for one thread, or the first thread exits, those for which it is not pending have
 * taken it; those for which it is pending and that sleep are in a system call, and take it after that. One that
 * is running may be outside of the kernel still, for the moment until its CPU notices.
 *
 * /proc/TID/stat (proc_pid_stat(5)) tells of a thread, not of its process: the state, the flags and the pending
 * signals.
 */
#include "base/ending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/proc.h"

#define STAT_SIZE 1024
#define FIELD_FLAGS 9
#define FIELD_SIGNAL 31
#define PF_EXITING 0x4 /* of the kernel's include/linux/sched.h */

struct thread_state {
	char state; /* 'R', 'S', 'D', ... */
	bool is_exiting;
	bool is_killed; /* SIGKILL is pending */
};

/* @text: the third field and those that follow. Return: the number in a field. */
static unsigned long field_number(const char *text, int field)
{
	for (int i = 3; i < field && text; i++) {
		text = strchr(text, ' ');
		text += text != NULL;
	}
	return text ? strtoul(text, NULL, 10) : 0;
}

/* Return: 0; -ENOENT or -ESRCH when it is not there; -errno. */
static int read_thread(int procfs, pid_t thread, struct thread_state *ret_state)
{
	char path[32], text[STAT_SIZE];

	snprintf(path, sizeof(path), "%d/stat", thread);
	ssize_t length = proc_read(procfs, path, text, sizeof(text));

	if (length < 0)
		return (int)length;
	/* The name, in parentheses, may have any in it. */
	const char *fields = strrchr(text, ')');

	if (!fields || strlen(fields) < 3)
		return -EPROTO;
	fields += 2;
	*ret_state = (struct thread_state){
		.state = fields[0],
		.is_exiting = field_number(fields, FIELD_FLAGS) & PF_EXITING,
		.is_killed = field_number(fields, FIELD_SIGNAL) & (1UL << (SIGKILL - 1)),
	};
	return 0;
}

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ESRCH;
}

static bool is_over(const struct thread_state *state)
{
	return state->is_exiting || strchr("ZXx", state->state);
}

int ending_of_thread(int procfs, pid_t thread)
{
	struct thread_state state;
	int r = read_thread(procfs, thread, &state);

	if (r < 0)
		return is_gone(r) ? ENDING_OVER : r;
	if (is_over(&state))
		return ENDING_OVER;
	return state.is_killed ? ENDING_IN_CALL : ENDING_NONE;
}

/* Of a process whose end has begun. */
static bool runs_no_more(int procfs, pid_t thread)
{
	struct thread_state state;
	int r = read_thread(procfs, thread, &state);

	if (r < 0)
		return is_gone(r);
	return is_over(&state) || strchr("SDI", state.state);
}

/* What getdents64(2) has read: Return: whether none of these threads runs any more. */
static bool none_runs(int procfs, const char *entries, ssize_t length)
{
	for (ssize_t i = 0; i < length;) {
		const struct dirent64 *entry = (const struct dirent64 *)(entries + i);

		if (entry->d_name[0] != '.' &&
		    !runs_no_more(procfs, (pid_t)strtol(entry->d_name, NULL, 10)))
			return false;
		i += entry->d_reclen;
	}
	return true;
}

bool ending_is_final(int procfs, pid_t process)
{
	_Alignas(struct dirent64) char entries[4096];
	struct thread_state first;
	char path[32];
	ssize_t length;

	if (read_thread(procfs, process, &first) < 0 || (!first.is_killed && !is_over(&first)))
		return false;
	snprintf(path, sizeof(path), "%d/task", process);
	_cleanup_fd_ int directory = proc_open_within(procfs, path, O_RDONLY | O_DIRECTORY);

	if (directory < 0)
		return false;
	while ((length = getdents64(directory, entries, sizeof(entries))) > 0)
		if (!none_runs(procfs, entries, length))
			return false;
	return length == 0;
}
