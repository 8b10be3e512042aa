/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation for programs: the words are those of the policy, a key that says nothing is left out. */
#include <json-c/json.h>
#include <string.h>

#include "base/json.h"
#include "cli/explanation.h"
#include "policy.h"

static const char *const routes[] = {
	[ROUTE_KERNEL] = "kernel",
	[ROUTE_STORED] = "stored",
	[ROUTE_HOST] = "host",
	[ROUTE_REFUSED] = "refused",
};

static void add_number(struct json_object *object, const char *key, uint32_t number)
{
	if (number > 0)
		json_add_number(object, key, number);
}

static struct json_object *policy_json(const struct policy *policy)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "name", policy->name);
	json_add_text(object, "description", policy->description);
	json_add_text(object, "mode", policy_is_strict(policy) ? "strict" : "fast");
	json_add_text(object, "store", store_word(policy->store));
	add_number(object, "owner", policy->owner);
	add_number(object, "attributes-per-file", policy->attributes_per_file);
	add_number(object, "value-size", policy->value_size);
	return object;
}

static struct json_object *rule_json(const struct policy *policy, const struct rule *rule)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "file", rule->line > 0 ? policy->name : NULL);
	add_number(object, "line", rule->line);
	json_add_text(object, "name", rule->pattern);
	json_add_text(object, "scheme", scheme_word(rule->scheme));
	if (rule->scheme == SCHEME_SUFFIX) {
		json_add_text(object, "inherit", rule->inherit == INHERIT_CHAIN ? "chain" : "none");
		json_add_text(object, "limit", rule->limit == LIMIT_ONE ? "one" : "many");
	}
	return object;
}

struct json_object *explanation_users_json(const struct user_namespace *userns)
{
	const struct id_map *map = &userns->uids;
	struct json_object *extents = json_object_new_array();

	for (unsigned int i = 0; i < map->count; i++) {
		struct json_object *extent = json_object_new_object();

		json_add_number(extent, "inside", map->extents[i].inside);
		json_add_number(extent, "host", map->extents[i].host);
		json_add_number(extent, "count", map->extents[i].count);
		json_object_array_add(extents, extent);
	}
	return extents;
}

static struct json_object *names_json(const struct explanation *explanation)
{
	struct json_object *names = json_object_new_array();

	for (size_t i = 0; i < explanation->name_count; i++)
		json_object_array_add(names, json_object_new_string(explanation->names[i]));
	return names;
}

static struct json_object *need_json(const struct explanation_need *need)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "need", need->word);
	if (need->error)
		json_add_text(object, "else", strerrorname_np(need->error));
	return object;
}

static struct json_object *needs_json(const struct explanation *explanation)
{
	struct json_object *needs = json_object_new_array();

	for (size_t i = 0; i < explanation->need_count; i++)
		json_object_array_add(needs, need_json(&explanation->needs[i]));
	return needs;
}

static struct json_object *decision_json(const struct explanation *explanation)
{
	const struct decision *decision = &explanation->decision;
	struct json_object *object = json_object_new_object();

	json_add_text(object, "route", routes[decision->route]);
	if (decision->route == ROUTE_REFUSED) {
		json_add_text(object, "error", strerrorname_np(decision->error));
		json_add_text(object, "reason", reason_word(decision->reason));
	}
	if (decision->route == ROUTE_STORED || decision->route == ROUTE_HOST)
		json_add_text(object, "stored-name", decision->name);
	return object;
}

struct json_object *explanation_json_new(const struct explanation *explanation)
{
	struct json_object *object = json_object_new_object();
	bool has_names = explanation->operation == OPERATION_GET ||
			 explanation->operation == OPERATION_LIST;

	json_add_text(object, "operation", explanation_operations[explanation->operation]);
	json_add_text(object, "name", explanation->name);
	json_add_text(object, "did-you-mean",
		      explanation->suggestion[0] ? explanation->suggestion : NULL);
	json_object_object_add(object, "users", explanation_users_json(explanation->userns));
	json_object_object_add(object, "policy", policy_json(explanation->policy));
	if (explanation->cause)
		json_add_text(object, "cause", explanation->cause);
	else
		json_object_object_add(object, "rule",
				       rule_json(explanation->policy, explanation->decision.rule));
	json_object_object_add(object, "decision", decision_json(explanation));
	if (has_names)
		json_object_object_add(object,
				       explanation->operation == OPERATION_GET ? "looked-up" :
										 "listed-for",
				       names_json(explanation));
	json_object_object_add(object, "needs", needs_json(explanation));
	return object;
}
