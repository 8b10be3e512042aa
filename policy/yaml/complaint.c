/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/complaint.h"

#include <string.h>

/* ---- descriptions ---- */

#define print(allowed, ...) diagnostic_print((allowed)->text, sizeof((allowed)->text), __VA_ARGS__)

static void add_word(struct allowed_text *allowed, const char *word)
{
	size_t length = strlen(allowed->text);

	diagnostic_print(allowed->text + length, sizeof(allowed->text) - length, "%s%s",
			 length ? ", " : "", word);
}

const char *describe_words(const struct schema *schema, struct allowed_text *allowed)
{
	allowed->text[0] = '\0';
	for (size_t i = 0; i < schema->word_count; i++)
		add_word(allowed, schema->words[i].text);
	return allowed->text;
}

const char *describe_keys(const struct schema *schema, struct allowed_text *allowed)
{
	allowed->text[0] = '\0';
	for (size_t i = 0; i < schema->field_count; i++)
		add_word(allowed, schema->fields[i].key);
	return allowed->text;
}

const char *describe_allowed(const struct schema *schema, struct allowed_text *allowed)
{
	struct allowed_text words;

	switch (schema->type) {
	case SCHEMA_NUMBER:
		if (schema->least == schema->most)
			return print(allowed, "%u", schema->least);
		return print(allowed, "%u to %u", schema->least, schema->most);
	case SCHEMA_WORD:
		return describe_words(schema, allowed);
	case SCHEMA_WORDS:
		return print(allowed, "a list of %s", describe_words(schema, &words));
	case SCHEMA_TEXT:
		return print(allowed, "a text of %u to %u bytes", schema->least, schema->most);
	case SCHEMA_LIST:
		return print(allowed, "a list of %u to %u entries", schema->least, schema->most);
	case SCHEMA_MAPPING:
	default:
		return print(allowed, "the keys %s", describe_keys(schema, &words));
	}
}

const char *describe_node(const struct tree_node *node, struct quoted_text *quoted)
{
	if (node->kind == TREE_LIST)
		return "a list";
	if (node->kind == TREE_MAPPING)
		return "a mapping";
	if (tree_is_nothing(node))
		return "nothing";
	return quote_text(node->text, node->length, quoted);
}

const char *suggest(const struct spelling *spelling, struct meant_text *suggestion)
{
	if (!spelling->nearest)
		return "";
	return diagnostic_print(suggestion->text, sizeof(suggestion->text), " (did you mean '%s'?)",
				spelling->nearest);
}

/* ---- complaints ---- */

void schema_refuse(struct schema_walk *walk, const struct schema_place *place, const char *allowed)
{
	struct quoted_text quoted;

	schema_complain(walk, place->node, "%s cannot be %s; allowed: %s", place->key,
			describe_node(place->node, &quoted), allowed);
}

void complain_of_value(struct schema_walk *walk, const struct schema_place *place)
{
	struct allowed_text allowed;

	schema_refuse(walk, place, describe_allowed(place->schema, &allowed));
}

void complain_of_word(struct schema_walk *walk, const struct schema_place *place,
		      const struct tree_node *node)
{
	const struct schema *schema = place->schema;
	struct spelling spelling = { .word = node->text };
	struct meant_text suggestion;
	struct allowed_text allowed;
	struct quoted_text quoted;

	for (size_t i = 0; node->text && i < schema->word_count; i++)
		spelling_offer(&spelling, schema->words[i].text);
	schema_complain(walk, node, "%s cannot be %s; allowed: %s%s", place->key,
			describe_node(node, &quoted), describe_words(schema, &allowed),
			suggest(&spelling, &suggestion));
}

const struct schema *complain_of_key(struct schema_walk *walk, const struct schema *mapping,
				     const struct tree_node *key)
{
	struct spelling spelling = { .word = key->text };
	const struct schema *meant = NULL;
	struct meant_text suggestion;
	struct allowed_text allowed;
	struct quoted_text quoted;

	for (size_t row = 0; key->text && row < mapping->field_count; row++) {
		spelling_offer(&spelling, mapping->fields[row].key);
		if (spelling.nearest == mapping->fields[row].key)
			meant = &mapping->fields[row];
	}
	schema_complain(walk, key, "a key cannot be %s; allowed: %s%s", describe_node(key, &quoted),
			describe_keys(mapping, &allowed), suggest(&spelling, &suggestion));
	return meant;
}
