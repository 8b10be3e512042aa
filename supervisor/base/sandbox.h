/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_SANDBOX_H
#define NSXATTR_BASE_SANDBOX_H

/*
 * What the supervisor gives up before it serves a target. The stages are irreversible and come in
 * this order, all of them while the process has one thread: capabilities belong to a thread.
 *
 *	stage				after it
 *	sandbox_leave_session()		Should: be outside of the caller's session and process group.
 *					Mustn't: get the terminal's signals, or a terminal again
 *					(the caller forks once more for that).
 *	sandbox_leave_surroundings()	Should: have / as working directory, /dev/null as standard
 *					input and output, every signal blocked.
 *					Mustn't: hold a descriptor of the caller's but standard error
 *					and those it was told to keep; end by any signal but SIGKILL;
 *					dump core.
 *	sandbox_confine_root()		Should: have an empty, read-only root directory that no other process
 *					can reach, so that no path of a target's making leads anywhere.
 *					Mustn't: open anything by a path that is not relative to a
 *					descriptor.
 *	sandbox_leave_namespaces()	Should: have IPC and UTS namespaces of its own, and a network
 *					without a way out if it was told so; where it may.
 *					Mustn't: reach what others have in these.
 *	sandbox_drop_privileges()	Should: hold the few capabilities that serving needs.
 *					Mustn't: gain any other, by execve(2) or otherwise; be read
 *					or traced by an unprivileged process; have memory that is
 *					written first and executed then (Linux 6.3).
 *	allowed_calls_limit()		Mustn't: make a system call that serving does not need; see
 *					base/allowed_calls.h.
 *	sandbox_give_up_privileges()	The keeper's alone. Mustn't: hold any capability.
 *	sandbox_silence()		Mustn't: hold the caller's standard error.
 *
 * Every function returns 0, or -errno of the call that failed.
 */

#include <stdbool.h>
#include <stddef.h>

/** sandbox_missing_capability() - Return: the name of one that we need and lack; NULL if none. */
const char *sandbox_missing_capability(void);

/** sandbox_may_map_ids() - may we write the map of a new user namespace as we like? */
bool sandbox_may_map_ids(void);

/** sandbox_may_map_root() - may our uid 0 be one of its ids? */
bool sandbox_may_map_root(void);

/** sandbox_leave_session() - begin a session of our own */
int sandbox_leave_session(void);

/**
 * sandbox_leave_surroundings() - let go of what the caller lent us
 * @keep: descriptors above 2 that stay open, in ascending order
 * @count: how many
 */
int sandbox_leave_surroundings(const int *keep, size_t count);

/** sandbox_confine_root() - have an empty root and working directory */
int sandbox_confine_root(void);

/**
 * sandbox_leave_namespaces() - leave the caller's IPC and UTS namespaces
 * @leaves_network: that of the network, too: then /proc/sys/net is not what the caller sees there
 *
 * Without privilege, or under a filter that forbids it, there is no leaving, and nothing is changed.
 */
int sandbox_leave_namespaces(bool leaves_network);

/**
 * sandbox_drop_privileges() - keep nothing but the capabilities that serving needs
 * @judges: and those that a judge (judge/judgement.h) needs, if we have them
 */
int sandbox_drop_privileges(bool judges);

/** sandbox_give_up_privileges() - keep no capability at all */
int sandbox_give_up_privileges(void);

/** sandbox_silence() - give up standard error, once no process is left to read our messages */
int sandbox_silence(void);

#endif
