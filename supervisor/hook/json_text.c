/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller has parsed the text by json-c before. So this checks no more than it needs to stay within the text.
 * A value ends with the bracket that closes it, or with what cannot be part of it.
 */
#include "hook/json_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/** struct cursor - where we are */
struct cursor {
	const struct json_text *text;
	size_t at;
	size_t end;
};

static char byte_at(const struct cursor *cursor)
{
	if (cursor->at >= cursor->end)
		return '\0';
	return cursor->text->bytes[cursor->at];
}

static void pass_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && strchr(" \t\n\r", byte_at(cursor)))
		cursor->at++;
}

static bool pass_string(struct cursor *cursor)
{
	for (cursor->at++; cursor->at < cursor->end; cursor->at++) {
		if (byte_at(cursor) == '\\')
			cursor->at++;
		else if (byte_at(cursor) == '"')
			break;
	}
	if (cursor->at >= cursor->end)
		return false;
	cursor->at++;
	return true;
}

static bool pass_brackets(struct cursor *cursor)
{
	size_t depth = 0;

	do {
		char byte = byte_at(cursor);

		if (byte == '"') {
			if (!pass_string(cursor))
				return false;
			continue;
		}
		depth += byte == '{' || byte == '[';
		depth -= byte == '}' || byte == ']';
		cursor->at++;
	} while (depth > 0 && cursor->at < cursor->end);
	return depth == 0;
}

static bool pass_value(struct cursor *cursor, struct json_span *ret_span)
{
	size_t begin = cursor->at;
	bool is_whole = true;
	char byte = byte_at(cursor);

	if (byte == '"')
		is_whole = pass_string(cursor);
	else if (byte == '{' || byte == '[')
		is_whole = pass_brackets(cursor);
	else
		while (cursor->at < cursor->end && !strchr(" \t\n\r,:]}", byte_at(cursor)))
			cursor->at++;
	*ret_span = (struct json_span){ begin, cursor->at };
	return is_whole && cursor->at > begin;
}

enum json_text_result json_text_whole(const struct json_text *text, struct json_span *ret_span)
{
	struct cursor cursor = { text, 0, text->length };
	struct json_span span;

	pass_blanks(&cursor);
	if (!pass_value(&cursor, &span))
		return JSON_TEXT_MALFORMED;
	*ret_span = span;
	return JSON_TEXT_FOUND;
}

/** pass_member() - key and value. Return: whether there is one, and not something else. */
static bool pass_member(struct cursor *cursor, struct json_span *ret_key,
			struct json_span *ret_value)
{
	pass_blanks(cursor);
	if (byte_at(cursor) != '"' || !pass_value(cursor, ret_key))
		return false;
	pass_blanks(cursor);
	if (byte_at(cursor) != ':')
		return false;
	cursor->at++;
	pass_blanks(cursor);
	return pass_value(cursor, ret_value);
}

static bool is_key(const struct json_text *text, const struct json_span *key, const char *wanted)
{
	size_t length = key->end - key->begin - 2;

	return length == strlen(wanted) &&
	       memcmp(text->bytes + key->begin + 1, wanted, length) == 0;
}

enum json_text_result json_text_member(const struct json_text *text, const struct json_span *object,
				       const char *key, struct json_span *ret_value)
{
	struct cursor cursor = { text, object->begin + 1, object->end };
	struct json_span found, name, value;
	bool is_found = false;
	char separator;

	if (json_text_is_empty(text, object))
		return JSON_TEXT_ABSENT;
	do {
		if (!pass_member(&cursor, &name, &value))
			return JSON_TEXT_MALFORMED;
		if (is_key(text, &name, key)) {
			if (is_found)
				return JSON_TEXT_AMBIGUOUS;
			is_found = true;
			found = value;
		}
		pass_blanks(&cursor);
		separator = byte_at(&cursor);
		cursor.at++;
	} while (separator == ',');
	if (cursor.at != object->end)
		return JSON_TEXT_MALFORMED;
	if (!is_found)
		return JSON_TEXT_ABSENT;
	*ret_value = found;
	return JSON_TEXT_FOUND;
}

_Bool json_text_is_empty(const struct json_text *text, const struct json_span *object)
{
	struct cursor cursor = { text, object->begin + 1, object->end };

	pass_blanks(&cursor);
	return byte_at(&cursor) == '}';
}

char *json_text_splice(const struct json_text *text, const struct json_span *span,
		       const char *const *pieces, size_t *ret_length)
{
	size_t length = span->begin + (text->length - span->end);

	for (size_t i = 0; pieces[i]; i++)
		length += strlen(pieces[i]);
	char *copy = malloc(length + 1);
	char *at = copy;

	if (!copy)
		return NULL;
	at = mempcpy(at, text->bytes, span->begin);
	for (size_t i = 0; pieces[i]; i++)
		at = stpcpy(at, pieces[i]);
	at = mempcpy(at, text->bytes + span->end, text->length - span->end);
	*at = '\0';
	*ret_length = length;
	return copy;
}
