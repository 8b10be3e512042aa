/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_LAYOUT_H
#define NSXATTR_INTEGRITY_GATE_LAYOUT_H

/*
 * What the gate's programs in the kernel (gate.bpf.c) and gate.c have in common: what lies in the maps.
 *
 * A version is the number of a file as it was at one moment. No number is ever given twice, to whichever inode: not after a
 * change, and not after the inode was freed. A verdict is an entry of a container's map of verdicts: key a version, value
 * the kinds of use (enum gate_kind) that it allows.
 */

#include <stdint.h>

/* How many containers' namespaces there can be at a time. */
#define GATE_NAMESPACES_MAX 1024

/* How many verdicts a container can have. More push out those of its own that were not asked for longest. */
#define GATE_VERDICTS_MAX 8192

/* How many versions of files on overlays are known on a host, and of the files below them. */
#define GATE_LAYERS_MAX 65536

/* How many threads may ask at the same time. */
#define GATE_ASKERS_MAX 1024

/** enum gate_kind - what a file is used for; the gate asks for a verdict for the kinds that a container has checked */
enum gate_kind {
	GATE_EXECUTE = 1, /* func=BPRM_CHECK: program, script, interpreter of a script */
	GATE_MAP = 2, /* func=MMAP_CHECK: mapped to be executed */
};

/** enum gate_state - whether a version can be judged */
enum gate_state {
	GATE_SETTLED, /* yes */
	GATE_LAYERED, /* not by what is known here: the content is another file's that was not found out, or a server's */
	GATE_CHANGING, /* its attributes are being changed at this moment: ask again */
	GATE_OPEN_WRITERS, /* it is open for writing, or mapped so */
	GATE_WAS_MAPPED, /* it has been mapped writable since it is in memory: its pages may still be written to */
	GATE_UNVERIFIABLE, /* no regular file, none with a path, or on an overlay or FUSE that a container has mounted */
};

/** struct gate_answer - what a thread that asks finds: its entry in the map of answers */
struct gate_answer {
	uint64_t version;
	uint32_t state; /* enum gate_state */
	uint32_t is_given;
	/* The kernel's own notes, of what lies below a file of an overlay */
	uint64_t layer; /* its version; 0: there is none */
	uint64_t below,
		attributes; /* the inode that was opened, and the one that has told an attribute */
	uint32_t layer_state; /* enum gate_state */
	uint32_t padding;
};

/** struct gate_namespace - a user namespace whose tasks, and those of the ones below it, need verdicts */
struct gate_namespace {
	uint64_t refusals; /* how often one was refused */
	uint32_t kinds; /* that are checked */
	uint32_t padding;
};

#endif
