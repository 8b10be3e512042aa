/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>

int json_parse(const char *text, size_t length, int depth, int flags,
	       struct json_object **ret_value)
{
	struct json_tokener *tokener = json_tokener_new_ex(depth);

	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | flags);
	struct json_object *value =
		length <= INT_MAX ? json_tokener_parse_ex(tokener, text, (int)length) : NULL;
	enum json_tokener_error error = length <= INT_MAX ? json_tokener_get_error(tokener) :
							    json_tokener_error_size;

	json_tokener_free(tokener);
	if (error == json_tokener_success) {
		*ret_value = value;
		return 0;
	}
	json_object_put(value);
	return error == json_tokener_error_parse_utf8_string ? -EILSEQ : -EINVAL;
}

void json_add_text(struct json_object *object, const char *key, const char *text)
{
	if (text)
		json_object_object_add(object, key, json_object_new_string(text));
}

void json_add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

const char *json_text_of(const struct json_object *object, const char *key)
{
	struct json_object *member = json_object_object_get(object, key);

	return json_object_is_type(member, json_type_string) ? json_object_get_string(member) : "";
}

uint64_t json_number_of(const struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

size_t json_length_of(const struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

struct json_object *json_error_new(const char *sentence)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "error", sentence);
	return object;
}
