/* SPDX-License-Identifier: Apache-2.0 */
/* A live explanation for programs: that of cli/explanation_json.c, with what was found of the process. */
#include <json-c/json.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/live_explanation.h"
#include "count_of.h"

static const char *const results[] = {
	[LIVE_UNSUPERVISED] = "not-supervised",
	[LIVE_KERNEL] = "kernel",
	[LIVE_DONE] = "done",
	[LIVE_REFUSED] = "refused",
};

static void add_flag(struct json_object *object, const char *key, bool is_set)
{
	json_object_object_add(object, key, json_object_new_boolean(is_set));
}

static struct json_object *process_json(const struct live_explanation *live)
{
	const struct live_process *process = &live->process;
	const struct credential *credential = &process->identity.credential;
	struct json_object *object = json_object_new_object();

	json_add_number(object, "pid", (uint64_t)process->pid);
	json_add_text(object, "command", process->command);
	json_add_number(object, "uid", credential->fsuid);
	json_add_number(object, "gid", credential->fsgid);
	json_add_number(object, "filters", process->filters);
	add_flag(object, "CAP_SYS_ADMIN", credential->capabilities >> CAP_SYS_ADMIN & 1);
	add_flag(object, "CAP_SETFCAP", credential->capabilities >> CAP_SETFCAP & 1);
	return object;
}

static struct json_object *container_json(const struct live_container *container)
{
	static const char *const keys[] = {
		"runtime", "id", "name", "owner", "listeners", "policy"
	};
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		json_object_object_add(
			object, keys[i],
			json_object_get(json_object_object_get(container->answer, keys[i])));
	json_add_text(object, "found-by", container->found_by);
	return object;
}

static struct json_object *file_json(const struct live_file *file)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "path", file->path);
	json_add_number(object, "owner", file->stat.owner.uid);
	json_add_number(object, "group", file->stat.owner.gid);
	add_flag(object, "idmapped", file->map != NULL);
	add_flag(object, "read-only", file->is_read_only);
	add_flag(object, "immutable", file->is_immutable);
	return object;
}

static struct json_object *answer_json(const struct live_explanation *live)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "result", results[live->result]);
	if (live->result == LIVE_REFUSED)
		json_add_text(object, "error", strerrorname_np(live->error));
	if (live->reason) {
		json_add_text(object, "reason", reason_word(live->reason));
		json_add_text(object, "text", reason_text(live->reason));
	}
	json_add_text(object, "remedy", live_explanation_remedy(live));
	return object;
}

static struct json_object *unknown_json(const struct live_explanation *live)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < live->unknown_count; i++) {
		struct json_object *object = json_object_new_object();

		json_add_text(object, "what", live->unknown[i][0]);
		json_add_text(object, "why", live->unknown[i][1]);
		json_object_array_add(list, object);
	}
	return list;
}

struct json_object *live_explanation_json_new(const struct live_explanation *live)
{
	struct json_object *object = explanation_json_new(&live->explanation);

	if (live->has_process)
		json_object_object_add(object, "process", process_json(live));
	if (live->container.answer)
		json_object_object_add(object, "container", container_json(&live->container));
	if (live->has_file)
		json_object_object_add(object, "file", file_json(&live->file));
	json_object_object_add(object, "answer", answer_json(live));
	json_object_object_add(object, "not-seen", unknown_json(live));
	return object;
}
