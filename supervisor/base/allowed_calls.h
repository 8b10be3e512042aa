/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_ALLOWED_CALLS_H
#define NSXATTR_BASE_ALLOWED_CALLS_H

/*
 * The system calls that our own processes may make, by seccomp: one list for a worker, which the starter of
 * workers inherits, and short ones for a keeper, and for a forker with its children. Nothing on them executes a
 * program, traces a process, mounts, loads anything into the kernel, makes a socket or a namespace, or makes memory
 * executable.
 *
 * What a worker does through a ring is not a system call, and no filter sees it (SECURITY.md).
 */

/** enum allowed_calls_mode - what becomes of a call that is not on the list */
enum allowed_calls_mode {
	ALLOWED_CALLS_ENFORCE, /* it is not made; the process says which it was, and ends by SIGSYS */
	ALLOWED_CALLS_LOG, /* it is made, and the kernel's log has it, where the kernel audits */
	ALLOWED_CALLS_NONE, /* there is no filter */
};

enum allowed_calls_role {
	ALLOWED_CALLS_WORKER,
	ALLOWED_CALLS_GATED_WORKER, /* one that gives verdicts to a gate, too (integrity/gate.h) */
	ALLOWED_CALLS_GATED_DAEMON, /* and that has containers pass it which come later */
	ALLOWED_CALLS_KEEPER, /* on top of the worker's, from which it takes most */
	ALLOWED_CALLS_FORKER, /* as that one */
};

/**
 * allowed_calls_limit() - limit this process, and all that descends from it, to what a role needs
 * @mode: how
 *
 * For good: a second list can only take away from the first. Needs no_new_privs, and one thread. A build with
 * sanitizers, or that counts what is executed, has no filter: it makes calls of its own.
 *
 * Return: 0; -errno.
 */
int allowed_calls_limit(enum allowed_calls_role role, enum allowed_calls_mode mode);

#endif
