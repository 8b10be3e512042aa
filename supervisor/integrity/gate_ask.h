/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_GATE_ASK_H
#define NSXATTR_INTEGRITY_GATE_ASK_H

/*
 * Which version of a file is this? The kernel tells only the thread that asks (integrity/gate_answers.bpf.h).
 * Several threads may ask at a time, up to GATE_ASKERS_MAX.
 */

#include <stdint.h>

#include "integrity/gate_layout.h"

struct gate;

/** struct gate_version - a file as it was at one moment, opened by one of its mounts; made by gate_ask() */
struct gate_version {
	uint64_t number; /* of the file; a change gives it another */
	uint64_t idmap; /* of the mount */
	uint64_t owner; /* and group: of the inode */
};

/**
 * gate_ask() - which version of a file is this?
 * @procfs: ours, to open a file of an overlay anew; -1: such a file is GATE_LAYERED
 * @fd: open for reading, not for writing; no O_PATH descriptor
 * @ret_version: also if it cannot be judged
 *
 * Return: an enum gate_state: GATE_SETTLED (0) if it can be judged; -errno.
 */
int gate_ask(const struct gate *gate, int procfs, int fd, struct gate_version *ret_version);

/** gate_state_text() - why a file in this state cannot be judged; "" if it can */
const char *gate_state_text(enum gate_state state);

/** gate_forget_askers() - no thread asks: one that has died may have left an entry for its answer */
void gate_forget_askers(const struct gate *gate);

#endif
