/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * One walk goes over the tree of a document, with the schema beside it. Each value is checked, and what
 * is right is stored at once; so the structure is whole when the walk has found no mistake. A
 * diagnostic tells each mistake with its place, and the walk goes on.
 *
 * A list stops at the length that its schema allows, and everything else that an input can have in any
 * number is a mistake; when there is no room for more of those, the walk ends. So what it does is
 * bounded by the tables, not by the input.
 */
#include "yaml/read.h"

#include <errno.h>
#include <string.h>

#include "decimal.h"
#include "yaml/arena.h"
#include "yaml/complaint.h"

/* Room for "an entry of KEY". */
#define KEY_SIZE 48
/* Fields of one mapping. */
#define FIELDS_MAX 16

typedef void taker(struct schema_walk *walk, const struct schema_place *place);

static void take(struct schema_walk *walk, const struct schema_place *place);

static bool is_over(const struct schema_walk *walk)
{
	return walk->error < 0 || walk->diagnostics->is_cut;
}

static void check_meaning(struct schema_walk *walk, const struct schema_place *place)
{
	if (place->schema->check)
		place->schema->check(walk, place);
}

/* ---- memory ---- */

static void *allocate(struct schema_walk *walk, size_t count, size_t size)
{
	void *memory = arena_alloc(walk->arena, count, size);

	if (!memory)
		walk->error = -ENOMEM;
	return memory;
}

char *schema_keep(struct schema_walk *walk, const char *bytes, size_t length)
{
	char *copy = arena_copy(walk->arena, bytes, length);

	if (!copy)
		walk->error = -ENOMEM;
	return copy;
}

/* The member's size says whether it is a bool, an enumeration or a uint32_t, or a size_t. */
static void store_number(const struct schema_place *place, struct schema_member member,
			 size_t number)
{
	char *at = (char *)place->structure + member.offset;
	uint32_t narrow = (uint32_t)number;
	bool is_set = number;

	if (member.size == sizeof(is_set))
		memcpy(at, &is_set, sizeof(is_set));
	else if (member.size == sizeof(narrow))
		memcpy(at, &narrow, sizeof(narrow));
	else if (member.size == sizeof(number))
		memcpy(at, &number, sizeof(number));
}

static void store_pointer(const struct schema_place *place, const void *pointer)
{
	if (place->schema->into.size == sizeof(pointer))
		memcpy(schema_target(place), &pointer, sizeof(pointer));
}

/* ---- scalars ---- */

/* No zero in front. Return: 0 if it is something else than a number, or 0. */
static uint32_t number_of(const struct tree_node *node)
{
	uint32_t number = 0;

	return node->text[0] != '0' && decimal_parse(node->text, node->length, &number) ? number :
											  0;
}

static void take_number(struct schema_walk *walk, const struct schema_place *place)
{
	const struct schema *schema = place->schema;
	uint32_t number = number_of(place->node);
	struct allowed_text allowed;

	assert(schema->least > 0);
	if (!place->node->is_plain) {
		schema_complain(walk, place->node, "%s cannot be in quotes; allowed: %s",
				place->key, describe_allowed(schema, &allowed));
	} else if (number < schema->least || number > schema->most) {
		complain_of_value(walk, place);
	} else {
		store_number(place, schema->into, number);
		check_meaning(walk, place);
	}
}

static const struct schema_word *find_word(const struct schema *schema,
					   const struct tree_node *node)
{
	for (size_t i = 0; i < schema->word_count; i++)
		if (tree_is_word(node, schema->words[i].text))
			return &schema->words[i];
	return NULL;
}

static void take_word(struct schema_walk *walk, const struct schema_place *place)
{
	const struct schema_word *word = find_word(place->schema, place->node);

	if (!word) {
		complain_of_word(walk, place, place->node);
		return;
	}
	store_number(place, place->schema->into, word->number);
	check_meaning(walk, place);
}

static void take_text(struct schema_walk *walk, const struct schema_place *place)
{
	const struct schema *schema = place->schema;
	size_t length = place->node->length;
	struct allowed_text allowed;

	if (tree_is_nothing(place->node)) {
		complain_of_value(walk, place);
	} else if (strlen(place->node->text) != length) {
		schema_complain(walk, place->node, "%s cannot have a NUL byte in it; allowed: %s",
				place->key, describe_allowed(schema, &allowed));
	} else if (length < schema->least || length > schema->most) {
		schema_complain(walk, place->node, "%s cannot be %zu bytes long; allowed: %s",
				place->key, length, describe_allowed(schema, &allowed));
	} else {
		if (schema->parse)
			schema->parse(walk, place);
		else
			store_pointer(place, schema_keep(walk, place->node->text, length));
		check_meaning(walk, place);
	}
}

/* ---- lists ---- */

/* What makes an entry different from the others. Return: NULL if nothing has to. */
static const struct tree_node *identity_of(const struct schema *list, const struct tree_node *entry)
{
	if (list->unique_key)
		return tree_find(entry, list->unique_key);
	return list->is_unique || list->type == SCHEMA_WORDS ? entry : NULL;
}

static void check_uniqueness(struct schema_walk *walk, const struct schema_place *list,
			     const struct tree_node *entry)
{
	const struct tree_node *identity = identity_of(list->schema, entry);
	struct quoted_text quoted;

	if (!identity || !identity->text || !identity->text[0])
		return;
	for (const struct tree_node *other = list->node->first; other != entry;
	     other = other->next) {
		const struct tree_node *earlier = identity_of(list->schema, other);

		if (!tree_is_word(earlier, identity->text))
			continue;
		schema_complain(walk, identity, "%s is there twice; the first is in line %u",
				quote_text(identity->text, identity->length, &quoted),
				earlier->line);
		return;
	}
}

static void take_words(struct schema_walk *walk, const struct schema_place *place)
{
	uint32_t bits = 0;

	if (!place->node->first)
		schema_complain(walk, place->node, "%s cannot be an empty list; without it: any",
				place->key);
	for (const struct tree_node *entry = place->node->first; entry && !is_over(walk);
	     entry = entry->next) {
		const struct schema_word *word = find_word(place->schema, entry);

		if (word)
			check_uniqueness(walk, place, entry);
		else
			complain_of_word(walk, place, entry);
		bits |= word ? word->number : 0;
	}
	store_number(place, place->schema->into, bits);
}

/* The first @count entries of a list go into the array at @into. */
static void take_entries(struct schema_walk *walk, const struct schema_place *list, size_t count,
			 char *into)
{
	const struct tree_node *node = list->node->first;
	char key[KEY_SIZE];
	struct schema_place entry = {
		.key = diagnostic_print(key, sizeof(key), "an entry of %s", list->key),
		.schema = list->schema->entry,
	};

	for (size_t i = 0; i < count && !is_over(walk); i++, node = node->next) {
		entry.node = node;
		entry.structure = into + i * list->schema->entry_size;
		take(walk, &entry);
		check_uniqueness(walk, list, node);
	}
}

static void take_list(struct schema_walk *walk, const struct schema_place *place)
{
	const struct schema *schema = place->schema;
	size_t count = tree_count(place->node),
	       stored = count < schema->most ? count : schema->most;
	char *entries = allocate(walk, stored, schema->entry_size);
	struct allowed_text allowed;

	if (!entries)
		return;
	if (count < schema->least || count > schema->most)
		schema_complain(walk, place->node, "%s cannot have %zu entries; allowed: %s",
				place->key, count, describe_allowed(schema, &allowed));
	take_entries(walk, place, stored, entries);
	store_pointer(place, entries);
	store_number(place, schema->count, stored);
}

/* ---- mappings ---- */

/* The keys of one mapping, by the row of their field. */
struct seen_keys {
	const struct tree_node *keys[FIELDS_MAX];
	bool is_misspelt[FIELDS_MAX]; /* there is another key, which may have been meant to be it */
};

static const struct schema *find_field(const struct schema *mapping, const struct tree_node *key)
{
	for (size_t row = 0; row < mapping->field_count; row++)
		if (tree_is_word(key, mapping->fields[row].key))
			return &mapping->fields[row];
	return NULL;
}

/* A key of the mapping, and behind it its value. */
static void take_pair(struct schema_walk *walk, const struct schema_place *place,
		      const struct tree_node *key, struct seen_keys *seen)
{
	const struct schema *fields = place->schema->fields;
	const struct schema *field = find_field(place->schema, key);

	if (!field) {
		const struct schema *meant = complain_of_key(walk, place->schema, key);

		if (meant)
			seen->is_misspelt[meant - fields] = true;
		return;
	}
	const struct tree_node **first = &seen->keys[field - fields];
	struct schema_place value = {
		.key = field->key,
		.schema = field,
		.node = key->next,
		.mapping = place->node,
		.structure = schema_target(place),
	};

	if (*first)
		schema_complain(walk, key, "the key '%s' is there twice; the first is in line %u",
				field->key, (*first)->line);
	else
		*first = key;
	take(walk, &value);
}

/* Has the partner one of the words that it can have? Of others there is a message already. */
static bool is_known_partner(const struct schema *mapping, const char *key,
			     const struct tree_node *node)
{
	for (size_t row = 0; row < mapping->field_count; row++)
		if (strcmp(mapping->fields[row].key, key) == 0 &&
		    find_word(&mapping->fields[row], node))
			return true;
	return false;
}

/** check_partner() - is a field there only, and always, where its partner has the right value? */
static void check_partner(struct schema_walk *walk, const struct schema_place *place,
			  const struct schema *field, const struct tree_node *key)
{
	const struct tree_node *partner = tree_find(place->node, field->partner);
	bool is_right = tree_is_word(partner, field->partner_value);
	struct allowed_text allowed;
	struct quoted_text quoted;

	if (!partner || !is_known_partner(place->schema, field->partner, partner))
		return;
	if (key && !is_right)
		schema_complain(walk, key, "%s goes with %s %s; here %s is %s", field->key,
				field->partner, field->partner_value, field->partner,
				describe_node(partner, &quoted));
	else if (!key && field->is_needed && is_right)
		schema_complain(walk, partner, "%s %s needs the key '%s'; allowed: %s",
				field->partner, field->partner_value, field->key,
				describe_allowed(field, &allowed));
}

static void check_keys(struct schema_walk *walk, const struct schema_place *place,
		       const struct seen_keys *seen)
{
	const struct schema *schema = place->schema;
	struct allowed_text allowed;
	size_t seen_count = 0;

	for (size_t row = 0; row < schema->field_count; row++) {
		const struct schema *field = &schema->fields[row];

		seen_count += seen->keys[row] != NULL;
		if (field->partner)
			check_partner(walk, place, field, seen->keys[row]);
		if (field->is_required && !seen->keys[row] && !seen->is_misspelt[row])
			schema_complain(walk, place->node, "the key '%s' is missing; allowed: %s",
					field->key, describe_allowed(field, &allowed));
	}
	if (seen_count < schema->least)
		schema_complain(walk, place->node, "%s needs %u of the keys %s", place->key,
				schema->least, describe_keys(schema, &allowed));
}

static void take_mapping(struct schema_walk *walk, const struct schema_place *place)
{
	struct seen_keys seen = { 0 };

	assert(place->schema->field_count <= FIELDS_MAX);
	for (const struct tree_node *key = place->node->first; key && !is_over(walk);
	     key = key->next->next)
		take_pair(walk, place, key, &seen);
	check_keys(walk, place, &seen);
	check_meaning(walk, place);
}

/* ---- the walk ---- */

static const struct {
	enum tree_kind kind;
	taker *take;
} types[] = {
	[SCHEMA_NUMBER] = { TREE_SCALAR, take_number },
	[SCHEMA_WORD] = { TREE_SCALAR, take_word },
	[SCHEMA_WORDS] = { TREE_LIST, take_words },
	[SCHEMA_TEXT] = { TREE_SCALAR, take_text },
	[SCHEMA_LIST] = { TREE_LIST, take_list },
	[SCHEMA_MAPPING] = { TREE_MAPPING, take_mapping },
};

static void take(struct schema_walk *walk, const struct schema_place *place)
{
	enum schema_type type = place->schema->type;

	if (place->node->kind != types[type].kind) {
		complain_of_value(walk, place);
		return;
	}
	types[type].take(walk, place);
	store_number(place, place->schema->line, place->node->line);
}

int schema_read(const struct schema *schema, const char *text, size_t length, void *structure,
		struct arena *arena, struct diagnostics *diagnostics)
{
	struct schema_walk walk = { .arena = arena, .diagnostics = diagnostics };
	struct schema_place file = { .key = schema->key, .schema = schema, .structure = structure };
	struct arena tree = { 0 };

	walk.error = tree_read(schema->key, text, length, &tree, &file.node, diagnostics);
	if (walk.error == 0 && diagnostics->count == 0)
		take(&walk, &file);
	arena_done(&tree);
	if (walk.error < 0)
		return walk.error;
	return diagnostics->count > 0 ? SCHEMA_MISTAKEN : SCHEMA_READ;
}
