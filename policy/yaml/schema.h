/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_YAML_SCHEMA_H
#define NSXATTR_YAML_SCHEMA_H

/*
 * A schema is the one definition of a kind of YAML file: tables that say what can stand where, and in
 * which member of a structure it is stored. schema_read() checks and stores by them, and the JSON
 * Schema is made of them.
 *
 * A member that a file does not name keeps the value that it had, which is how defaults are given.
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count_of.h"

struct arena;
struct diagnostics;
struct schema_place;
struct schema_walk;

enum schema_type {
	SCHEMA_NUMBER, /* decimal digits */
	SCHEMA_WORD, /* one of the words; its number is stored */
	SCHEMA_WORDS, /* a list of the words, none twice; the bits of their numbers are stored */
	SCHEMA_TEXT, /* any other scalar */
	SCHEMA_LIST, /* entries of one kind */
	SCHEMA_MAPPING, /* fields */
};

/** struct schema_word - a word that a file can have, and what is stored for it */
struct schema_word {
	const char *text;
	uint32_t number;
};

/** schema_word_text() - the word for a number. Return: static; NULL if it has none. */
static inline const char *schema_word_text(const struct schema_word *words, size_t count,
					   uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (words[i].number == number)
			return words[i].text;
	return NULL;
}

/** struct schema_member - a member of a structure; zeroed: none, nothing is stored */
struct schema_member {
	size_t offset;
	size_t size;
};

/** schema_hook - do what no table says with a value that the tables have let pass (yaml/walk.h) */
typedef void schema_hook(struct schema_walk *walk, const struct schema_place *place);

/** struct schema - a field of a mapping, an entry of a list, or a whole file */
struct schema {
	const char *key; /* a field's key; how messages call a whole file: "a policy" */
	const char *title; /* of a whole file: how its JSON Schema is called */
	enum schema_type type;

	/* A number: its range. A text: bytes. A list: entries. A mapping: the fewest of its keys. */
	uint32_t least;
	uint32_t most;
	const struct schema_word *words;
	size_t word_count;
	const struct schema *entry; /* of a list */
	size_t entry_size; /* bytes of an entry in the array that is stored */
	const struct schema *fields; /* of a mapping */
	size_t field_count;

	/* Members of the structure that the mapping around is stored in. */
	struct schema_member into; /* a mapping: where its own structure begins */
	struct schema_member count; /* of a list's entries */
	struct schema_member line; /* of the value */

	bool is_required;
	bool is_unique; /* a list of texts: none is there twice */
	const char *unique_key; /* a list of mappings: no two have the same value of this key */
	const char *partner; /* the field goes with this other field, of the same mapping, ... */
	const char *partner_value; /* ... when that has this value */
	bool is_needed; /* with its partner, the field has to be there */
	schema_hook *parse; /* a text: store it, in whatever form, or say why it cannot be */
	schema_hook *check; /* find mistakes; a mapping: when its fields are stored */

	/* For people and their editors. */
	const char *help; /* a sentence or two */
	const char *absent; /* the word that a file without the field gets, if @help does not say */
	const char *pattern; /* a text: a regular expression for what @parse and @check let pass */
};

/* ---- rows of tables ---- */

#define SCHEMA_TYPE_OF(structure, member) typeof(((structure *)NULL)->member)
#define SCHEMA_SIZE_OF(structure, member) sizeof(SCHEMA_TYPE_OF(structure, member))

/* 0; does not compile if the condition is false. */
#define SCHEMA_REQUIRE(condition)                      \
	(0 * sizeof(struct {                           \
		 static_assert(condition, #condition); \
		 int i;                                \
	 }))
#define SCHEMA_HAS_TYPE(structure, member, type) \
	__builtin_types_compatible_p(SCHEMA_TYPE_OF(structure, member), type)
#define SCHEMA_HOLDS_WORD(structure, member)                      \
	(SCHEMA_SIZE_OF(structure, member) == sizeof(uint32_t) || \
	 SCHEMA_HAS_TYPE(structure, member, bool))

#define SCHEMA_MEMBER_IF(structure, member, condition)                   \
	{                                                                \
		offsetof(structure, member) + SCHEMA_REQUIRE(condition), \
			SCHEMA_SIZE_OF(structure, member)                \
	}
#define SCHEMA_MEMBER(structure, member, type) \
	SCHEMA_MEMBER_IF(structure, member, SCHEMA_HAS_TYPE(structure, member, type))
#define SCHEMA_ANY_MEMBER(structure, member) SCHEMA_MEMBER_IF(structure, member, true)

#define SCHEMA_RANGE(least_number, most_number) .least = (least_number), .most = (most_number)
#define SCHEMA_WORD_LIST(array) .words = (array), .word_count = COUNT_OF(array)
#define SCHEMA_FIELDS(array) .fields = (array), .field_count = COUNT_OF(array)

/* A uint32_t. */
#define FIELD_NUMBER(structure, member, least, most)      \
	.type = SCHEMA_NUMBER, SCHEMA_RANGE(least, most), \
	.into = SCHEMA_MEMBER(structure, member, uint32_t)
/* An enumeration or a bool. */
#define FIELD_WORD(structure, member, words)          \
	.type = SCHEMA_WORD, SCHEMA_WORD_LIST(words), \
	.into = SCHEMA_MEMBER_IF(structure, member, SCHEMA_HOLDS_WORD(structure, member))
/* An unsigned int. */
#define FIELD_WORDS(structure, member, words)          \
	.type = SCHEMA_WORDS, SCHEMA_WORD_LIST(words), \
	.into = SCHEMA_MEMBER(structure, member, unsigned int)
/* A const char *. */
#define FIELD_TEXT(structure, member, least, most)      \
	.type = SCHEMA_TEXT, SCHEMA_RANGE(least, most), \
	.into = SCHEMA_MEMBER(structure, member, const char *)
/* A pointer to the first entry, and a size_t. */
#define FIELD_LIST(structure, member, count_member, entry_schema, least, most)    \
	.type = SCHEMA_LIST, SCHEMA_RANGE(least, most), .entry = &(entry_schema), \
	.entry_size = sizeof(*((structure *)NULL)->member),                       \
	.into = SCHEMA_ANY_MEMBER(structure, member),                             \
	.count = SCHEMA_MEMBER(structure, count_member, size_t)
/* Fields that are stored in the structure around. */
#define FIELD_MAPPING(fields) .type = SCHEMA_MAPPING, SCHEMA_FIELDS(fields)
/* Fields that are stored in a structure inside that one. */
#define FIELD_MAPPING_INTO(structure, member, fields) \
	FIELD_MAPPING(fields), .into = SCHEMA_ANY_MEMBER(structure, member)
/* An entry of a list: a const char *, if nothing parses it. */
#define ENTRY_TEXT(least, most) \
	.type = SCHEMA_TEXT, SCHEMA_RANGE(least, most), .into = { 0, sizeof(const char *) }
/* Where the value's line is stored: an unsigned int. */
#define FIELD_LINE(structure, member) .line = SCHEMA_MEMBER(structure, member, unsigned int)

#endif
