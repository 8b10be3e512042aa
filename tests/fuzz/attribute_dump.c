/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a dump. What a line says is written again, and then is read as the same. */
#include "attribute_dump.h"

#include "fuzz.h"

static void require_again(const struct dump_line *found, enum dump_line_kind kind)
{
	static const char mark[] = "# file: ";
	size_t length = strlen(found->name), at = 0;
	size_t room = sizeof(mark) + ATTRIBUTE_DUMP_NAME_SIZE(length) +
		      ATTRIBUTE_DUMP_VALUE_SIZE(found->length);
	char *text = malloc(room);
	struct dump_line again = { 0 };

	require(text != NULL);
	if (kind == DUMP_FILE)
		at = (size_t)(mempcpy(text, mark, sizeof(mark) - 1) - (void *)text);
	at += attribute_dump_write_name(found->name, length, text + at);
	if (kind == DUMP_VALUE) {
		text[at++] = '=';
		at += attribute_dump_write_value(found->value, found->length, text + at);
	}
	require(at < room && text[at] == '\0');
	/* A name that begins like a comment is none that a dump can have. */
	if (kind == DUMP_FILE || found->name[0] != '#') {
		require(attribute_dump_read(text, at, &again) == kind);
		require(strcmp(again.name, found->name) == 0 && again.length == found->length);
		require(found->length == 0 ||
			memcmp(again.value, found->value, found->length) == 0);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *line = text;

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\n';
	while (line <= text + size) {
		char *end = memchr(line, '\n', (size_t)(text + size + 1 - line));
		struct dump_line found = { 0 };

		*end = '\0';
		enum dump_line_kind kind = attribute_dump_read(line, (size_t)(end - line), &found);

		if (kind == DUMP_FILE || kind == DUMP_VALUE) {
			require(found.name >= line && found.name + strlen(found.name) <= end);
			require(kind == DUMP_FILE ||
				(found.value >= line && found.value + found.length <= end));
			require_again(&found, kind);
		}
		line = end + 1;
	}
	free(text);
	return 0;
}
