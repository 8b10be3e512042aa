/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/may_use.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "attach/oci_message.h"
#include "base/fd.h"
#include "base/json.h"
#include "daemon/question.h"
#include "daemon/runtimes.h"

static unsigned int runtimes_of(struct json_object *question)
{
	struct json_object *list = json_object_object_get(question, "runtimes");
	size_t count = json_length_of(list);
	unsigned int runtimes = 0;

	for (size_t i = 0; i < count; i++)
		runtimes |= runtime_bit(json_object_get_string(json_object_array_get_idx(list, i)));
	return runtimes;
}

/* Without memory json-c leaves a member out, and the hook takes that for no answer. */
static struct json_object *grant(const struct may_use_source *source,
				 const struct policies_choice *choice)
{
	const struct policy *policy = choice->shared->policy;
	bool judges = policy->integrity.mode != INTEGRITY_OFF;
	bool judges_maps = integrity_judges_maps(&policy->integrity);
	struct json_object *object = json_object_new_object();

	json_add_text(object, "policy", policy->name);
	json_add_text(object, "reason", choice->reason);
	json_object_object_add(object, "virtualises",
			       json_object_new_boolean(!policy_is_transparent(policy)));
	json_object_object_add(object, "io-uring", json_object_new_boolean(policy->allow_io_uring));
	json_object_object_add(object, "judges", json_object_new_boolean(judges));
	json_object_object_add(object, "judges-maps", json_object_new_boolean(judges_maps));
	json_add_number(object, "user-namespace", source->user_namespace);
	return object;
}

static struct json_object *choose(const struct may_use_source *source,
				  const struct policies_request *request)
{
	struct policies_choice choice = { 0 };

	if (policies_choose(source->policies, request, &choice) != POLICIES_CHOSEN)
		return json_error_new(choice.reason);
	struct json_object *answer = grant(source, &choice);

	shared_policy_unref(choice.shared);
	return answer;
}

static struct json_object *answer(const struct may_use_source *source, uid_t user,
				  struct json_object *question)
{
	_cleanup_free_ struct annotation *annotations = NULL;
	const char *id = json_text_of(question, "id"), *name = json_text_of(question, "name");
	struct json_object *object = json_object_object_get(question, "annotations");
	struct policies_request request = {
		.container = { .runtimes = runtimes_of(question),
			       .name = name[0] ? name : (id[0] ? id : NULL) },
		.wanted = json_text_of(question, "policy"),
		.user = user,
	};
	enum registry_result room = registry_room(source->registry, user, id);

	if (room != REGISTRY_ATTACHED)
		return json_error_new(registry_refusal(room));
	if (json_object_is_type(object, json_type_object) &&
	    oci_annotations_copy(object, &annotations, &request.container.annotation_count) < 0)
		return NULL;
	request.container.annotations = annotations;
	return choose(source, &request);
}

struct json_object *may_use_json_new(const struct may_use_source *source, uid_t user,
				     const char *question)
{
	struct json_object *object = NULL;
	const char *reason = question_parse(question, &object);

	if (reason)
		return question_refuse(reason);
	struct json_object *made = answer(source, user, object);

	json_object_put(object);
	return made;
}
