/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_FORK_ALONE_H
#define NSXATTR_TESTS_FORK_ALONE_H

#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/**
 * fork_alone() - fork(2), for a child that may unshare(2) its user namespace, or start threads
 *
 * The first takes a process of one thread, and the thread sanitizer gives one of its own to each process
 * that it sees begin. The second takes stacks that no thread of the parent had, for the thread sanitizer
 * takes a thread of the child for the one whose address it has; fork(3) has the child use them again. So
 * neither sees this one.
 */
static inline pid_t fork_alone(void)
{
#ifdef __SANITIZE_THREAD__
	return (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, NULL);
#else
	return fork();
#endif
}

/**
 * set_ids_alone() - have this id as user and as group, in a child of fork_alone()
 *
 * By the system calls: libc's functions would tell all threads, and wait for one that began just then in the parent.
 *
 * Return: 0; -1 with errno.
 */
static inline long set_ids_alone(unsigned int id)
{
	long r = syscall(SYS_setresgid, id, id, id);

	return r == 0 ? syscall(SYS_setresuid, id, id, id) : r;
}

#endif
