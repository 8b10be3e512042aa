/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A file goes through three steps, each of which can rely on those before it:
 *
 *	screen	is it YAML, and no more than plain values?	screen.c
 *	check	is it what the schema says?			schema_check.c, the format's hooks
 *	read	libcyaml fills the format's structure		the schema's tables
 */
#include "format.h"

#include <errno.h>

#include "schema_check.h"
#include "screen.h"

/* No messages of its own, and nothing that screen_text() has refused. */
static const cyaml_config_t cyaml_config = {
	.mem_fn = cyaml_mem,
	.flags = CYAML_CFG_NO_ALIAS,
};

const struct schema_note *format_note(const struct format *format,
				      const cyaml_schema_field_t *field)
{
	for (size_t i = 0; i < format->mapping_count; i++)
		for (size_t row = 0; row < format->mappings[i].count; row++)
			if (&format->mappings[i].fields[row] == field)
				return &format->mappings[i].notes[row];
	return &format->note;
}

unsigned int format_line(const yaml_node_t *node)
{
	return node ? (unsigned int)node->start_mark.line + 1 : 0;
}

/* libyaml has been over the text before, so what stops it now is memory. */
static int error_of(cyaml_err_t error)
{
	bool is_memory = error == CYAML_ERR_OOM || error == CYAML_ERR_LIBYAML_PARSER_INIT ||
			 error == CYAML_ERR_LIBYAML_PARSER;

	return is_memory ? -ENOMEM : -EBADMSG;
}

static int load_document(const char *text, size_t length, yaml_document_t *ret_document)
{
	yaml_parser_t parser;
	int r = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	/* screen_text() has seen that there is one, so that nothing but memory can be missing. */
	if (!yaml_parser_load(&parser, ret_document))
		r = -ENOMEM;
	yaml_parser_delete(&parser);
	return r;
}

static int check_and_read(const char *text, size_t length, struct format_reading *reading,
			  struct diagnostics *diagnostics)
{
	struct schema_walk walk = {
		.format = reading->format,
		.document = &reading->document,
		.diagnostics = diagnostics,
	};

	schema_check(&walk);
	if (diagnostics->count > 0)
		return FORMAT_MISTAKEN;
	cyaml_err_t error = cyaml_load_data((const uint8_t *)text, length, &cyaml_config,
					    reading->format->schema, &reading->text, NULL);

	return error == CYAML_OK ? FORMAT_READ : error_of(error);
}

int format_read(const struct format *format, const char *text, size_t length,
		struct format_reading *ret_reading, struct diagnostics *diagnostics)
{
	struct format_reading reading = { .format = format };
	int r = screen_text(text, length, diagnostics);

	if (r < 0)
		return r;
	if (diagnostics->count > 0)
		return FORMAT_MISTAKEN;
	r = load_document(text, length, &reading.document);
	if (r < 0)
		return r;
	r = check_and_read(text, length, &reading, diagnostics);
	if (r == FORMAT_READ)
		*ret_reading = reading;
	else
		yaml_document_delete(&reading.document);
	return r;
}

void format_reading_done(struct format_reading *reading)
{
	cyaml_free(&cyaml_config, reading->format->schema, reading->text, 0);
	yaml_document_delete(&reading->document);
}
