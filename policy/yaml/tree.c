/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * libyaml tells the text as a series of events, and each event adds a node at the end of the list or
 * mapping that is open. So the text is read once.
 *
 * YAML can say much in a few bytes: an alias repeats whatever its anchor has named, and aliases of
 * aliases grow without bound. No file of ours has a use for them, nor for tags. libyaml's events name
 * them without acting on them; they are refused here, and the tree has none.
 */
#include "yaml/tree.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "yaml/arena.h"
#include "yaml/diagnostic.h"

/** struct composer - a tree in the making */
struct composer {
	const char *text;
	size_t length;
	const char *name; /* how messages call the file */
	struct arena *arena;
	struct diagnostics *diagnostics;
	struct tree_node **ends[TREE_DEPTH_MAX + 1]; /* where the next node goes, for each depth */
	unsigned int depth;
	unsigned int nodes;
	unsigned int documents;
	int error; /* -ENOMEM */
};

/* ---- what is no plain YAML ---- */

#define complain(composer, mark, ...)                                           \
	diagnostics_add((composer)->diagnostics, (unsigned int)(mark).line + 1, \
			(unsigned int)(mark).column + 1, __VA_ARGS__)

/* libyaml tells the place of bytes that are no text by their number alone. */
static yaml_mark_t mark_of_offset(const struct composer *composer, size_t offset)
{
	yaml_mark_t mark = { .index = offset };

	for (size_t i = 0; i < offset && i < composer->length; i++) {
		if (composer->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if (((unsigned char)composer->text[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

/* The byte that a mark is at; libyaml's index counts characters, so lines are counted here. */
static char byte_at(const struct composer *composer, yaml_mark_t mark)
{
	const char *at = composer->text, *end = composer->text + composer->length;

	for (size_t line = 0; at && line < mark.line; line++) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	if (!at || mark.column >= (size_t)(end - at))
		return '\0';
	return at[mark.column];
}

static void complain_of_alias(struct composer *composer, yaml_mark_t mark)
{
	complain(composer, mark,
		 "an alias ('*') cannot be here; allowed: plain values, with quotes if they begin "
		 "with '*'");
}

/** complain_of_syntax() - say in our words what is often met, and in libyaml's the rest */
static void complain_of_syntax(struct composer *composer, const yaml_parser_t *parser)
{
	bool is_no_text = parser->error == YAML_READER_ERROR;
	yaml_mark_t mark = is_no_text ? mark_of_offset(composer, parser->problem_offset) :
					parser->problem_mark;

	if (is_no_text)
		complain(composer, mark, "%s; allowed: text in UTF-8", parser->problem);
	else if (byte_at(composer, mark) == '\t')
		complain(composer, mark, "a tab cannot be here; allowed: blanks");
	else if (parser->context && strcmp(parser->context, "while scanning an alias") == 0)
		complain_of_alias(composer, parser->context_mark);
	else if (parser->context)
		complain(composer, mark, "no YAML: %s, %s that begins in line %zu", parser->problem,
			 parser->context, parser->context_mark.line + 1);
	else
		complain(composer, mark, "no YAML: %s", parser->problem);
}

/* ---- events ---- */

/** add_node() - a node for an event that has this anchor and this tag. Return: NULL to stop. */
static struct tree_node *add_node(struct composer *composer, enum tree_kind kind, yaml_mark_t mark,
				  const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		complain(composer, mark, "an anchor ('&') cannot be here; allowed: plain values");
	if (tag)
		complain(composer, mark, "a tag ('!') cannot be here; allowed: plain values");
	if (++composer->nodes > TREE_NODES_MAX) {
		complain(composer, mark, "%s cannot have more than %d keys and values",
			 composer->name, TREE_NODES_MAX);
		return NULL;
	}
	struct tree_node *node = arena_alloc(composer->arena, 1, sizeof(*node));

	if (!node) {
		composer->error = -ENOMEM;
		return NULL;
	}
	node->kind = kind;
	node->line = (unsigned int)mark.line + 1;
	node->column = (unsigned int)mark.column + 1;
	*composer->ends[composer->depth] = node;
	composer->ends[composer->depth] = &node->next;
	return node;
}

/* Not the bytes that continue one. */
static unsigned int count_characters(const char *text, size_t length)
{
	unsigned int count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Whatever makes the text differ from what the file has makes it shorter. Return: 0: it differs. */
static unsigned int find_text_column(const struct tree_node *node, const yaml_event_t *event)
{
	yaml_mark_t start = event->start_mark, end = event->end_mark;
	size_t quotes = node->is_plain ? 0 : 2;

	if (start.line != end.line ||
	    end.column - start.column != count_characters(node->text, node->length) + quotes)
		return 0;
	return node->column + (node->is_plain ? 0 : 1);
}

static bool add_scalar(struct composer *composer, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	struct tree_node *node = add_node(composer, TREE_SCALAR, event->start_mark,
					  event->data.scalar.anchor, event->data.scalar.tag);

	if (!node)
		return false;
	node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->length = event->data.scalar.length;
	node->text = arena_copy(composer->arena, text, node->length);
	if (!node->text)
		composer->error = -ENOMEM;
	else
		node->text_column = find_text_column(node, event);
	return node->text;
}

/* What follows goes into a list or mapping. @anchor, @tag: of the event */
static bool begin(struct composer *composer, enum tree_kind kind, yaml_mark_t mark,
		  const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct tree_node *node = add_node(composer, kind, mark, anchor, tag);

	if (!node)
		return false;
	if (composer->depth == TREE_DEPTH_MAX) {
		complain(composer, mark, "lists and mappings cannot be nested as deep as this");
		return false;
	}
	composer->ends[++composer->depth] = &node->first;
	return true;
}

static bool begin_document(struct composer *composer, yaml_mark_t mark)
{
	if (++composer->documents == 1)
		return true;
	complain(composer, mark, "a second document cannot be here; allowed: one in a file");
	return false;
}

static bool end_stream(struct composer *composer, yaml_mark_t mark)
{
	if (composer->documents == 0)
		complain(composer, mark, "there is nothing in the file; allowed: %s",
			 composer->name);
	return false;
}

/** compose() - do what one event says. Return: whether to go on. */
static bool compose(struct composer *composer, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return begin_document(composer, event->start_mark);
	case YAML_ALIAS_EVENT:
		complain_of_alias(composer, event->start_mark);
		return true;
	case YAML_SCALAR_EVENT:
		return add_scalar(composer, event);
	case YAML_SEQUENCE_START_EVENT:
		return begin(composer, TREE_LIST, event->start_mark,
			     event->data.sequence_start.anchor, event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return begin(composer, TREE_MAPPING, event->start_mark,
			     event->data.mapping_start.anchor, event->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		composer->depth--;
		return true;
	case YAML_STREAM_END_EVENT:
		return end_stream(composer, event->start_mark);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	default:
		return true;
	}
}

static int compose_events(struct composer *composer, yaml_parser_t *parser)
{
	bool goes_on = true;
	yaml_event_t event;

	while (goes_on && !composer->diagnostics->is_cut) {
		if (!yaml_parser_parse(parser, &event)) {
			if (parser->error == YAML_MEMORY_ERROR)
				return -ENOMEM;
			complain_of_syntax(composer, parser);
			return 0;
		}
		goes_on = compose(composer, &event);
		yaml_event_delete(&event);
	}
	return composer->error;
}

/* Only a mark at its beginning makes libyaml take a text for UTF-16. */
static bool is_utf16(const char *text, size_t length)
{
	return length >= 2 &&
	       (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

static int compose_text(struct composer *composer)
{
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)composer->text,
				     composer->length);
	int r = compose_events(composer, &parser);

	yaml_parser_delete(&parser);
	return r;
}

int tree_read(const char *name, const char *text, size_t length, struct arena *arena,
	      const struct tree_node **ret_root, struct diagnostics *diagnostics)
{
	struct composer composer = {
		.text = text,
		.length = length,
		.name = name,
		.arena = arena,
		.diagnostics = diagnostics,
	};
	struct tree_node *root = NULL;
	yaml_mark_t start = { 0 };
	int r = 0;

	composer.ends[0] = &root;
	if (length > TREE_SIZE_MAX)
		complain(&composer, start, "the file is too long; allowed: 1 MiB");
	else if (is_utf16(text, length))
		complain(&composer, start, "the file is UTF-16; allowed: UTF-8");
	else
		r = compose_text(&composer);
	if (r == 0 && diagnostics->count == 0)
		*ret_root = root;
	return r;
}

/* ---- what is in a tree ---- */

bool tree_is_word(const struct tree_node *node, const char *word)
{
	return node && node->text && node->length == strlen(word) && strcmp(node->text, word) == 0;
}

bool tree_is_nothing(const struct tree_node *node)
{
	return node->is_plain && node->length == 0;
}

const struct tree_node *tree_find(const struct tree_node *mapping, const char *key)
{
	if (mapping->kind != TREE_MAPPING)
		return NULL;
	for (const struct tree_node *node = mapping->first; node; node = node->next->next)
		if (tree_is_word(node, key))
			return node->next;
	return NULL;
}

unsigned int tree_column_of(const struct tree_node *node, size_t offset)
{
	if (node->text_column == 0)
		return node->column;
	return node->text_column + count_characters(node->text, offset);
}

size_t tree_count(const struct tree_node *list)
{
	size_t count = 0;

	for (const struct tree_node *node = list->first; node; node = node->next)
		count++;
	return count;
}
