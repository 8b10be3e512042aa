/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_YAML_WALK_H
#define NSXATTR_YAML_WALK_H

/* For hooks: where in a document they are called, and what they can do there. */

#include <stdbool.h>

#include "yaml/diagnostic.h"
#include "yaml/schema.h"
#include "yaml/tree.h"

/** struct schema_walk - a document that is being checked and stored */
struct schema_walk {
	struct arena *arena; /* of what is stored */
	struct diagnostics *diagnostics;
	int error; /* -ENOMEM ends the walk */
};

/** struct schema_place - a value of the document */
struct schema_place {
	const char *key; /* how messages call it: the field, or "an entry of" the field */
	const struct schema *schema;
	const struct tree_node *node;
	const struct tree_node *mapping; /* what the field is in; NULL: it is an entry, or the file */
	void *structure; /* what the mapping, or the entry, is stored in */
};

/** schema_target() - Return: where the value is stored. */
static inline void *schema_target(const struct schema_place *place)
{
	return (char *)place->structure + place->schema->into.offset;
}

/**
 * schema_keep() - copy @length bytes, and a NUL behind them, to where what is stored lies
 *
 * Return: the copy; NULL without memory, which ends the walk.
 */
char *schema_keep(struct schema_walk *walk, const char *bytes, size_t length);

/** schema_complain() - say what is wrong with a node; a format and its arguments, as of diagnostics_add(), follow */
#define schema_complain(walk, node, ...) \
	diagnostics_add((walk)->diagnostics, (node)->line, (node)->column, __VA_ARGS__)

#endif
