/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_JSON_H
#define NSXATTR_BASE_JSON_H

/*
 * Members of JSON objects. Without memory json-c hands out NULL, and takes it for null where it is added: then a member
 * is null, or missing.
 */

#include <stdint.h>

struct json_object;

/** json_add_text() - NULL: nothing is added */
void json_add_text(struct json_object *object, const char *key, const char *text);

/** json_add_number() - a number, from 0 on */
void json_add_number(struct json_object *object, const char *key, uint64_t number);

/** json_text_of() - Return: the text of a member, as long as the object; "": it is not there, or no text. */
const char *json_text_of(const struct json_object *object, const char *key);

/** json_error_new() - Return: {"error": TEXT}, to be released with json_object_put(); NULL without memory. */
struct json_object *json_error_new(const char *sentence);

#endif
