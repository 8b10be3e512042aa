/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_JUDGE_H
#define NSXATTR_JUDGE_JUDGE_H

/* What the judgements of a container (judge/judgement.h) share: by what they are made, and what was concluded. */

#include <stdatomic.h>
#include <stdbool.h>

#include "integrity/appraise.h"
#include "judge/turn.h"

struct fence;
struct file_systems;
struct integrity;
struct judge_means;
struct verdicts;

/** struct judge_counters - what judgements came to; zeroes at first */
struct judge_counters {
	atomic_ulong files; /* that came to be executed */
	atomic_ulong known; /* of these: those that were as before */
	atomic_ulong causes[CAUSE_COUNT]; /* of those that were appraised, by enum appraisal_cause */
};

/** struct judge_config - what the judge of a container is told; what is pointed to outlives it */
struct judge_config {
	const struct integrity *integrity; /* of its policy; not off */
	const struct judge_means *means;
	struct fence *fence; /* what makes refusals count; NULL: with mode log nothing is refused */
	struct judge_counters *counters;
	/* What lines of the log about it begin with, such as "container ID: "; NULL: there is only one container */
	const char *label;
};

/** struct judge - of a container; any thread may use it */
struct judge {
	struct judge_config config;
	unsigned int conditions; /* enum integrity_condition, of all rules */
	unsigned int asked; /* enum gate_asked, of rules that decide what passes a gate */
	bool judges_maps; /* a rule is about files that are mapped */
	struct file_systems *file_systems;
	struct verdicts *verdicts;
	struct turn turn; /* to look at the content of a file */
};

/** judge_new() - Return: 0; -ENOMEM. */
int judge_new(const struct judge_config *config, struct judge **ret_judge);

/** judge_free() - no thread judges any more; NULL is accepted. */
void judge_free(struct judge *judge);

#endif
