/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_JSON_H
#define NSXATTR_BASE_JSON_H

/*
 * Members of JSON objects. Without memory json-c hands out NULL, and takes it for null where it is added: then a member
 * is null, or missing.
 */

#include <stddef.h>
#include <stdint.h>

struct json_object;

/**
 * json_parse() - read a text
 * @text: @length bytes
 * @depth: of objects and lists in one another, at most
 * @flags: of json_tokener_set_flags(3), beside JSON_TOKENER_STRICT
 * @ret_value: the outermost value, the caller's to json_object_put(3); NULL where the text is "null"
 *
 * Return: 0; -EILSEQ: it is not UTF-8, with JSON_TOKENER_VALIDATE_UTF8; -EINVAL: it is no JSON; -ENOMEM.
 */
int json_parse(const char *text, size_t length, int depth, int flags,
	       struct json_object **ret_value);

/** json_add_text() - NULL: nothing is added */
void json_add_text(struct json_object *object, const char *key, const char *text);

/** json_add_number() - a number, from 0 on */
void json_add_number(struct json_object *object, const char *key, uint64_t number);

/** json_text_of() - Return: the text of a member, as long as the object; "": it is not there, or no text. */
const char *json_text_of(const struct json_object *object, const char *key);

/** json_number_of() - Return: the number of a member, from 0 on; 0: it is not there, or no number. */
uint64_t json_number_of(const struct json_object *object, const char *key);

/** json_length_of() - Return: how many entries a list has; 0: it is NULL, or no list. */
size_t json_length_of(const struct json_object *list);

/** json_error_new() - Return: {"error": TEXT}, to be released with json_object_put(); NULL without memory. */
struct json_object *json_error_new(const char *sentence);

#endif
