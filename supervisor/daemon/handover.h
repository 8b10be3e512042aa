/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_HANDOVER_H
#define NSXATTR_DAEMON_HANDOVER_H

/*
 * From one nsxattrd to another that takes its place, while containers run ("nsxattr reload --binary").
 * A program cannot be executed in the old one's place: it has an empty root directory and few privileges, for good. So
 * the program that asks for it (cli/upgrade.c) starts the new one. For the rest the new one is the service manager of
 * the old one: it takes what the old one stores, in the same messages and under the same names as a service manager
 * with a store does. All on one connection of the control socket:
 *
 *	who	sends			what then
 *	asker	"upgrade\n"		the old one goes on serving
 *	old	a line of JSON, with	{"program": PATH, "arguments": [TEXT...], "descriptors": [NAME...]}:
 *		descriptors		how to start the new one, and what to hand over to it at its start
 *					as sd_listen_fds(3) has it: the sockets; "directory" and "errors"
 *					are its working directory and standard error. The connection is
 *					handed over too, as "predecessor"
 *	new	"take\n"		it has done all that can be done before. The old one receives
 *					nothing any more, finishes the requests in hand within
 *					HANDOVER_PATIENCE, but for those that hang, and waits
 *	old	FDSTORE=1, as often as	the new one has the copy of the journal, and all descriptors of
 *		it takes; STOPPING=1	keep/succession.h
 *	new	"taken\n"		after offer_claim(); the old one ends at once
 *
 * If the connection ends, or a deadline is over, before the claim, the old one serves on as if nothing had been. The
 * process that has sent "take" is killed then, for it has the listeners of all containers; of the journal it has a copy
 * only (keep/offer.h). The new one serves when the old one has ended.
 *
 * The new one takes the descriptors itself, and not the program that asks, which would start it with all of them: then
 * calls would wait while the new one starts, and for a deadline when it cannot. A descriptor of a request that hangs may
 * be a file of FUSE, which is not to have one of the first numbers (base/forker.h), nor to be closed; and so many names
 * have no place in one variable of the environment.
 */

#include <stddef.h>

struct journal;
struct service_fds;

/* The first line, with its newline. */
#define HANDOVER_TEXT_MAX 16384
/* Descriptors of the first line. */
#define HANDOVER_START_MAX 16
/* Milliseconds: for requests in hand; for the other side to do what it has to. */
#define HANDOVER_PATIENCE 1000
#define HANDOVER_DEADLINE 10000

/** struct handover_start - how the old one was started */
struct handover_start {
	const char *program; /* its path */
	char *const *arguments;
	const char *names[HANDOVER_START_MAX]; /* of the descriptors */
	int fds[HANDOVER_START_MAX];
	size_t count;
};

/** handover_start_add() - one more descriptor. @fd: below 0: none */
void handover_start_add(struct handover_start *start, const char *name, int fd);

/** handover_tell_start() - the old one's first line. Return: 0; -errno. */
int handover_tell_start(int connection, const struct handover_start *start);

/**
 * handover_is_asked() - has the new one sent "take"?
 * @ret_successor: a pidfd of it, the caller's
 *
 * Return: 1; 0: not yet; -EPIPE: it will not, or cannot be told from others.
 */
int handover_is_asked(int connection, int *ret_successor);

/**
 * handover_give() - what the old one does when it is asked, and receives nothing any more
 * @connection: not blocking, as for all that follow
 * @successor: of handover_is_asked(); killed if it does not serve
 *
 * Return: 0: the successor serves; -ECANCELED: it does not; -errno: likewise.
 */
int handover_give(int connection, int successor, struct journal *journal);

/**
 * handover_take() - what the new one asks for
 * @ret_handed: service_fds_done() them
 *
 * The program that asked starts us with SCHED_RR, for as long as the old one serves; from here on it is SCHED_OTHER. And
 * we end when that program ends, by PR_SET_PDEATHSIG, up to here.
 *
 * Return: 0; -errno.
 */
int handover_take(int connection, struct service_fds *ret_handed);

/** handover_finish() - tell the old one that we have claimed it, and wait until it has ended. */
void handover_finish(int connection);

#endif
