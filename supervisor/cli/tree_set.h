/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TREE_SET_H
#define NSXATTR_CLI_TREE_SET_H

/* A value gets a name that it did not have, and no other value is lost by that. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tree_value;

enum tree_set_outcome {
	TREE_IS_SET = 1, /* and was read back; or could be set, as far as is seen */
	TREE_IS_THERE, /* with this value, already */
	TREE_IS_ANOTHER, /* another value is there, and stays */
	TREE_HAS_FAILED, /* errno says how */
};

/**
 * tree_set() - set what is in the room's value under a stored name
 * @value: its performer, its room
 * @length: of what is in the room
 * @is_dry: only look what would become of it
 */
enum tree_set_outcome tree_set(const struct tree_value *value, const char *name, size_t length,
			       bool is_dry);

/**
 * tree_set_capability() - the same of the file capability of a root
 * @root: whose the value in the room becomes, which is of version 2 or 3; not the host's, 0
 */
enum tree_set_outcome tree_set_capability(const struct tree_value *value, size_t length,
					  uint32_t root, bool is_dry);

#endif
