/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/json_value.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"

#define DEPTH_MAX 64

int json_value_read(const struct json_text *text, struct json_object **ret_value)
{
	int r = json_parse(text->bytes, text->length, DEPTH_MAX, JSON_TOKENER_VALIDATE_UTF8,
			   ret_value);

	return r == -EILSEQ ? -EINVAL : r;
}

struct json_object *json_value_member(const struct json_object *object, const char *key,
				      enum json_type type)
{
	struct json_object *member = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &member) || !json_object_is_type(member, type))
		return NULL;
	return member;
}

const char *json_value_text(const struct json_object *object, const char *key)
{
	struct json_object *member = json_value_member(object, key, json_type_string);

	return member ? json_object_get_string(member) : NULL;
}

bool json_value_has_text(const struct json_object *list, const char *text)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *element = json_object_get_string(json_object_array_get_idx(list, i));

		if (element && strcmp(element, text) == 0)
			return true;
	}
	return false;
}

struct json_object *json_value_list(struct json_object *object, const char *key)
{
	struct json_object *list = json_value_member(object, key, json_type_array);

	if (list)
		return list;
	list = json_object_new_array();
	return json_value_add(object, key, list) < 0 ? NULL : list;
}

/* Without memory nothing is added to an object of json-c, which lets go of the new one then. */
int json_value_add(struct json_object *object, const char *key, struct json_object *member)
{
	if (member && json_object_object_add(object, key, member) == 0)
		return 0;
	json_object_put(member);
	return -ENOMEM;
}

int json_value_append(struct json_object *list, struct json_object *element)
{
	if (element && json_object_array_add(list, element) == 0)
		return 0;
	json_object_put(element);
	return -ENOMEM;
}

int json_value_append_texts(struct json_object *list, const char *const *texts, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = json_value_append(list, json_object_new_string(texts[i]));
	return r;
}
