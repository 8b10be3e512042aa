/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TREE_STORE_H
#define NSXATTR_CLI_TREE_STORE_H

#include "name.h"
#include "yaml/schema.h"

/* Of --store, the words of a policy file. */
static const struct schema_word tree_stores[] = {
	{ "security", STORE_SECURITY },
	{ "user", STORE_USER },
	{ "trusted", STORE_TRUSTED },
};

#endif
