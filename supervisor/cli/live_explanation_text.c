/* SPDX-License-Identifier: Apache-2.0 */
/* A live explanation in words, in the layout of the others (cli/explanation_text.c). */
#include <json-c/json.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/live_explanation.h"
#include "yaml/diagnostic.h"

static bool has_capability(const struct live_explanation *live, unsigned int capability)
{
	return live->process.identity.credential.capabilities >> capability & 1;
}

static void show_process(const struct live_explanation *live)
{
	const struct live_process *process = &live->process;
	struct quoted_text quoted;

	if (!live->has_process)
		return;
	explanation_begin_line("process");
	printf("%d %s, uid %u, gid %u, %s CAP_SYS_ADMIN, %s CAP_SETFCAP\n", (int)process->pid,
	       quote_text(process->command, strlen(process->command), &quoted),
	       process->identity.credential.fsuid, process->identity.credential.fsgid,
	       has_capability(live, CAP_SYS_ADMIN) ? "with" : "without",
	       has_capability(live, CAP_SETFCAP) ? "with" : "without");
	explanation_begin_line("filter");
	if (live->is_supervised)
		printf("%lu seccomp filter%s\n", process->filters,
		       process->filters == 1 ? "" : "s");
	else
		printf("none: nsxattr sees no call of it\n");
}

static void show_container(const struct live_explanation *live)
{
	struct json_object *answer = live->container.answer;

	if (!answer)
		return;
	explanation_begin_line("container");
	printf("%s (%s, %s), policy %s, listeners %s", json_text_of(answer, "name"),
	       json_text_of(answer, "runtime"), json_text_of(answer, "id"),
	       json_text_of(answer, "policy"),
	       json_object_get_string(json_object_object_get(answer, "listeners")));
	printf("%s%s\n", live->container.found_by ? ": " : "",
	       live->container.found_by ? live->container.found_by : "");
}

static void show_id(const char *what, const struct id_map *map, uint32_t id)
{
	uint32_t inside;

	if (id_map_to_inside(map, id, &inside))
		printf("%s %u (inside %u)", what, id, inside);
	else
		printf("%s %u (not mapped)", what, id);
}

static void show_file(const struct live_explanation *live)
{
	const struct user_namespace *userns = live->explanation.userns;

	if (!live->has_file)
		return;
	explanation_begin_line("file");
	show_id("owner", &userns->uids, live->file.stat.owner.uid);
	show_id(", group", &userns->gids, live->file.stat.owner.gid);
	printf("%s%s%s\n", live->file.map ? ", idmapped mount" : "",
	       live->file.is_read_only ? ", read-only" : "",
	       live->file.is_immutable ? ", immutable" : "");
}

static void show_answer(const struct live_explanation *live)
{
	const char *remedy = live_explanation_remedy(live);

	explanation_begin_line("answer");
	if (live->result == LIVE_REFUSED)
		printf("%s: %s (%s)\n", strerrorname_np(live->error), reason_text(live->reason),
		       reason_word(live->reason));
	else if (live->result == LIVE_UNSUPERVISED)
		printf("the kernel's, as without nsxattr\n");
	else if (live->result == LIVE_KERNEL)
		printf("the kernel's%s%s\n", live->reason ? ": " : "",
		       live->reason ? reason_text(live->reason) : "");
	else
		printf("it is done\n");
	if (remedy) {
		explanation_begin_line("remedy");
		printf("%s\n", remedy);
	}
}

static void show_unknown(const struct live_explanation *live)
{
	for (size_t i = 0; i < live->unknown_count; i++) {
		explanation_begin_line(i == 0 ? "not seen" : "");
		printf("%s%s%s\n", live->unknown[i][0], live->unknown[i][1] ? ": " : "",
		       live->unknown[i][1] ? live->unknown[i][1] : "");
	}
}

void live_explanation_print(const struct live_explanation *live)
{
	explanation_begin_line("asked");
	printf("%s %s%s%s\n", explanation_operations[live->question->operation],
	       live->question->name, live->question->file ? " of " : "",
	       live->question->file ? live->question->file : "");
	show_process(live);
	show_container(live);
	explanation_print_namespace(live->explanation.userns);
	explanation_print_decision(&live->explanation);
	show_file(live);
	show_answer(live);
	show_unknown(live);
}
