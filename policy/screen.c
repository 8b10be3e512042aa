/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * YAML can say much in a few bytes: an alias repeats whatever its anchor has named, and aliases of
 * aliases grow without bound. A policy has no use for them, nor for tags. So the events of libyaml,
 * which name them without acting on them, are looked through first, and nothing that is refused here
 * ever becomes a tree. The events are also the only place that knows where an alias was: in the tree
 * it has become what it stands for.
 */
#include "screen.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "diagnostic.h"
#include "policy_file.h"

/** struct screen - how far it has got */
struct screen {
	struct diagnostics *diagnostics;
	const char *text;
	size_t length;
	unsigned int depth;
	unsigned int nodes;
	unsigned int documents;
};

static void complain(struct screen *screen, yaml_mark_t mark, const char *what)
{
	diagnostics_add(screen->diagnostics, (unsigned int)mark.line + 1,
			(unsigned int)mark.column + 1, "%s", what);
}

/* libyaml tells the place of bytes that are no text by their number alone. */
static yaml_mark_t mark_of_offset(const struct screen *screen, size_t offset)
{
	yaml_mark_t mark = { .index = offset };

	for (size_t i = 0; i < offset && i < screen->length; i++) {
		if (screen->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if (((unsigned char)screen->text[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

/* The byte that a mark is at; libyaml's index counts characters, so lines are counted here. */
static char byte_at(const struct screen *screen, yaml_mark_t mark)
{
	const char *at = screen->text, *end = screen->text + screen->length;

	for (size_t line = 0; at && line < mark.line; line++) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	if (!at || mark.column >= (size_t)(end - at))
		return '\0';
	return at[mark.column];
}

static void complain_of_alias(struct screen *screen, yaml_mark_t mark)
{
	complain(screen, mark,
		 "an alias ('*') cannot be here; allowed: plain values, with quotes if they begin "
		 "with '*'");
}

/** complain_of_syntax() - say in our words what is often met, and in libyaml's the rest */
static void complain_of_syntax(struct screen *screen, const yaml_parser_t *parser)
{
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_READER_ERROR) {
		mark = mark_of_offset(screen, parser->problem_offset);
		diagnostics_add(screen->diagnostics, (unsigned int)mark.line + 1,
				(unsigned int)mark.column + 1, "%s; allowed: text in UTF-8",
				parser->problem);
	} else if (byte_at(screen, mark) == '\t') {
		complain(screen, mark, "a tab cannot be here; allowed: blanks");
	} else if (parser->context && strcmp(parser->context, "while scanning an alias") == 0) {
		complain_of_alias(screen, parser->context_mark);
	} else if (parser->context) {
		diagnostics_add(screen->diagnostics, (unsigned int)mark.line + 1,
				(unsigned int)mark.column + 1,
				"no YAML: %s, %s that begins in line %zu", parser->problem,
				parser->context, parser->context_mark.line + 1);
	} else {
		diagnostics_add(screen->diagnostics, (unsigned int)mark.line + 1,
				(unsigned int)mark.column + 1, "no YAML: %s", parser->problem);
	}
}

/** examine_node() - what all nodes may not have. Return: whether to go on. */
static bool examine_node(struct screen *screen, yaml_mark_t mark, const yaml_char_t *anchor,
			 const yaml_char_t *tag)
{
	if (anchor)
		complain(screen, mark, "an anchor ('&') cannot be here; allowed: plain values");
	if (tag)
		complain(screen, mark, "a tag ('!') cannot be here; allowed: plain values");
	if (++screen->nodes <= SCREEN_NODES_MAX)
		return true;
	complain(screen, mark, "a policy cannot have more than 65536 keys and values");
	return false;
}

static bool enter(struct screen *screen, yaml_mark_t mark)
{
	if (++screen->depth <= SCREEN_DEPTH_MAX)
		return true;
	complain(screen, mark, "lists and mappings cannot be nested as deep as this");
	return false;
}

static bool begin_document(struct screen *screen, yaml_mark_t mark)
{
	if (++screen->documents == 1)
		return true;
	complain(screen, mark, "a second document cannot be here; allowed: one policy in a file");
	return false;
}

/** examine() - look at one event. Return: whether to go on. */
static bool examine(struct screen *screen, const yaml_event_t *event)
{
	yaml_mark_t mark = event->start_mark;

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return begin_document(screen, mark);
	case YAML_ALIAS_EVENT:
		complain(screen, mark,
			 "an alias ('*') cannot be here; allowed: plain values, with "
			 "quotes if they begin with '*'");
		return true;
	case YAML_SCALAR_EVENT:
		return examine_node(screen, mark, event->data.scalar.anchor,
				    event->data.scalar.tag);
	case YAML_SEQUENCE_START_EVENT:
		return examine_node(screen, mark, event->data.sequence_start.anchor,
				    event->data.sequence_start.tag) &&
		       enter(screen, mark);
	case YAML_MAPPING_START_EVENT:
		return examine_node(screen, mark, event->data.mapping_start.anchor,
				    event->data.mapping_start.tag) &&
		       enter(screen, mark);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		screen->depth--;
		return true;
	case YAML_STREAM_END_EVENT:
		if (screen->documents == 0)
			complain(screen, mark, "there is nothing in the file; allowed: a policy");
		return false;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	default:
		return true;
	}
}

static int examine_events(struct screen *screen, yaml_parser_t *parser)
{
	bool goes_on = true;
	yaml_event_t event;

	while (goes_on && !screen->diagnostics->is_cut) {
		if (!yaml_parser_parse(parser, &event)) {
			if (parser->error == YAML_MEMORY_ERROR)
				return -ENOMEM;
			complain_of_syntax(screen, parser);
			return 0;
		}
		goes_on = examine(screen, &event);
		yaml_event_delete(&event);
	}
	return 0;
}

/* Only a mark at its beginning makes libyaml take a text for UTF-16. */
static bool is_utf16(const char *text, size_t length)
{
	return length >= 2 &&
	       (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

int screen_text(const char *text, size_t length, struct diagnostics *diagnostics)
{
	struct screen screen = { .diagnostics = diagnostics, .text = text, .length = length };
	yaml_mark_t start = { 0 };
	yaml_parser_t parser;
	int r;

	if (length > POLICY_FILE_SIZE_MAX) {
		complain(&screen, start, "the file is too long; allowed: 1 MiB");
		return 0;
	}
	if (is_utf16(text, length)) {
		complain(&screen, start, "the file is UTF-16; allowed: UTF-8");
		return 0;
	}
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	r = examine_events(&screen, &parser);
	yaml_parser_delete(&parser);
	return r;
}
