/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * libcyaml stops at the first mistake and says roughly where it was. This goes over libyaml's tree
 * of the document with libcyaml's own tables, knows the place of each node, and goes on. It is never
 * more lenient than libcyaml, so that libcyaml then loads what it has let pass.
 *
 * A list stops at the length that its table allows, and everything else that an input can have in
 * any number is a mistake; when there is no room for more of those, the walk ends. So what it does
 * is bounded by the tables, not by the input.
 */
#include "schema_check.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "format.h"
#include "spelling.h"

/* Room for what is allowed at a place. */
#define ALLOWED_SIZE 200
/* Room for "an entry of KEY". */
#define KEY_SIZE 48
/* Fields of one mapping. */
#define FIELDS_MAX 16

typedef void checker(struct schema_walk *walk, const struct schema_place *place);

static void check_value(struct schema_walk *walk, const struct schema_place *place);

/* ---- the tree ---- */

static const yaml_node_t *node_at(const struct schema_walk *walk, int index)
{
	return yaml_document_get_node(walk->document, index);
}

const char *schema_text(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value :
							NULL;
}

bool schema_is_word(const yaml_node_t *node, const char *word)
{
	const char *text = schema_text(node);

	return text && node->data.scalar.length == strlen(word) && strcmp(text, word) == 0;
}

const yaml_node_t *schema_find(const struct schema_walk *walk, const yaml_node_t *mapping,
			       const char *key)
{
	if (mapping->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
	     pair < mapping->data.mapping.pairs.top; pair++)
		if (schema_is_word(node_at(walk, pair->key), key))
			return node_at(walk, pair->value);
	return NULL;
}

static bool is_nothing(const yaml_node_t *node)
{
	return schema_is_word(node, "") && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static bool is_full(const struct schema_walk *walk)
{
	return walk->diagnostics->is_cut;
}

/* ---- what is said ---- */

void schema_complain(struct schema_walk *walk, const yaml_node_t *node, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diagnostics_add_list(walk->diagnostics, (unsigned int)node->start_mark.line + 1,
			     (unsigned int)node->start_mark.column + 1, format, arguments);
	va_end(arguments);
}

static const char *describe_node(const yaml_node_t *node, struct quoted_text *quoted)
{
	if (node->type == YAML_SEQUENCE_NODE)
		return "a list";
	if (node->type == YAML_MAPPING_NODE)
		return "a mapping";
	if (is_nothing(node))
		return "nothing";
	return quote_text((const char *)node->data.scalar.value, node->data.scalar.length, quoted);
}

static void add_word(char text[ALLOWED_SIZE], const char *word)
{
	size_t length = strlen(text);

	diagnostic_print(text + length, ALLOWED_SIZE - length, "%s%s", length ? ", " : "", word);
}

static const char *list_words(const cyaml_schema_value_t *schema, char text[ALLOWED_SIZE])
{
	text[0] = '\0';
	for (uint32_t i = 0; i < schema->enumeration.count; i++)
		add_word(text, schema->enumeration.strings[i].str);
	return text;
}

static const char *list_keys(const cyaml_schema_value_t *schema, char text[ALLOWED_SIZE])
{
	text[0] = '\0';
	for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; field++)
		add_word(text, field->key);
	return text;
}

static const char *describe_range(const struct schema_note *note, char text[ALLOWED_SIZE])
{
	if (note->least == note->most)
		return diagnostic_print(text, ALLOWED_SIZE, "%u", note->least);
	return diagnostic_print(text, ALLOWED_SIZE, "%u to %u", note->least, note->most);
}

/** describe_allowed() - what may stand at a place, whatever does */
static const char *describe_allowed(const struct schema_place *place, char text[ALLOWED_SIZE])
{
	const cyaml_schema_value_t *schema = place->schema;
	char words[ALLOWED_SIZE];

	if (schema->type == CYAML_UINT)
		return describe_range(place->note, text);
	if (schema->type == CYAML_ENUM)
		return list_words(schema, text);
	if (schema->type == CYAML_FLAGS)
		return diagnostic_print(text, ALLOWED_SIZE, "a list of %s",
					list_words(schema, words));
	if (schema->type == CYAML_MAPPING)
		return diagnostic_print(text, ALLOWED_SIZE, "the keys %s",
					list_keys(schema, words));
	if (schema->type == CYAML_SEQUENCE)
		return diagnostic_print(text, ALLOWED_SIZE, "a list of %u to %u entries",
					schema->sequence.min, schema->sequence.max);
	assert(schema->type == CYAML_STRING);
	return diagnostic_print(text, ALLOWED_SIZE, "a text of %u to %u bytes", schema->string.min,
				schema->string.max);
}

/** struct suggestion - the end of a message about a word that is not known */
struct suggestion {
	char text[64];
};

static const char *suggest(const struct spelling *spelling, struct suggestion *suggestion)
{
	if (!spelling->nearest)
		return "";
	return diagnostic_print(suggestion->text, sizeof(suggestion->text), " (did you mean '%s'?)",
				spelling->nearest);
}

static void refuse(struct schema_walk *walk, const struct schema_place *place)
{
	struct quoted_text quoted;
	char allowed[ALLOWED_SIZE];

	schema_complain(walk, place->node, "%s cannot be %s; allowed: %s", place->key,
			describe_node(place->node, &quoted), describe_allowed(place, allowed));
}

/** refuse_word() - say that a word is none of those, and which one it may have been meant to be */
static void refuse_word(struct schema_walk *walk, const struct schema_place *place,
			const yaml_node_t *node)
{
	const cyaml_schema_value_t *schema = place->schema;
	struct spelling spelling = { .word = schema_text(node) };
	struct suggestion suggestion;
	struct quoted_text quoted;
	char allowed[ALLOWED_SIZE];

	for (uint32_t i = 0; spelling.word && i < schema->enumeration.count; i++)
		spelling_offer(&spelling, schema->enumeration.strings[i].str);
	schema_complain(walk, node, "%s cannot be %s; allowed: %s%s", place->key,
			describe_node(node, &quoted), list_words(schema, allowed),
			suggest(&spelling, &suggestion));
}

/* ---- scalars ---- */

/* Decimal digits alone. libcyaml would take octal ones, a sign, and anything behind them. */
static bool is_number(const yaml_node_t *node, uint32_t least, uint32_t most)
{
	const char *text = (const char *)node->data.scalar.value;
	uint64_t number = 0;

	if (node->data.scalar.length > 10 || text[0] == '0')
		return false;
	for (size_t i = 0; i < node->data.scalar.length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	return number >= least && number <= most;
}

static void check_number(struct schema_walk *walk, const struct schema_place *place)
{
	const struct schema_note *note = place->note;
	char allowed[ALLOWED_SIZE];

	assert(note->least > 0);
	if (place->node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		schema_complain(walk, place->node, "%s cannot be in quotes; allowed: %s",
				place->key, describe_range(note, allowed));
	else if (!is_number(place->node, note->least, note->most))
		refuse(walk, place);
}

static bool has_word(const cyaml_schema_value_t *schema, const yaml_node_t *node)
{
	for (uint32_t i = 0; i < schema->enumeration.count; i++)
		if (schema_is_word(node, schema->enumeration.strings[i].str))
			return true;
	return false;
}

static void check_word(struct schema_walk *walk, const struct schema_place *place)
{
	if (!has_word(place->schema, place->node))
		refuse_word(walk, place, place->node);
	else if (place->note->hook)
		place->note->hook(walk, place);
}

static void check_text(struct schema_walk *walk, const struct schema_place *place)
{
	size_t length = place->node->data.scalar.length;
	char allowed[ALLOWED_SIZE];

	if (is_nothing(place->node)) {
		refuse(walk, place);
	} else if (strlen(schema_text(place->node)) != length) {
		schema_complain(walk, place->node, "%s cannot have a NUL byte in it; allowed: %s",
				place->key, describe_allowed(place, allowed));
	} else if (length < place->schema->string.min || length > place->schema->string.max) {
		schema_complain(walk, place->node, "%s cannot be %zu bytes long; allowed: %s",
				place->key, length, describe_allowed(place, allowed));
	} else if (place->note->hook) {
		place->note->hook(walk, place);
	}
}

/* ---- lists ---- */

static size_t entry_count(const yaml_node_t *list)
{
	return (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
}

static const yaml_node_t *entry_at(const struct schema_walk *walk, const yaml_node_t *list,
				   size_t index)
{
	return node_at(walk, list->data.sequence.items.start[index]);
}

/* What makes an entry different from the others. Return: NULL if nothing has to. */
static const yaml_node_t *identity_at(const struct schema_walk *walk,
				      const struct schema_place *place, size_t index)
{
	const yaml_node_t *entry = entry_at(walk, place->node, index);

	if (place->note->unique_key)
		return schema_find(walk, entry, place->note->unique_key);
	return place->note->is_unique ? entry : NULL;
}

static void check_uniqueness(struct schema_walk *walk, const struct schema_place *place,
			     size_t index)
{
	const yaml_node_t *identity = identity_at(walk, place, index);
	const char *text = schema_text(identity);
	struct quoted_text quoted;

	for (size_t i = 0; text && text[0] && i < index; i++) {
		const yaml_node_t *earlier = identity_at(walk, place, i);

		if (!schema_is_word(earlier, text))
			continue;
		schema_complain(walk, identity, "%s is there twice; the first is in line %zu",
				quote_text(text, identity->data.scalar.length, &quoted),
				earlier->start_mark.line + 1);
		return;
	}
}

static void check_flags(struct schema_walk *walk, const struct schema_place *place)
{
	size_t count = entry_count(place->node);

	if (count == 0)
		schema_complain(walk, place->node, "%s cannot be an empty list; without it: any",
				place->key);
	for (size_t i = 0; i < count && !is_full(walk); i++) {
		const yaml_node_t *entry = entry_at(walk, place->node, i);

		if (has_word(place->schema, entry))
			check_uniqueness(walk, place, i);
		else
			refuse_word(walk, place, entry);
	}
}

static void check_list(struct schema_walk *walk, const struct schema_place *place)
{
	size_t count = entry_count(place->node), most = place->schema->sequence.max;
	struct schema_place entry = *place;
	char key[KEY_SIZE], allowed[ALLOWED_SIZE];

	entry.key = diagnostic_print(key, sizeof(key), "an entry of %s", place->key);
	if (count < place->schema->sequence.min || count > most)
		schema_complain(walk, place->node, "%s cannot have %zu entries; allowed: %s",
				place->key, count, describe_allowed(place, allowed));
	for (size_t i = 0; i < count && i < most && !is_full(walk); i++) {
		entry.schema = place->schema->sequence.entry;
		entry.node = entry_at(walk, place->node, i);
		check_value(walk, &entry);
		check_uniqueness(walk, place, i);
	}
}

/* ---- mappings ---- */

/* The keys of one mapping, by the row of their field. */
struct seen_keys {
	const yaml_node_t *keys[FIELDS_MAX];
	bool is_misspelt[FIELDS_MAX]; /* there is another key, which may have been meant to be it */
};

static size_t field_count(const cyaml_schema_value_t *schema)
{
	size_t count = 0;

	while (schema->mapping.fields[count].key)
		count++;
	assert(count <= FIELDS_MAX);
	return count;
}

static void refuse_key(struct schema_walk *walk, const struct schema_place *place,
		       const yaml_node_t *key, struct seen_keys *seen)
{
	const cyaml_schema_field_t *fields = place->schema->mapping.fields;
	struct spelling spelling = { .word = schema_text(key) };
	struct suggestion suggestion;
	struct quoted_text quoted;
	char allowed[ALLOWED_SIZE];

	for (const cyaml_schema_field_t *field = fields; spelling.word && field->key; field++)
		spelling_offer(&spelling, field->key);
	for (size_t row = 0; spelling.nearest && fields[row].key; row++)
		seen->is_misspelt[row] |= fields[row].key == spelling.nearest;
	schema_complain(walk, key, "a key cannot be %s; allowed: %s%s", describe_node(key, &quoted),
			list_keys(place->schema, allowed), suggest(&spelling, &suggestion));
}

static void check_pair(struct schema_walk *walk, const struct schema_place *place,
		       const yaml_node_pair_t *pair, struct seen_keys *seen)
{
	const cyaml_schema_field_t *field = place->schema->mapping.fields;
	const yaml_node_t *key = node_at(walk, pair->key);
	size_t row = 0;

	while (field[row].key && !schema_is_word(key, field[row].key))
		row++;
	if (!field[row].key) {
		refuse_key(walk, place, key, seen);
		return;
	}
	if (seen->keys[row])
		schema_complain(walk, key, "the key '%s' is there twice; the first is in line %zu",
				field[row].key, seen->keys[row]->start_mark.line + 1);
	else
		seen->keys[row] = key;
	struct schema_place value = {
		.key = field[row].key,
		.schema = &field[row].value,
		.note = format_note(walk->format, &field[row]),
		.node = node_at(walk, pair->value),
		.mapping = place->node,
	};

	check_value(walk, &value);
}

/* Has a field one of the words that it can have? What is wrong with others has been said. */
static bool has_allowed_word(const cyaml_schema_value_t *mapping, const char *key,
			     const yaml_node_t *node)
{
	for (const cyaml_schema_field_t *field = mapping->mapping.fields; field->key; field++)
		if (strcmp(field->key, key) == 0)
			return has_word(&field->value, node);
	return false;
}

/** check_partner() - is a field there only, and always, where its partner has the right value? */
static void check_partner(struct schema_walk *walk, const struct schema_place *place,
			  const cyaml_schema_field_t *field, const yaml_node_t *key)
{
	const struct schema_note *note = format_note(walk->format, field);
	const yaml_node_t *partner = schema_find(walk, place->node, note->partner);
	struct schema_place absent = { .schema = &field->value, .note = note };
	struct quoted_text quoted;
	char allowed[ALLOWED_SIZE];

	if (!partner || !has_allowed_word(place->schema, note->partner, partner))
		return;
	if (key && !schema_is_word(partner, note->partner_value))
		schema_complain(walk, key, "%s goes with %s %s; here %s is %s", field->key,
				note->partner, note->partner_value, note->partner,
				describe_node(partner, &quoted));
	else if (!key && note->is_needed && schema_is_word(partner, note->partner_value))
		schema_complain(walk, partner, "%s %s needs the key '%s'; allowed: %s",
				note->partner, note->partner_value, field->key,
				describe_allowed(&absent, allowed));
}

static void check_keys(struct schema_walk *walk, const struct schema_place *place,
		       const struct seen_keys *seen)
{
	const cyaml_schema_field_t *fields = place->schema->mapping.fields;
	size_t count = field_count(place->schema), seen_count = 0;
	char allowed[ALLOWED_SIZE];

	for (size_t row = 0; row < count; row++) {
		const struct schema_note *note = format_note(walk->format, &fields[row]);
		struct schema_place absent = { .schema = &fields[row].value, .note = note };

		seen_count += seen->keys[row] != NULL;
		if (note->partner)
			check_partner(walk, place, &fields[row], seen->keys[row]);
		if (!seen->keys[row] && !seen->is_misspelt[row] &&
		    !(fields[row].value.flags & CYAML_FLAG_OPTIONAL))
			schema_complain(walk, place->node, "the key '%s' is missing; allowed: %s",
					fields[row].key, describe_allowed(&absent, allowed));
	}
	if (seen_count < place->note->least)
		schema_complain(walk, place->node, "%s needs %u of the keys %s", place->key,
				place->note->least, list_keys(place->schema, allowed));
}

static void check_mapping(struct schema_walk *walk, const struct schema_place *place)
{
	const yaml_node_t *node = place->node;
	struct seen_keys seen = { 0 };

	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top && !is_full(walk); pair++)
		check_pair(walk, place, pair, &seen);
	check_keys(walk, place, &seen);
	if (place->note->hook)
		place->note->hook(walk, place);
}

/* ---- the walk ---- */

static const struct {
	yaml_node_type_t node_type;
	checker *check;
} types[CYAML__TYPE_COUNT] = {
	[CYAML_UINT] = { YAML_SCALAR_NODE, check_number },
	[CYAML_ENUM] = { YAML_SCALAR_NODE, check_word },
	[CYAML_STRING] = { YAML_SCALAR_NODE, check_text },
	[CYAML_FLAGS] = { YAML_SEQUENCE_NODE, check_flags },
	[CYAML_SEQUENCE] = { YAML_SEQUENCE_NODE, check_list },
	[CYAML_MAPPING] = { YAML_MAPPING_NODE, check_mapping },
};

static void check_value(struct schema_walk *walk, const struct schema_place *place)
{
	assert(types[place->schema->type].check);
	if (place->node->type != types[place->schema->type].node_type)
		refuse(walk, place);
	else
		types[place->schema->type].check(walk, place);
}

void schema_check(struct schema_walk *walk)
{
	struct schema_place root = {
		.key = walk->format->name,
		.schema = walk->format->schema,
		.note = &walk->format->note,
		.node = yaml_document_get_root_node(walk->document),
	};

	check_value(walk, &root);
}
