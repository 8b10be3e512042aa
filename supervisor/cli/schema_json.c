/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Each of libcyaml's types has its counterpart. What a table cannot say, and no note either, is not
 * in the JSON Schema: it helps to write a policy, and 'nsxattr check' has the last word.
 */
#include "cli/schema_json.h"

#include <json-c/json.h>

#include "format.h"

static struct json_object *value_json(const struct format *format,
				      const cyaml_schema_value_t *schema,
				      const struct schema_note *note);

static void add_text(struct json_object *object, const char *key, const char *text)
{
	if (text)
		json_object_object_add(object, key, json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *key, uint32_t number)
{
	json_object_object_add(object, key, json_object_new_int64(number));
}

static struct json_object *type_json(const char *type)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "type", type);
	return object;
}

static struct json_object *words_json(const cyaml_schema_value_t *schema)
{
	struct json_object *object = json_object_new_object();
	struct json_object *words = json_object_new_array();

	for (uint32_t i = 0; i < schema->enumeration.count; i++)
		json_object_array_add(words,
				      json_object_new_string(schema->enumeration.strings[i].str));
	json_object_object_add(object, "enum", words);
	return object;
}

static struct json_object *flags_json(const cyaml_schema_value_t *schema)
{
	struct json_object *object = type_json("array");

	json_object_object_add(object, "items", words_json(schema));
	add_number(object, "minItems", 1);
	json_object_object_add(object, "uniqueItems", json_object_new_boolean(1));
	return object;
}

static struct json_object *number_json(const struct schema_note *note)
{
	struct json_object *object = type_json("integer");

	add_number(object, "minimum", note->least);
	add_number(object, "maximum", note->most);
	return object;
}

static struct json_object *text_json(const cyaml_schema_value_t *schema,
				     const struct schema_note *note)
{
	struct json_object *object = type_json("string");

	add_number(object, "minLength", schema->string.min);
	add_number(object, "maxLength", schema->string.max);
	add_text(object, "pattern", note->pattern);
	return object;
}

static struct json_object *list_json(const struct format *format,
				     const cyaml_schema_value_t *schema,
				     const struct schema_note *note)
{
	struct json_object *object = type_json("array");

	json_object_object_add(object, "items", value_json(format, schema->sequence.entry, note));
	add_number(object, "minItems", schema->sequence.min);
	add_number(object, "maxItems", schema->sequence.max);
	if (note->is_unique)
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
static struct json_object *partner_json(const char *key, const struct schema_note *note)
{
	struct json_object *object = json_object_new_object();
	struct json_object *value = json_object_new_object();

	add_text(value, "const", note->partner_value);
	struct json_object *condition = property_json(note->partner, value);

	add_required(condition, note->partner);
	json_object_object_add(object, "if", condition);
	if (note->is_needed) {
		struct json_object *consequence = json_object_new_object();

		add_required(consequence, key);
		json_object_object_add(object, "then", consequence);
	}
	json_object_object_add(object, "else", property_json(key, json_object_new_boolean(0)));
	return object;
}

static void add_field(const struct format *format, struct json_object *object,
		      const cyaml_schema_field_t *field, struct json_object *properties,
		      struct json_object *partners)
{
	const struct schema_note *note = format_note(format, field);
	struct json_object *value = value_json(format, &field->value, note);

	add_text(value, "description", note->help);
	add_text(value, "default", note->absent);
	json_object_object_add(properties, field->key, value);
	if (!(field->value.flags & CYAML_FLAG_OPTIONAL))
		add_required(object, field->key);
	if (note->partner)
		json_object_array_add(partners, partner_json(field->key, note));
}

static struct json_object *mapping_json(const struct format *format,
					const cyaml_schema_value_t *schema,
					const struct schema_note *note)
{
	struct json_object *object = type_json("object");
	struct json_object *properties = json_object_new_object();
	struct json_object *partners = json_object_new_array();

	for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; field++)
		add_field(format, object, field, properties, partners);
	json_object_object_add(object, "properties", properties);
	json_object_object_add(object, "additionalProperties", json_object_new_boolean(0));
	if (note->least > 0)
		add_number(object, "minProperties", note->least);
	if (json_object_array_length(partners) > 0)
		json_object_object_add(object, "allOf", partners);
	else
		json_object_put(partners);
	return object;
}

/* Of those types that the tables have. */
static struct json_object *value_json(const struct format *format,
				      const cyaml_schema_value_t *schema,
				      const struct schema_note *note)
{
	if (schema->type == CYAML_UINT)
		return number_json(note);
	if (schema->type == CYAML_ENUM)
		return words_json(schema);
	if (schema->type == CYAML_FLAGS)
		return flags_json(schema);
	if (schema->type == CYAML_STRING)
		return text_json(schema, note);
	if (schema->type == CYAML_SEQUENCE)
		return list_json(format, schema, note);
	return mapping_json(format, schema, note);
}

struct json_object *schema_json_new(const struct format *format)
{
	struct json_object *object = json_object_new_object();
	struct json_object *root = mapping_json(format, format->schema, &format->note);

	add_text(object, "$schema", "http://json-schema.org/draft-07/schema#");
	add_text(object, "title", format->title);
	add_text(object, "description", format->note.help);
	json_object_object_foreach(root, key, value)
		json_object_object_add(object, key, json_object_get(value));
	json_object_put(root);
	return object;
}
