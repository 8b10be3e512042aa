/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The kernel does not tell which listener a filter has. A container of nsxattrd's is known by its id among the process's
 * control groups, or else by its id map, if no other container has the same. Users choose ids, the names of control groups
 * and maps: so the process's user namespace has to be the container's, or below it; where that is not told, it is.
 *
 * The other way round nsxattrd says with which process a container began. That can have ended, and its number be another
 * process's, so it has to have the map. Then runtimes are asked (cli/runtime_process.h), and then all of /proc.
 */
#include "cli/live_search.h"

#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/live_container.h"
#include "cli/live_process.h"
#include "cli/runtime_process.h"
#include "hook/json_value.h"
#include "idmap_shown.h"

/* ---- a process of a container ---- */

static bool has_map(pid_t pid, const char *wanted)
{
	char text[ID_MAP_WHOLE_SIZE];
	struct id_map map;
	ssize_t length = live_process_read_file(pid, "uid_map", text, sizeof(text));

	return length > 0 && id_map_parse(text, (size_t)length, &map) == 0 &&
	       id_map_is_shown(&map, wanted);
}

static bool has_control_group(pid_t pid, const char *id)
{
	char text[ID_MAP_WHOLE_SIZE];

	return live_process_read_file(pid, "cgroup", text, sizeof(text)) > 0 &&
	       live_container_names(text, id);
}

static pid_t lower(pid_t best, pid_t candidate)
{
	return best == 0 || candidate < best ? candidate : best;
}

static pid_t search_all(const char *id, const char *map)
{
	DIR *procfs = opendir("/proc");
	const struct dirent *entry;
	pid_t by_group = 0, by_map = 0;

	while (procfs && (entry = readdir(procfs)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && has_control_group(pid, id))
			by_group = lower(by_group, pid);
		else if (pid > 0 && has_map(pid, map))
			by_map = lower(by_map, pid);
	}
	if (procfs)
		closedir(procfs);
	return by_group ? by_group : by_map;
}

static pid_t first_of(struct json_object *answer)
{
	return json_object_get_int(json_object_object_get(answer, "process"));
}

static pid_t search_described(struct json_object *answer)
{
	const char *id = json_text_of(answer, "id"), *map = json_text_of(answer, "map");
	pid_t found = first_of(answer);

	if (found > 0 && has_map(found, map))
		return found;
	found = runtime_process_find(id);
	/* Another user can have a container of this id, too. */
	return found && (!map[0] || has_map(found, map)) ? found : search_all(id, map);
}

pid_t live_search_process(const char *name, struct json_object *answer)
{
	return answer ? search_described(answer) : runtime_process_find(name);
}

/* ---- the container of a process ---- */

/** struct search - of a list of containers, one way after the other */
struct search {
	const char *control;
	const struct live_process *process;
	bool by_map; /* else by the control group */
	struct live_container *container; /* the last one that was found */
	size_t count;
	const char *fault; /* of one that could not be asked about; NULL: none */
};

static bool fits(const struct search *search, struct json_object *listed)
{
	return search->by_map ?
		       id_map_is_shown(live_process_containers_uids(search->process),
				       json_text_of(listed, "map")) :
		       live_container_names(search->process->cgroup, json_text_of(listed, "id"));
}

static void consider(struct search *search, struct json_object *listed)
{
	struct live_container found = { 0 };

	if (!fits(search, listed))
		return;
	if (live_container_describe(search->control, json_text_of(listed, "id"), &found)) {
		search->fault = "nsxattrd does not tell which of several containers it is";
		live_container_done(&found);
	} else if (live_process_is_within(search->process, first_of(found.answer))) {
		live_container_done(search->container);
		*search->container = found;
		search->count++;
	} else {
		live_container_done(&found);
	}
}

/* Return: whether it is found. */
static bool search_list(struct search *search, struct json_object *list)
{
	search->count = 0;
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		consider(search, json_object_array_get_idx(list, i));
	if (search->count == 1)
		return true;
	live_container_done(search->container);
	*search->container = (struct live_container){ 0 };
	return false;
}

const char *live_search_container(const char *control, struct json_object *status,
				  const struct live_process *process,
				  struct live_container *container)
{
	struct json_object *list = json_value_member(status, "containers", json_type_array);
	struct search search = { .control = control, .process = process, .container = container };

	if (search_list(&search, list)) {
		container->found_by = "its cgroup has the container's id";
		return NULL;
	}
	search.by_map = true;
	if (search_list(&search, list)) {
		container->found_by = "no other container has the id map of its user namespace";
		return NULL;
	}
	return search.fault;
}
