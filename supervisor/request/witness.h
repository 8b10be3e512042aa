/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_WITNESS_H
#define NSXATTR_REQUEST_WITNESS_H

/*
 * What a thread is doing, by the kernel's word (proc_pid_syscall(5)).
 *
 * A notification that we have received from a listener ourselves needs no witness: the kernel tells which thread
 * waits in which call, and by the id whether it still does. Where a peer has received it and passes it on, the id
 * tells that some thread waits; which thread it is, and in which call, the peer may lie about.
 */

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

/** struct witness - one thread; bound to it, whichever thread has its number later */
struct witness {
	int thread; /* /proc/TID of our procfs */
	int call; /* /proc/TID/syscall */
};

/**
 * witness_open() - look at a thread
 * @procfs: of proc_open()
 * @tid: its number there
 * @ret_witness: witness_done() it
 *
 * Return: 0; -ESRCH when there is no such thread; -errno.
 */
int witness_open(int procfs, pid_t tid, struct witness *ret_witness);

/** witness_done() - look no more; -1 in its descriptors is accepted. */
void witness_done(struct witness *witness);

/**
 * witness_waits() - is the thread blocked in this call, with these arguments?
 *
 * The number of the call and the arguments are compared; what they mean, @call->arch, is not shown.
 */
bool witness_waits(const struct witness *witness, const struct seccomp_data *call);

/**
 * witness_master() - who may do everything with the thread, by owning its user namespace
 * @witness: the thread
 * @procfs: of proc_open()
 * @ret_owner: the owner of the outermost namespace that the thread is in, of those below ours
 *
 * A thread cannot leave that namespace: setns(2) into one takes CAP_SYS_ADMIN there.
 *
 * Return: 0; -EPERM when it is in ours, or in none below it; -ESRCH when it has ended; -errno.
 */
int witness_master(const struct witness *witness, int procfs, uid_t *ret_owner);

#endif
