/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Each type of value has its counterpart. What the tables do not say, but a function does, is not in
 * the JSON Schema: it helps to write a policy, and 'nsxattr check' has the last word.
 */
#include "cli/schema_json.h"

#include <json-c/json.h>

#include "base/json.h"
#include "yaml/schema.h"

static struct json_object *value_json(const struct schema *schema);

static struct json_object *type_json(const char *type)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "type", type);
	return object;
}

static struct json_object *words_json(const struct schema *schema)
{
	struct json_object *object = json_object_new_object();
	struct json_object *words = json_object_new_array();

	for (size_t i = 0; i < schema->word_count; i++)
		json_object_array_add(words, json_object_new_string(schema->words[i].text));
	json_object_object_add(object, "enum", words);
	return object;
}

static struct json_object *flags_json(const struct schema *schema)
{
	struct json_object *object = type_json("array");

	json_object_object_add(object, "items", words_json(schema));
	json_add_number(object, "minItems", 1);
	json_object_object_add(object, "uniqueItems", json_object_new_boolean(1));
	return object;
}

static struct json_object *number_json(const struct schema *schema)
{
	struct json_object *object = type_json("integer");

	json_add_number(object, "minimum", schema->least);
	json_add_number(object, "maximum", schema->most);
	return object;
}

static struct json_object *text_json(const struct schema *schema)
{
	struct json_object *object = type_json("string");

	json_add_number(object, "minLength", schema->least);
	json_add_number(object, "maxLength", schema->most);
	json_add_text(object, "pattern", schema->pattern);
	return object;
}

static struct json_object *list_json(const struct schema *schema)
{
	struct json_object *object = type_json("array");

	json_object_object_add(object, "items", value_json(schema->entry));
	json_add_number(object, "minItems", schema->least);
	json_add_number(object, "maxItems", schema->most);
	if (schema->is_unique)
		json_object_object_add(object, "uniqueItems", json_object_new_boolean(1));
	return object;
}

/* {"properties": {KEY: SCHEMA}} */
static struct json_object *property_json(const char *key, struct json_object *schema)
{
	struct json_object *object = json_object_new_object();
	struct json_object *properties = json_object_new_object();

	json_object_object_add(properties, key, schema);
	json_object_object_add(object, "properties", properties);
	return object;
}

static void add_required(struct json_object *object, const char *key)
{
	struct json_object *keys = json_object_object_get(object, "required");

	if (!keys) {
		keys = json_object_new_array();
		json_object_object_add(object, "required", keys);
	}
	json_object_array_add(keys, json_object_new_string(key));
}

/** partner_json() - "if the partner has its value, the key may or must be there, else not" */
static struct json_object *partner_json(const struct schema *field)
{
	struct json_object *object = json_object_new_object();
	struct json_object *value = json_object_new_object();

	json_add_text(value, "const", field->partner_value);
	struct json_object *condition = property_json(field->partner, value);

	add_required(condition, field->partner);
	json_object_object_add(object, "if", condition);
	if (field->is_needed) {
		struct json_object *consequence = json_object_new_object();

		add_required(consequence, field->key);
		json_object_object_add(object, "then", consequence);
	}
	json_object_object_add(object, "else",
			       property_json(field->key, json_object_new_boolean(0)));
	return object;
}

static void add_field(struct json_object *object, const struct schema *field,
		      struct json_object *properties, struct json_object *partners)
{
	struct json_object *value = value_json(field);

	json_add_text(value, "description", field->help);
	json_add_text(value, "default", field->absent);
	json_object_object_add(properties, field->key, value);
	if (field->is_required)
		add_required(object, field->key);
	if (field->partner)
		json_object_array_add(partners, partner_json(field));
}

static struct json_object *mapping_json(const struct schema *schema)
{
	struct json_object *object = type_json("object");
	struct json_object *properties = json_object_new_object();
	struct json_object *partners = json_object_new_array();

	for (size_t row = 0; row < schema->field_count; row++)
		add_field(object, &schema->fields[row], properties, partners);
	json_object_object_add(object, "properties", properties);
	json_object_object_add(object, "additionalProperties", json_object_new_boolean(0));
	if (schema->least > 0)
		json_add_number(object, "minProperties", schema->least);
	if (json_object_array_length(partners) > 0)
		json_object_object_add(object, "allOf", partners);
	else
		json_object_put(partners);
	return object;
}

static struct json_object *value_json(const struct schema *schema)
{
	switch (schema->type) {
	case SCHEMA_NUMBER:
		return number_json(schema);
	case SCHEMA_WORD:
		return words_json(schema);
	case SCHEMA_WORDS:
		return flags_json(schema);
	case SCHEMA_TEXT:
		return text_json(schema);
	case SCHEMA_LIST:
		return list_json(schema);
	case SCHEMA_MAPPING:
	default:
		return mapping_json(schema);
	}
}

struct json_object *schema_json_new(const struct schema *file)
{
	struct json_object *object = json_object_new_object();
	struct json_object *root = mapping_json(file);

	json_add_text(object, "$schema", "http://json-schema.org/draft-07/schema#");
	json_add_text(object, "title", file->title);
	json_add_text(object, "description", file->help);
	json_object_object_foreach(root, key, value)
		json_object_object_add(object, key, json_object_get(value));
	json_object_put(root);
	return object;
}
