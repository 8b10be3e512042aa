/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_JSON_VALUE_H
#define NSXATTR_HOOK_JSON_VALUE_H

/* JSON as values, which json-c has read: looked at by type, and built with every failure seen. */

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "hook/json_text.h"

static inline void cleanup_json_value(struct json_object **value)
{
	json_object_put(*value);
}

#define _cleanup_json_value_ __attribute__((cleanup(cleanup_json_value)))

/**
 * json_value_read() - read a text, strictly
 * @text: it
 * @ret_value: 0: the outermost value, to be released with json_object_put(); NULL where the text is "null"
 *
 * Return: 0; -EINVAL: it is no JSON; -ENOMEM.
 */
int json_value_read(const struct json_text *text, struct json_object **ret_value);

/** json_value_member() - Return: the member if it is of this type, borrowed; else NULL. */
struct json_object *json_value_member(const struct json_object *object, const char *key,
				      enum json_type type);

/** json_value_text() - Return: the text of a member, borrowed; NULL: there is no such text. */
const char *json_value_text(const struct json_object *object, const char *key);

/** json_value_has_text() - is this text among the elements of a list? */
bool json_value_has_text(const struct json_object *list, const char *text);

/** json_value_list() - Return: a member that has to be a list, made if it is none; NULL: no memory. */
struct json_object *json_value_list(struct json_object *object, const char *key);

/** json_value_add() - set a member, which passes to the object. Return: 0; -ENOMEM: it is released. */
int json_value_add(struct json_object *object, const char *key, struct json_object *member);

/** json_value_append() - add an element, which passes to the list. Return: 0; -ENOMEM: it is released. */
int json_value_append(struct json_object *list, struct json_object *element);

/** json_value_append_texts() - the same for copies of some texts */
int json_value_append_texts(struct json_object *list, const char *const *texts, size_t count);

#endif
