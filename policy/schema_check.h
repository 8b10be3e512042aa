/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_SCHEMA_CHECK_H
#define NSXATTR_POLICY_SCHEMA_CHECK_H

/* Is a YAML document what a table of libcyaml says it should be? All that is not is found. */

#include <yaml.h>

#include "diagnostic.h"
#include "policy_schema.h"

/** struct schema_walk - a check under way */
struct schema_walk {
	yaml_document_t *document; /* without aliases, and not deep: see screen.h */
	struct diagnostics *diagnostics;
};

/** struct schema_place - where in the document it is */
struct schema_place {
	const char *key; /* how messages call it: the field, or "an entry of" the field */
	const cyaml_schema_value_t *schema;
	const struct schema_note *note;
	const yaml_node_t *node;
	const yaml_node_t *mapping; /* what the field is in; of an entry, what the list is in */
};

/** schema_check() - check a whole document; what is wrong goes to the walk's diagnostics */
void schema_check(struct schema_walk *walk);

/** schema_find() - Return: the value of a key in a mapping; NULL: there is none, or no mapping. */
const yaml_node_t *schema_find(const struct schema_walk *walk, const yaml_node_t *mapping,
			       const char *key);

/** schema_text() - Return: the text of a scalar, with a NUL; NULL if it is another kind of node. */
const char *schema_text(const yaml_node_t *node);

/** schema_is_word() - is the node this very text? NULL is not. */
bool schema_is_word(const yaml_node_t *node, const char *word);

/** schema_complain() - say what is wrong with a node; @format as of diagnostics_add() */
void schema_complain(struct schema_walk *walk, const yaml_node_t *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
