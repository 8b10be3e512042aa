/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_FORMAT_H
#define NSXATTR_FORMAT_H

/*
 * A format of YAML files, once: libcyaml's tables, and a note on each field that says what those have
 * no place for. Files are checked and loaded by them, and the JSON Schema is made of them.
 */

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

#include "diagnostic.h"

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

/* ---- tables, besides libcyaml's own macros ---- */

#define FIELD_OPTIONAL CYAML_FLAG_OPTIONAL
#define FIELD_REQUIRED CYAML_FLAG_DEFAULT

/* A word of those in @strings; the same for a pointer, NULL without the field; a list of them. */
#define FIELD_WORD(key, flags, structure, member, strings)                             \
	CYAML_FIELD_ENUM(key, (flags) | CYAML_FLAG_STRICT, structure, member, strings, \
			 CYAML_ARRAY_LEN(strings))
#define FIELD_WORD_PTR(key, flags, structure, member, strings)                             \
	CYAML_FIELD_ENUM_PTR(key, (flags) | CYAML_FLAG_STRICT, structure, member, strings, \
			     CYAML_ARRAY_LEN(strings))
#define FIELD_WORDS(key, flags, structure, member, strings)                             \
	CYAML_FIELD_FLAGS(key, (flags) | CYAML_FLAG_STRICT, structure, member, strings, \
			  CYAML_ARRAY_LEN(strings))

/** struct format_mapping - the notes on the fields of one mapping, in the order of the fields */
struct format_mapping {
	const cyaml_schema_field_t *fields;
	const struct schema_note *notes;
	size_t count;
};

/** struct format - a kind of file */
struct format {
	const char *name; /* how messages call a whole file: "a policy" */
	const char *title; /* how its JSON Schema is called */
	const cyaml_schema_value_t *schema; /* of the whole file: a mapping, by pointer */
	struct schema_note note; /* on the whole file */
	const struct format_mapping *mappings; /* all that are in it */
	size_t mapping_count;
};

/** format_note() - Return: the note on a field of the format; if it is none, that on the whole file. */
const struct schema_note *format_note(const struct format *format,
				      const cyaml_schema_field_t *field);

/* ---- reading ---- */

/** struct format_reading - a file that has been read */
struct format_reading {
	const struct format *format;
	void *text; /* the structure of the format's schema */
	yaml_document_t document; /* the tree that it was made of, for the lines of things */
};

enum format_result {
	FORMAT_READ = 1,
	FORMAT_MISTAKEN, /* the diagnostics say where */
};

/**
 * format_read() - check a text, and take it apart
 * @format: the kind of file
 * @text: the file, @length bytes, without need of a NUL; not used after the return
 * @ret_reading: FORMAT_READ: what it says; format_reading_done() it
 * @diagnostics: empty; FORMAT_MISTAKEN: at least one mistake
 *
 * All mistakes are found at once, but for those of YAML itself: where that cannot be read, nobody
 * knows what the rest would mean.
 *
 * Return: an enum format_result; -ENOMEM; -EBADMSG when libcyaml refuses what the check has let pass,
 * which is a bug of ours.
 */
int format_read(const struct format *format, const char *text, size_t length,
		struct format_reading *ret_reading, struct diagnostics *diagnostics);

/** format_reading_done() - release it */
void format_reading_done(struct format_reading *reading);

/** format_line() - Return: the line of a node, from 1; 0 for NULL. */
unsigned int format_line(const yaml_node_t *node);

/* ---- for hooks ---- */

/** struct schema_walk - a check under way */
struct schema_walk {
	const struct format *format;
	yaml_document_t *document; /* without aliases, and not deep: see policy/screen.h */
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
