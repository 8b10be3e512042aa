/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_LAYOUT_H
#define NSXATTR_INTEGRITY_GATE_LAYOUT_H

/*
 * What the gate's programs in the kernel (gate.bpf.c) and gate.c, with the headers and files of each, have in
 * common: what lies in the maps.
 *
 * A version is the number of a file as it was at one moment. No number is ever given twice, to whichever inode: not after a
 * change, and not after the inode was freed. A verdict is an entry of a container's map of verdicts: key a version and
 * what else the verdict is bound to (struct gate_use), value the kinds of use (enum gate_kind) that it allows.
 */

#include <stdbool.h>
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
	GATE_CHANGING, /* an attribute may be changed at this moment: ask again */
	GATE_OPEN_WRITERS, /* it is open for writing, or mapped so */
	GATE_WAS_MAPPED, /* it has been mapped writable since it is in memory: its pages may still be written to */
	GATE_UNVERIFIABLE, /* no regular file, none with a path, or on an overlay or FUSE that a container has mounted */
};

/** enum gate_asked - what a container's verdicts can come from, besides the file */
enum gate_asked {
	GATE_ASKS_UID = 1,
	GATE_ASKS_EUID = 2,
	GATE_ASKS_GID = 4,
	GATE_ASKS_EGID = 8,
	GATE_ASKS_SUBJECT = 15, /* any of these */
	GATE_ASKS_OWNER = 16, /* of the file, as its mount shows it */
};

/** enum gate_bound - what a verdict is bound to, besides the version */
enum gate_bound {
	GATE_TO_SUBJECT = 1, /* the ids of the task that uses the file */
	GATE_TO_OWNER = 2, /* the ids that the mount makes of the file's owner and group */
};

/** struct gate_ids - of a task: its credential's ids, as the host has them */
struct gate_ids {
	uint32_t uid, euid, suid;
	uint32_t gid, egid, sgid;
	bool has_setuid,
		has_setgid; /* CAP_SETUID, CAP_SETGID in the container's own namespace, effective */
};

/** struct gate_subject - what counts of a task's ids; zeros: nothing does */
struct gate_subject {
	uint32_t uid;
	uint32_t uids[3]; /* each of which can be the effective one */
	uint32_t gid;
	uint32_t gids[3];
};

/*
 * gate_subject_of() - of two tasks with equal subjects the rules say the same
 * @asked: what the container's rules ask for, enum gate_asked
 *
 * As the kernel's IMA has it: to a task with CAP_SETUID a rule about the effective id fits if it fits any of the three.
 */
static inline struct gate_subject gate_subject_of(uint32_t asked, const struct gate_ids *ids)
{
	struct gate_subject subject = { 0 };

	if (asked & GATE_ASKS_UID)
		subject.uid = ids->uid;
	if (asked & GATE_ASKS_EUID) {
		subject.uids[0] = ids->euid;
		subject.uids[1] = ids->has_setuid ? ids->suid : ids->euid;
		subject.uids[2] = ids->has_setuid ? ids->uid : ids->euid;
	}
	if (asked & GATE_ASKS_GID)
		subject.gid = ids->gid;
	if (asked & GATE_ASKS_EGID) {
		subject.gids[0] = ids->egid;
		subject.gids[1] = ids->has_setgid ? ids->sgid : ids->egid;
		subject.gids[2] = ids->has_setgid ? ids->gid : ids->egid;
	}
	return subject;
}

/** struct gate_use - the key of a verdict */
struct gate_use {
	uint64_t version;
	uint64_t generation; /* of the revoked keys (integrity/revocation.h) by which it was judged */
	uint64_t idmap; /* of GATE_TO_OWNER: of the mount; else 0 */
	uint64_t owner; /* likewise: of the inode */
	uint32_t bound; /* enum gate_bound */
	uint32_t padding;
	struct gate_subject subject; /* of GATE_TO_SUBJECT; else zeros */
};

/** struct gate_answer - what a thread that asks finds: its entry in the map of answers */
struct gate_answer {
	uint64_t version;
	uint64_t idmap; /* of the mount by which the file was opened: equal ones map ids alike */
	uint64_t owner; /* of the inode that tells owner and group: both, before they are mapped */
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
	uint32_t asked; /* enum gate_asked */
};

#endif
