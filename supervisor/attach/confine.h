/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_CONFINE_H
#define NSXATTR_ATTACH_CONFINE_H

/*
 * The stages of base/sandbox.h in their order, for a supervisor and a daemon: with messages about what
 * fails, and with what has to be opened between them.
 *
 *	confine_surroundings()
 *	confine_probe()		while paths lead to /proc and /sys
 *	confine_privileges()	after it nothing is opened by a path any more
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/allowed_calls.h"
#include "base/probe.h"

/**
 * confine_surroundings() - leave the caller's surroundings
 * @keep: descriptors above 2 that stay open, in any order, which is changed; below 0: none
 *
 * Return: 0; -errno: it has been logged.
 */
int confine_surroundings(int *keep, size_t count);

/**
 * confine_probe() - have a probe, where the kernel allows it
 * @ret_probe: NULL if there is none
 * @ret_error: why there is none, -errno: exec/kernel_notes.h has words for it; 0: there is, or shall be none
 *
 * Return: 0; -errno when there has to be one: it has been logged.
 */
int confine_probe(enum probe_use use, struct probe **ret_probe, int *ret_error);

/** struct confinement - how far the process is confined */
struct confinement {
	/* A plain user has no root directory to give: what a path could lead to there the targets' ids decide. */
	bool is_plain;
	bool leaves_network; /* see sandbox_leave_namespaces() */
	bool judges; /* what is executed is judged (judge/judgement.h) */
	bool has_gate; /* and what is refused, a gate refuses (integrity/gate.h) */
	bool has_containers; /* of others, which come later: it is a daemon */
	enum allowed_calls_mode calls; /* what becomes of system calls that serving does not need */
};

/**
 * confine_privileges() - have an empty root directory, and the privileges and system calls that serving needs
 * @confinement: how far
 * @ret_procfs: our procfs, the caller's
 *
 * Return: 0; -errno: it has been logged.
 */
int confine_privileges(const struct confinement *confinement, int *ret_procfs);

#endif
