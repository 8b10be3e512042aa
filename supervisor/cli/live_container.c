/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_container.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "daemon/control_call.h"
#include "idmap.h"
#include "yaml/diagnostic.h"

/* Milliseconds. */
#define DEADLINE 10000

/* The policy as the daemon has it, which the file may not say any more. Return: as live_container_ask(). */
static const char *load_policy(struct live_container *container)
{
	_cleanup_free_ struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	struct json_object *text = json_object_object_get(container->answer, "text");
	const char *name = json_text_of(container->answer, "policy");

	if (!text)
		container->policy = policy_builtin(name);
	else if (diagnostics &&
		 policy_file_load(name, json_object_get_string(text),
				  (size_t)json_object_get_string_len(text), &container->file,
				  diagnostics) == POLICY_FILE_LOADED)
		container->policy = &container->file->policy;
	return container->policy ? NULL :
				   "nsxattrd has a policy that this nsxattr does not understand";
}

const char *live_container_describe(const char *control, const char *wanted,
				    struct live_container *container)
{
	struct json_object *question = json_object_new_object();
	_cleanup_free_ char *phrase = NULL;
	int r = -ENOMEM;

	json_add_text(question, "container", wanted);
	if (question &&
	    asprintf(&phrase, "policy %s",
		     json_object_to_json_string_ext(question, JSON_C_TO_STRING_PLAIN)) > 0)
		r = control_call(control, phrase, DEADLINE, &container->answer);
	json_object_put(question);
	if (r < 0)
		return control_call_fault(r);
	return control_refusal(container->answer);
}

const char *live_container_ask(const char *control, const char *wanted,
			       struct live_container *container)
{
	const char *fault = live_container_describe(control, wanted, container);

	return fault ? fault : load_policy(container);
}

/* A word among what separates the parts of a cgroup's name, such as "libpod-ID.scope", and "lxc.payload.NAME". */
bool live_container_names(const char *cgroup, const char *id)
{
	static const char separators[] = "/-.:\n";
	size_t length = strlen(id);

	for (const char *at = strstr(cgroup, id); length > 0 && at; at = strstr(at + 1, id))
		if ((at == cgroup || strchr(separators, at[-1])) && strchr(separators, at[length]))
			return true;
	return false;
}

/** struct search - of a list of containers */
struct search {
	const char *cgroup;
	const char *map;
	const char *id; /* the one that was found; NULL: none */
	const char *found_by;
	size_t count; /* by the map */
};

static void consider(struct search *search, struct json_object *container)
{
	const char *id = json_text_of(container, "id");

	if (live_container_names(search->cgroup, id)) {
		search->id = id;
		search->found_by = "its cgroup has the container's id";
	} else if (!search->found_by && strcmp(json_text_of(container, "map"), search->map) == 0) {
		search->id = id;
		search->count++;
	}
}

static void search_list(struct search *search, struct json_object *list)
{
	size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) :
								    0;

	for (size_t i = 0; i < count; i++)
		consider(search, json_object_array_get_idx(list, i));
	if (search->found_by)
		return;
	search->found_by = "no other container has the id map of its user namespace";
	if (search->count != 1)
		search->id = NULL;
}

const char *live_container_find(const char *control, const char *cgroup, const struct id_map *uids,
				struct live_container *container)
{
	char map[4096];
	struct json_object *status = NULL;
	struct search search = { .cgroup = cgroup, .map = map };
	const char *fault = NULL;
	int r = control_call(control, "status", DEADLINE, &status);

	if (r < 0)
		return control_call_fault(r);
	(void)id_map_print(uids, map, sizeof(map));
	search_list(&search, json_object_object_get(status, "containers"));
	if (search.id) {
		fault = live_container_ask(control, search.id, container);
		container->found_by = search.found_by;
	}
	json_object_put(status);
	return fault;
}

void live_container_done(struct live_container *container)
{
	policy_file_free(container->file);
	json_object_put(container->answer);
}
