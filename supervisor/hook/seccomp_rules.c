/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/seccomp_rules.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "hook/json_value.h"

bool seccomp_action_is(const char *action, const char *which)
{
	return action && strcmp(action, which) == 0;
}

bool seccomp_word_is_among(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/** remove_names() - take calls out of one rule. Return: how many names are left. */
static size_t remove_names(struct json_object *names, const char *const *calls, size_t count)
{
	for (size_t i = json_object_array_length(names); i > 0; i--) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i - 1));

		if (name && seccomp_word_is_among(name, calls, count))
			json_object_array_del_idx(names, i - 1, 1);
	}
	return json_object_array_length(names);
}

void seccomp_rules_remove(struct json_object *rules, const char *const *calls, size_t count)
{
	for (size_t i = json_object_array_length(rules); i > 0; i--) {
		struct json_object *names = json_value_member(
			json_object_array_get_idx(rules, i - 1), "names", json_type_array);

		if (json_object_array_length(names) > 0 && remove_names(names, calls, count) == 0)
			json_object_array_del_idx(rules, i - 1, 1);
	}
}

/* Of SCMP_CMP_MASKED_EQ the first value is the mask. */
static int append_condition(struct json_object *list, const struct seccomp_bits *bits)
{
	_cleanup_json_value_ struct json_object *condition = json_object_new_object();
	int r = condition ? json_value_add(condition, "index", json_object_new_int64(bits->index)) :
			    -ENOMEM;

	if (r == 0)
		r = json_value_add(condition, "value", json_object_new_int64(bits->mask));
	if (r == 0)
		r = json_value_add(condition, "valueTwo", json_object_new_int64(bits->value));
	if (r == 0)
		r = json_value_add(condition, "op", json_object_new_string("SCMP_CMP_MASKED_EQ"));
	return r < 0 ? r : json_value_append(list, TAKE_PTR(condition));
}

static int add_conditions(struct json_object *object, const struct seccomp_rule *rule)
{
	struct json_object *list = rule->bit_count > 0 ? json_value_list(object, "args") : NULL;
	int r = rule->bit_count > 0 && !list ? -ENOMEM : 0;

	for (size_t i = 0; r == 0 && i < rule->bit_count; i++)
		r = append_condition(list, &rule->bits[i]);
	return r;
}

int seccomp_rules_append(struct json_object *rules, const struct seccomp_rule *rule)
{
	_cleanup_json_value_ struct json_object *object = json_object_new_object();
	struct json_object *names = object ? json_value_list(object, "names") : NULL;
	int r = names ? json_value_append_texts(names, rule->calls, rule->count) : -ENOMEM;

	if (r == 0)
		r = json_value_add(object, "action", json_object_new_string(rule->action));
	if (r == 0 && rule->error)
		r = json_value_add(object, "errnoRet", json_object_new_int(rule->error));
	if (r == 0)
		r = add_conditions(object, rule);
	return r < 0 ? r : json_value_append(rules, TAKE_PTR(object));
}

int seccomp_rules_deny(struct json_object *rules, const char *const *calls, size_t count)
{
	return seccomp_rules_append(rules, &(struct seccomp_rule){ .calls = calls,
								   .count = count,
								   .action = SECCOMP_ERRNO,
								   .error = ENOSYS });
}
