/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_GATE_PARTS_H
#define NSXATTR_INTEGRITY_GATE_PARTS_H

/*
 * What a gate consists of: descriptors of four maps, and of the links by which the kernel runs the programs. The
 * maps that have no descriptor here are held by the programs. Only gate.c and gate_*.c look into it.
 */

#include <stddef.h>
#include <stdint.h>

#define GATE_PARTS_MAX 20

enum gate_part {
	PART_NAMESPACES, /* by the number of a user namespace: struct gate_namespace */
	PART_VERDICTS, /* by the same: a container's map of verdicts */
	PART_ANSWERS, /* by process and thread: struct gate_answer */
	PART_REVOKED, /* one entry: the generation of revoked keys that counts */
	PART_FIRST_LINK,
};

struct gate {
	int fds[GATE_PARTS_MAX]; /* by enum gate_part, and more links */
	size_t count;
	uint32_t numbering; /* the kernel's number of the map with the last version; 0: not known */
};

#endif
