/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_STAGE_H
#define NSXATTR_JUDGE_STAGE_H

/* What the stages of a judgement (judge/stages.h) share. No other file includes it, but judge/judgement.c. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "integrity/appraise.h"
#include "integrity/content.h"
#include "integrity/gate_ask.h"
#include "judge/exec_call.h"
#include "judge/file_system.h"
#include "judge/form.h"
#include "judge/judge.h"
#include "judge/means.h"
#include "judge/stages.h"
#include "judge/verdicts.h"
#include "request/announce.h"
#include "request/stage.h"

/** struct exec_file - a file that comes to be executed; request.inode is it */
struct exec_file {
	enum integrity_func func;
	struct statx stat;
	struct file_system system;
	struct integrity_actions actions;
	struct verdict_key key;
	bool may_be_kept; /* what is concluded */
	bool is_abandoned; /* the target has gone */
	bool is_known; /* what follows was concluded before */
	struct verdict verdict;
	struct form form;
	int fd; /* open for reading; -1 */
	bool is_leased;
	bool has_version; /* the gate's; what follows is from it */
	struct gate_version version;
	enum gate_state state;
	bool has_changed; /* into another version; what was found is about the one before */
	unsigned int round; /* how often it did */
	bool has_turn;
	struct content content;
	ssize_t value_size; /* of the value, in workspace->value; below 0: there is none */
};

/** struct judgement - one call in hand */
struct judgement {
	struct request request; /* who calls, and the file as an inode; it has no call of its own */
	struct judge *judge;
	struct exec_call call;
	struct announced_file announced; /* while it is watched */
	uint64_t deadline; /* of clock_milliseconds() */
	bool has_ids; /* what follows was read, if a rule asks for it */
	struct gate_ids ids; /* of the task that is to use the file, when the kernel asks for it */
	struct exec_file file;
	bool is_refused; /* the call */
};

/** judgement_is_as_it_was() - has no process written to the file since the lease was had, or its version told? */
bool judgement_is_as_it_was(const struct judgement *judgement);

/** judgement_note_change() - one has: what was found is about a file that is no more */
void judgement_note_change(struct exec_file *file);

/** judgement_wants() - do the rules want this of the file? */
static inline bool judgement_wants(const struct judgement *judgement, enum integrity_kind kind)
{
	return judgement->file.actions.decisions[kind].is_wanted;
}

/** judgement_has_gate() - does a refusal count? */
static inline bool judgement_has_gate(const struct judgement *judgement)
{
	return judgement->judge->config.fence;
}

/** judgement_looks_again() - where a refusal counts, at a file that has changed meanwhile, but not for ever */
static inline bool judgement_looks_again(const struct judgement *judgement)
{
	return judgement_has_gate(judgement) && judgement->file.has_changed &&
	       judgement->file.round < 3;
}

/** judgement_wants_content() - has the content of the file to be looked at, as a whole? */
static inline bool judgement_wants_content(const struct judgement *judgement)
{
	return judgement_wants(judgement, KIND_MEASURE) ||
	       judgement_wants(judgement, KIND_APPRAISE) || judgement_wants(judgement, KIND_AUDIT);
}

#endif
