/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_SCHEMA_H
#define NSXATTR_POLICY_SCHEMA_H

/*
 * The format of a policy file, once: libcyaml's tables, and a note on each field that says what
 * those have no place for. Files are checked and loaded by them, and the JSON Schema is made of
 * them.
 */

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stdint.h>

struct schema_place;
struct schema_walk;

/** schema_hook - find mistakes that no table tells, in a value that the tables have let pass */
typedef void schema_hook(struct schema_walk *walk, const struct schema_place *place);

/** struct schema_note - about one field */
struct schema_note {
	const char *help; /* a sentence or two, for editors */
	const char *absent; /* what a file without the field gets, if that is a word of @help */
	uint32_t least; /* a number's least value; how many keys each mapping of a list has */
	uint32_t most; /* a number's greatest value */
	const char *pattern; /* a regular expression, for editors; here @hook does it */
	const char *partner; /* the field goes with this other field, of the same mapping, ... */
	const char *partner_value; /* ... when that has this value */
	bool is_needed; /* with its partner, the field has to be there */
	bool is_unique; /* a list of texts: none is there twice */
	const char *unique_key; /* a list of mappings: no two have the same value of this key */
	schema_hook *hook; /* for the value; of a list, for each entry; NULL: none */
};

/* The whole file. */
extern const cyaml_schema_value_t policy_schema;
extern const struct schema_note policy_schema_note;

/** policy_schema_field_note() - Return: the note on a field of policy_schema, or of what is in it. */
const struct schema_note *policy_schema_field_note(const cyaml_schema_field_t *field);

#endif
