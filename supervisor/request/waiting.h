/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_WAITING_H
#define NSXATTR_REQUEST_WAITING_H

/* A request that can wait without a thread: its slot, the answers that it has had, and little else. */

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "access.h"
#include "base/fd.h"
#include "exec/awaited.h"
#include "request/decode.h"

struct reception;

/** struct waiting - one; of the server that walks it, or of none while it waits */
struct waiting {
	struct awaited awaited; /* the first: answers come to its address */
	struct reception *reception; /* its own while it waits */
	bool is_read; /* what follows was read of the target's memory */
	struct call call;
	int late_error; /* as in struct request, and so are these two: */
	bool has_path;
	bool has_value;
	char name[NAME_SIZE];
	char *value; /* of a set; owned; NULL: it is in the workspace of the thread that walks it */
};

/** waiting_done() - let go of what it has; no answer may be outstanding */
static inline void waiting_done(struct waiting *waiting)
{
	awaited_done(&waiting->awaited);
	free(TAKE_PTR(waiting->value));
}

_Static_assert(offsetof(struct waiting, awaited) == 0, "answers come to its address");

#endif
