/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_GATE_VERDICTS_H
#define NSXATTR_INTEGRITY_GATE_VERDICTS_H

/*
 * A container's map of verdicts: what was judged, and which uses of it are allowed. The programs look for the same keys
 * (integrity/gate_verdicts.bpf.h).
 */

#include "integrity/gate_ask.h"
#include "integrity/gate_layout.h"

/** struct gate_case - what a verdict is about */
struct gate_case {
	struct gate_version version;
	uint64_t generation; /* of the revoked keys by which it was judged; see gate_revoke() */
	unsigned int bound; /* enum gate_bound; of these those that the container asks for count */
	struct gate_ids ids; /* of GATE_TO_SUBJECT */
};

/** gate_verdicts_new() - an empty map for the verdicts of a container. Return: its descriptor, the caller's; -errno. */
int gate_verdicts_new(void);

/* ---- for gate_container.c ---- */

/**
 * gate_verdicts_allow() - a verdict
 * @verdicts: the map
 * @asked: what the container's rules ask for, enum gate_asked
 * @about: what was judged
 * @kinds: that are allowed; 0 takes them back
 *
 * Return: 0; -errno.
 */
int gate_verdicts_allow(int verdicts, unsigned int asked, const struct gate_case *about,
			unsigned int kinds);

/** gate_verdicts_allowed() - Return: the kinds of an earlier verdict on the same; 0 without one. */
unsigned int gate_verdicts_allowed(int verdicts, unsigned int asked, const struct gate_case *about);

#endif
