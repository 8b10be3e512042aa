/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/list_request.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/proc.h"
#include "daemon/container_judge.h"
#include "daemon/container_search.h"
#include "daemon/question.h"
#include "daemon/registry.h"
#include "daemon/runtimes.h"
#include "integrity/measurements.h"
#include "yaml/diagnostic.h"

#define SENTENCE_SIZE 512

#define refuse(...)                                                                        \
	({                                                                                 \
		char sentence[SENTENCE_SIZE];                                              \
		json_error_new(diagnostic_print(sentence, sizeof(sentence), __VA_ARGS__)); \
	})

static struct json_object *give(const struct list_source *source, const struct container *container,
				int *ret_fd)
{
	/* By a way on which no process writes to it. */
	int fd = proc_open_again(source->procfs,
				 measurements_fd(container->judge->means.measurements), O_RDONLY);

	if (fd < 0)
		return refuse("the measurement list of container %s cannot be opened: %s",
			      container->key.id, strerror(-fd));
	struct json_object *object = json_object_new_object();

	json_add_text(object, "runtime", runtime_name(container->key.runtime));
	json_add_text(object, "id", container->key.id);
	json_add_number(object, "owner", container->key.owner);
	json_add_text(object, "policy", container->policy->policy->name);
	*ret_fd = fd;
	return object;
}

static struct json_object *answer(const struct list_source *source, uid_t user, const char *wanted,
				  int *ret_fd)
{
	const struct container *container;
	struct json_object *refusal = container_search(source->registry, user, wanted, &container);

	if (!container)
		return refusal;
	if (!container->judge)
		return refuse(
			"container %s has no measurement list: its policy '%s' judges nothing "
			"of what is executed",
			container->key.id, container->policy->policy->name);
	return give(source, container, ret_fd);
}

struct json_object *list_json_new(const struct list_source *source, uid_t user,
				  const char *question, int *ret_fd)
{
	struct json_object *object = NULL;
	const char *reason = question_parse(question, &object);

	*ret_fd = -1;
	if (reason)
		return question_refuse(reason);
	struct json_object *made = answer(source, user, json_text_of(object, "container"), ret_fd);

	json_object_put(object);
	return made;
}
