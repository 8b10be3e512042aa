/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_RESOLVER_H
#define NSXATTR_REQUEST_RESOLVER_H

#include <stdbool.h>

struct awaited;
struct id_map;
struct label_view;
struct standin;
struct target;
struct walk_space;

/** struct resolver - whose search it is, and working memory */
struct resolver {
	struct target *target;
	struct standin *standin;
	struct walk_space *space;
	const struct id_map *uids; /* of the target's namespace */
	/* Nothing may be asked of a FUSE server in the container: it may itself wait for us. */
	bool is_shy;
	struct awaited *awaited; /* as of struct request */
	const struct label_view
		*label; /* what a label that is not ours allows counts, too; NULL: none */
};

#endif
