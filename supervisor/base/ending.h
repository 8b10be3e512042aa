/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_ENDING_H
#define NSXATTR_BASE_ENDING_H

/*
 * How far the end of a process that was killed has come. A thread that waits for a file system which does not
 * answer (FUSE, NFS) does not even die of SIGKILL before that answers, and its process is not reaped before all
 * of its threads have ended. But it runs no code of its own any more.
 */

#include <stdbool.h>
#include <sys/types.h>

/** enum ending - how far the end of a thread has come */
enum ending {
	ENDING_NONE, /* it was not killed */
	ENDING_IN_CALL, /* it was killed, and is in a system call that has not ended */
	ENDING_OVER, /* no system call of it goes on any more, if it is there at all */
};

/**
 * ending_of_thread() - how far has the end of this thread come?
 * @procfs: of proc_open()
 * @thread: its number; one that has passed on to another thread, which was not killed, is ENDING_NONE
 *
 * Return: an enum ending; -errno when that cannot be told.
 */
int ending_of_thread(int procfs, pid_t thread);

/**
 * ending_is_final() - was the process killed, or has it ended itself, so that no thread of it runs code again?
 * @procfs: of proc_open()
 * @process: a child that was not reaped
 *
 * System calls of it may go on. Where nothing is the matter this reads one file.
 *
 * Return: whether; false when that cannot be told.
 */
bool ending_is_final(int procfs, pid_t process);

#endif
