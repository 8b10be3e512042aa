/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_EFFECT_H
#define NSXATTR_EXEC_EFFECT_H

/*
 * A change under way, written down: when this process dies in the middle of it, the next worker finds out what
 * became of it. The record lies in memory that outlives the process (keep/journal.h), and so does the descriptor
 * of the inode (keep/keeper.h).
 *
 *	step		the change
 *	EFFECT_NONE	is not made: nothing was begun, or what was begun has failed
 *	EFFECT_BEGUN	may be made: effect_was_made() looks at the inode
 *	EFFECT_MADE	is made, and must not be made again
 *
 * What effect_was_made() concludes holds if no other change of ours was made meanwhile, which exec/changes.h sees to.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "access.h"

struct attribute_call;
struct performer;

enum effect_step {
	EFFECT_NONE,
	EFFECT_BEGUN,
	EFFECT_MADE,
};

/** struct effect - the change; one process writes it, and after its death another reads it */
struct effect {
	_Atomic uint32_t step;
	_Atomic int fd; /* as in struct pinned; -1: it is closed, or about to be */
	/*
	 * The thread that makes the change, of this process, or of a deputy: until it has ended, the kernel may
	 * still make what was begun.
	 */
	_Atomic pid_t performer;
	bool is_opened; /* as fd */
	bool is_create; /* of a set: with XATTR_CREATE */
	bool has_existed; /* the attribute, before: of a remove, or with is_create */
	bool is_kernels; /* a call as the target made it, which the kernel checks */
	enum operation operation; /* set or remove */
	uint64_t device; /* the inode's */
	uint64_t inode; /* its number */
	uint64_t length; /* of a set: the value's */
	uint64_t digest; /* likewise */
	char name[NAME_SIZE];
	/*
	 * An errno that means that the change was made before, by a process of which neither it nor its inode is left;
	 * 0: none does. It stays until the answer, however many processes die before.
	 */
	int32_t excused;
	/*
	 * The low half of the kernel's id of the call of which the audit log has a record; 0: of none. Left to later calls as it
	 * is, it is that of no other one.
	 */
	uint32_t audited;
};

/**
 * effect_begin() - write down what is about to be done
 * @performer: its effect is written; one without an effect is accepted
 * @call: the set or remove; a deputy that makes it writes itself down, too
 *
 * It waits while changes are barred: another program is told how far the request has come then, and no
 * change may follow of which it is not told (keep/offer.h).
 */
void effect_begin(const struct performer *performer, struct attribute_call *call);

/** effect_clear() - nothing is under way */
void effect_clear(struct effect *effect);

/**
 * effect_end() - what has become of it
 * @effect: NULL is accepted
 * @result: 0, or -errno: then nothing was changed; but with -ETIMEDOUT of a deputy, which was ended then, that
 *          is not known, and it stays EFFECT_BEGUN
 *
 * Return: whether it is known.
 */
bool effect_end(struct effect *effect, int result);

/**
 * effect_was_made() - of EFFECT_BEGUN: was the change made?
 * @performer: who looks at the inode of the effect
 */
bool effect_was_made(const struct effect *effect, const struct performer *performer);

#endif
