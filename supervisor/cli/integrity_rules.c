/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/integrity_rules.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/json.h"

/* A rule set alone belongs to no policy, and has no mode, keys and list. */
static bool is_of_policy(const struct integrity *integrity)
{
	return integrity->template != TEMPLATE_NONE;
}

void integrity_rules_print(const struct integrity *integrity)
{
	if (is_of_policy(integrity))
		printf("# mode %s, template %s, %u entries\n", integrity_mode_word(integrity->mode),
		       integrity_template_word(integrity->template), integrity->entries);
	for (size_t i = 0; i < integrity->key_count; i++)
		printf("# key %s\n", integrity->keys[i]);
	if (integrity->rule_set != RULE_SET_NONE)
		printf("# rule-set %s\n", integrity_rule_set_word(integrity->rule_set));
	if (integrity->rule_count == 0)
		printf("# there are no rules\n");
	for (size_t i = 0; i < integrity->rule_count; i++)
		printf("%s\n", integrity->rules[i].text);
}

static struct json_object *rules_json(const struct integrity *integrity)
{
	struct json_object *rules = json_object_new_array();

	for (size_t i = 0; i < integrity->rule_count; i++) {
		struct json_object *rule = json_object_new_object();

		json_add_text(rule, "rule", integrity->rules[i].text);
		if (integrity->rules[i].line > 0)
			json_add_number(rule, "line", integrity->rules[i].line);
		json_object_array_add(rules, rule);
	}
	return rules;
}

static struct json_object *keys_json(const struct integrity *integrity)
{
	struct json_object *keys = json_object_new_array();

	for (size_t i = 0; i < integrity->key_count; i++)
		json_object_array_add(keys, json_object_new_string(integrity->keys[i]));
	return keys;
}

struct json_object *integrity_rules_json_new(const struct integrity *integrity)
{
	struct json_object *object = json_object_new_object();

	if (is_of_policy(integrity)) {
		json_add_text(object, "mode", integrity_mode_word(integrity->mode));
		json_add_text(object, "template", integrity_template_word(integrity->template));
		json_add_number(object, "entries", integrity->entries);
		json_object_object_add(object, "keys", keys_json(integrity));
	}
	json_add_text(object, "rule-set", integrity_rule_set_word(integrity->rule_set));
	json_object_object_add(object, "rules", rules_json(integrity));
	return object;
}
