/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_STAGES_H
#define NSXATTR_REQUEST_STAGES_H

/*
 * The one list of the stages, in their order: request_run() calls them, one after the other, as long as each says
 * that the request goes on. Besides it only two stages call others: object_take_turn() has a change that had to wait looked at
 * and authorized again, and replay_change() may need subject_identify().
 *
 * The outcome is EPERM from the beginning until a stage earns a better one. Up to object_resolve() all that is read
 * is read by the number of a thread; then the notification is checked, which proves that it was the target.
 */

#include <stdbool.h>

struct request;

/**
 * stage - one step of a request. Return: whether to go on; if not, the outcome is final.
 *
 * The functions below the stages return 0, a positive errno for the target, or -errno of our own failure.
 */
typedef bool stage(struct request *request);

/* clang-format off */
#define STAGES(STAGE) \
	STAGE(subject_decode)     /* which of the sixteen calls; its arguments in one shape */ \
	STAGE(replay_change)      /* a dead worker may have made the change already */ \
	STAGE(subject_read_name)  /* out of the target's memory, once; the value and the path with it, if they are short */ \
	STAGE(subject_read_value) \
	STAGE(subject_read_path) \
	STAGE(subject_identify)   /* the target's user namespace and credential */ \
	STAGE(subject_decide)     /* what the policy says of the name */ \
	STAGE(label_identify)     /* the target's label, where the kernel labels processes */ \
	STAGE(object_resolve)     /* the inode, pinned */ \
	STAGE(object_fail_late)   /* where the kernel looks at the arguments only now: their error */ \
	STAGE(object_look)        /* the owner, and the mount */ \
	STAGE(object_locate)      /* the stored name */ \
	STAGE(object_authorize)   /* may the subject do it? */ \
	STAGE(label_authorize)    /* may its label? */ \
	STAGE(object_take_turn)   /* changes to one inode come one after another */ \
	STAGE(execute_call)       /* the operation on stored names, or the call as the target made it */ \
	STAGE(execute_deliver)    /* value or list into the target's memory */
/* clang-format on */

#define STAGE_DECLARATION(name) stage name;
STAGES(STAGE_DECLARATION)
#undef STAGE_DECLARATION

#endif
