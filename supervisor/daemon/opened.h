/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_OPENED_H
#define NSXATTR_DAEMON_OPENED_H

/*
 * What the keeper opens and reads before it sheds its privileges, in this order; each worker has a copy.
 *
 *	opened_open()		Should: open all that is found by a path.
 *				Mustn't: follow what a runtime or a target names.
 *	opened_confine()	Should: have a gate, if a policy wants one; then read the policies, with the rights of a
 *				worker; put all that is open into a journal, so that each worker finds it.
 *				Mustn't: open anything by a path of the host's any more.
 */

#include <limits.h>
#include <sys/types.h>
#include <time.h>

#include "base/audit_log.h"
#include "base/labelling.h"
#include "base/probe.h"
#include "base/service.h"
#include "base/unix_socket.h"
#include "daemon/gate_pins.h"
#include "daemon/import.h"
#include "daemon/policies_load.h"
#include "daemon/policy_folders.h"
#include "daemon/revoked.h"
#include "daemon/sockets.h"
#include "exec/kernel_notes.h"

struct config;
struct gate;
struct revocation;
struct journal;

/** struct daemon_options - what the command line adds to the settings */
struct daemon_options {
	const struct config *config; /* outlives the daemon */
	const char *settings; /* the file that they are of; NULL: CONFIG_PATH, if it is there */
	enum probe_use probe;
	char *const *
		arguments; /* of main(): another daemon that takes our place is started with them */
};

/* The most descriptors that are put into the journal. */
#define OPENED_DESCRIPTORS (2 * SOCKET_COUNT + 12 + AUDIT_LOG_FDS + GATE_PINS_MAX)

/** struct opened - what the keeper has opened; begins with opened_open() */
struct opened {
	const struct daemon_options *options;
	struct unix_socket sockets[SOCKET_COUNT]; /* fd -1: there is none */
	struct policy_folders folders;
	struct policies_source source;
	struct policies *policies; /* as they were at the start */
	char settings[PATH_MAX]; /* the file with the settings, absolute */
	struct revoked_source revoked;
	struct revocation *revocation; /* of each process its own */
	struct service service; /* to be told when we are ready */
	struct service store; /* the service manager, if it has a store */
	struct import import;
	char program[PATH_MAX]; /* "": not known */
	int directory; /* in which we were started */
	struct probe *probe;
	struct kernel_facts kernel;
	struct labelling labelling;
	struct audit_log *audit_log;
	struct gate *gate; /* NULL: no policy wanted one at the start, or there can be none */
	struct gate_pins pins;
	struct journal *journal;
	int procfs;
	time_t since;
	pid_t keeper;
};

/** opened_open() - in the keeper, with one thread. Return: 0; -errno: it has been logged. */
int opened_open(const struct daemon_options *options, struct opened *ret_opened);

/** opened_confine() - shed privileges. Return: 0; -errno: it has been logged. */
int opened_confine(struct opened *opened);

/**
 * opened_keep_gate() - after import_take(), in the keeper: the gate's descriptors outlive workers, and are stored
 *
 * Return: 0; -errno: it has been logged.
 */
int opened_keep_gate(const struct opened *opened);

/** opened_done() - in the keeper, at its end: release all of it, at whatever stage. The process closes what is open. */
void opened_done(struct opened *opened);

/**
 * opened_read_policies() - read the policies anew
 * @policies: the set that is replaced, if all goes well
 * @report: zeroed
 *
 * Return: as policies_load(); all mistakes have been logged.
 */
int opened_read_policies(const struct opened *opened, struct policies **policies,
			 struct policies_report *report);

#endif
