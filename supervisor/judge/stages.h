/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_STAGES_H
#define NSXATTR_JUDGE_STAGES_H

/*
 * The two lists of the stages of a judgement, in their order: those of the call, and those of each file that comes to
 * be executed by it. judgement_run() of judge/judgement.c calls them, as long as each says that it goes on.
 *
 * All of them end with the kernel's own answer to the call; with mode enforce also with EACCES, and what the kernel
 * answers then has to pass the gate. Up to exec_pin() all that is read is read by the number of
 * a thread; that the target still waits in the call proves that it was the target.
 */

#include <stdbool.h>

struct judgement;

/** judge_stage - one step. Return: whether to go on with the next stage of the list. */
typedef bool judge_stage(struct judgement *judgement);

/* clang-format off */
#define CALL_STAGES(STAGE) \
	STAGE(exec_decode)     /* which call; its arguments in one shape */ \
	STAGE(exec_read_path)  /* out of the target's memory, once */ \
	STAGE(exec_identify)   /* the target's user namespace and credential */ \
	STAGE(exec_pin)       /* the file, pinned, as the target would find it */

#define FILE_STAGES(STAGE) \
	STAGE(file_look)       /* is it a regular file; whose, and on what file system */ \
	STAGE(file_ask)        /* with a gate: which version of it this is */ \
	STAGE(file_match)      /* what the rules say of it */ \
	STAGE(file_recall)     /* what was concluded of it before, if it is as it was */ \
	STAGE(file_take_turn)  /* one thread of a container at a time goes on */ \
	STAGE(file_open)       /* for reading, by the pinned inode */ \
	STAGE(file_lease)      /* no process writes to it meanwhile */ \
	STAGE(file_read_form)  /* a script, or an ELF program; its interpreter */ \
	STAGE(file_read_value) /* that the view of the target shows */ \
	STAGE(file_appraise)   /* the value, the digest, the key */ \
	STAGE(file_measure)    /* into the list */ \
	STAGE(file_audit)      /* a line of the log, if a rule wants one */ \
	STAGE(file_ask_again)  /* with a gate: is it still that version */
/* clang-format on */

#define JUDGE_STAGE_DECLARATION(name) judge_stage name;
CALL_STAGES(JUDGE_STAGE_DECLARATION)
FILE_STAGES(JUDGE_STAGE_DECLARATION)
#undef JUDGE_STAGE_DECLARATION

#endif
