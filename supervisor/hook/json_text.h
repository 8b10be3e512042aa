/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_JSON_TEXT_H
#define NSXATTR_HOOK_JSON_TEXT_H

/*
 * JSON as text: where the value of a member stands, so that it can be replaced and every other byte
 * stays what it is.
 */

#include <stddef.h>

/** struct json_span - a value within a text, without the blanks around it */
struct json_span {
	size_t begin;
	size_t end; /* one behind */
};

/** struct json_text - a text, which need not end with a NUL */
struct json_text {
	const char *bytes;
	size_t length;
};

enum json_text_result {
	JSON_TEXT_FOUND = 1,
	JSON_TEXT_ABSENT,
	JSON_TEXT_AMBIGUOUS, /* the key is there twice */
	JSON_TEXT_MALFORMED, /* as far as was looked */
};

/** json_text_whole() - the span of the outermost value */
enum json_text_result json_text_whole(const struct json_text *text, struct json_span *ret_span);

/**
 * json_text_member() - where a member of an object stands
 * @text: the whole
 * @object: where the object stands
 * @key: as it is spelt in the text, without quotes
 * @ret_value: JSON_TEXT_FOUND: its value
 */
enum json_text_result json_text_member(const struct json_text *text, const struct json_span *object,
				       const char *key, struct json_span *ret_value);

/** json_text_is_empty() - is there nothing between the brackets of this object? */
_Bool json_text_is_empty(const struct json_text *text, const struct json_span *object);

/**
 * json_text_splice() - a copy in which something else stands in the place of a span
 * @text: the whole
 * @span: what to replace; empty: what to insert before
 * @pieces: what comes there, strings, NULL behind the last
 * @ret_length: bytes of the copy
 *
 * Return: the copy, the caller's to free(3), with a NUL behind it; NULL without memory.
 */
char *json_text_splice(const struct json_text *text, const struct json_span *span,
		       const char *const *pieces, size_t *ret_length);

#endif
