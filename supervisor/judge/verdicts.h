/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_VERDICTS_H
#define NSXATTR_JUDGE_VERDICTS_H

/*
 * What was concluded of the files of one container, so that a file that is executed again costs little. A file that
 * has changed has another time of its last change (statx(2)), and so another key. Times are not finer than the
 * kernel's tick before Linux 6.13: of a file that has just changed nothing is remembered. Where there is a gate
 * (integrity/gate_ask.h), the key has the number of the file's version, which is another after each change.
 *
 * The memory is bounded, and one container's own.
 */

#include <stdbool.h>
#include <stdint.h>

#include "judge/form.h"
#include "judge/verdict.h"

struct integrity_actions;
struct statx;

#define VERDICTS_MAX 4096
/* Of a longer path of an interpreter nothing is remembered. */
#define VERDICT_PATH_MAX 256

/** struct verdict_key - a file as it was, who sees it, and what the rules say of it; made by verdict_key_make() */
struct verdict_key {
	uint64_t version; /* that the gate knows; 0: what follows tells */
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	int64_t changed; /* as what follows, in nanoseconds */
	int64_t modified;
	uint64_t generation; /* of the revoked keys (integrity/revocation.h), for the caller to set; 0 */
	const void *rules[3]; /* which have decided */
	uint64_t func;
};

/**
 * verdict_key_make()
 * @stat: of the file, with STATX_BASIC_STATS
 * @func: enum integrity_func
 * @ret_key: the key
 *
 * Return: whether what is concluded may be remembered; if not, the file has just changed.
 */
bool verdict_key_make(const struct statx *stat, unsigned int func,
		      const struct integrity_actions *actions, struct verdict_key *ret_key);

/** verdict_key_of_version() - the same of a version that the gate knows, for all who see it */
void verdict_key_of_version(uint64_t version, unsigned int func,
			    const struct integrity_actions *actions, struct verdict_key *ret_key);

struct verdicts;

/** verdicts_new() - none yet. Return: NULL when there is no memory. */
struct verdicts *verdicts_new(void);

/** verdicts_free() - NULL is accepted. */
void verdicts_free(struct verdicts *verdicts);

/** verdicts_find() - any thread may. Return: whether there is one; if so, @ret_verdict and @ret_form are set. */
bool verdicts_find(struct verdicts *verdicts, const struct verdict_key *key,
		   struct verdict *ret_verdict, struct form *ret_form);

/** verdicts_keep() - remember one, if it is so for as long as the file is as it was; any thread may */
void verdicts_keep(struct verdicts *verdicts, const struct verdict_key *key,
		   const struct verdict *verdict, const struct form *form);

#endif
