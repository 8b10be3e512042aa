/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy_request.h"

#include <json-c/json.h>

#include "base/json.h"
#include "daemon/container_search.h"
#include "daemon/question.h"
#include "daemon/registry.h"
#include "daemon/runtimes.h"

static struct json_object *describe(const struct container *container)
{
	const struct shared_policy *policy = container->policy;
	struct json_object *object = json_object_new_object();

	json_add_text(object, "runtime", runtime_name(container->key.runtime));
	json_add_text(object, "id", container->key.id);
	json_add_text(object, "name", container_name(container));
	json_add_number(object, "owner", container->key.owner);
	json_add_text(object, "map", container->map);
	if (container->process > 0)
		json_add_number(object, "process", (uint64_t)container->process);
	json_add_number(object, "listeners", container->listeners);
	json_add_text(object, "policy", policy->policy->name);
	if (policy->text)
		json_object_object_add(object, "text",
				       json_object_new_string_len(policy->text,
								  (int)policy->length));
	return object;
}

struct json_object *policy_request_json_new(const struct registry *registry, uid_t user,
					    const char *question)
{
	const struct container *container = NULL;
	struct json_object *object = NULL;
	const char *reason = question_parse(question, &object);

	if (reason)
		return question_refuse(reason);
	struct json_object *answer =
		container_search(registry, user, json_text_of(object, "container"), &container);

	json_object_put(object);
	return container ? describe(container) : answer;
}
