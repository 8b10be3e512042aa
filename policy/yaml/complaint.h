/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_YAML_COMPLAINT_H
#define NSXATTR_YAML_COMPLAINT_H

/* Messages about mistakes: what was found, what is allowed, which word may have been meant. */

#include "yaml/spelling.h"
#include "yaml/walk.h"

/** struct allowed_text - room for what is allowed at a place; what is longer is cut */
struct allowed_text {
	char text[200];
};

/** struct meant_text - room for the end of a message about a word that is not known */
struct meant_text {
	char text[64];
};

/** suggest() - Return: " (did you mean 'WORD'?)"; "" if no word is near. */
const char *suggest(const struct spelling *spelling, struct meant_text *suggestion);

/** describe_allowed() - Return: what can stand where this is the schema. */
const char *describe_allowed(const struct schema *schema, struct allowed_text *allowed);

/** describe_words() - Return: the words of a schema. */
const char *describe_words(const struct schema *schema, struct allowed_text *allowed);

/** describe_keys() - Return: the keys of a mapping's schema. */
const char *describe_keys(const struct schema *schema, struct allowed_text *allowed);

/** describe_node() - Return: what stands there. */
const char *describe_node(const struct tree_node *node, struct quoted_text *quoted);

/** schema_refuse() - the value of a place cannot be what it is. @allowed: what it can be instead */
void schema_refuse(struct schema_walk *walk, const struct schema_place *place, const char *allowed);

/** complain_of_value() - the same, by the schema of the place */
void complain_of_value(struct schema_walk *walk, const struct schema_place *place);

/** complain_of_word() - @node, the value of a place or an entry of it, is none of its words */
void complain_of_word(struct schema_walk *walk, const struct schema_place *place,
		      const struct tree_node *node);

/**
 * complain_of_key() - a mapping has no such key
 * @mapping: the mapping's schema
 * @key: the key's node
 *
 * Return: the field that may have been meant; NULL: none is near.
 */
const struct schema *complain_of_key(struct schema_walk *walk, const struct schema *mapping,
				     const struct tree_node *key);

#endif
