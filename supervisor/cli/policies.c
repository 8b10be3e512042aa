/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set is read as the daemon reads it (daemon/policies_load.h), by its settings, so that what is said of a user is
 * what the daemon would say. But a file with a mistake takes nothing from the others here.
 */
#include "cli/commands.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "daemon/policies_load.h"

struct policies_list {
	bool is_json;
	const struct policies *policies;
	const struct listed_policy *sorted[POLICIES_TOTAL_MAX]; /* all of them, by name */
};

static const struct option_row rows[] = {
	{ "json", 0, NULL, "say it for programs", INTO_FLAG(struct policies_list, is_json) },
};

static const struct option_table table = {
	.command = "nsxattr policies",
	.operands = "",
	.about =
		"List the policies that go by a name: those of nsxattrd's folder, those that were\n"
		"installed, and those that are built in. USE says whether this user's containers\n"
		"may name it to nsxattrd; 'nsxattr run' takes each that can be read.",
	OPTION_ROWS(rows),
};

static const char *objection_to(const struct policies_list *list,
				const struct listed_policy *listed)
{
	return policies_objection(list->policies, listed, getuid());
}

/* ---- for programs ---- */

static void add_place(struct json_object *object, const struct listed_policy *listed)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.yaml", listed->folder ? listed->folder : "",
		 listed_policy_name(listed));
	json_add_text(object, "from", listed->folder ? path : "built in");
}

static void show_json(const struct policies_list *list)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();

	for (size_t i = 0; i < list->policies->count; i++) {
		const struct listed_policy *listed = list->sorted[i];
		const struct policy *policy = listed->shared->policy;
		const char *objection = objection_to(list, listed);
		struct json_object *entry = json_object_new_object();

		json_add_text(entry, "name", policy->name);
		json_add_text(entry, "description", policy->description);
		add_place(entry, listed);
		json_object_object_add(entry, "may-use", json_object_new_boolean(!objection));
		json_add_text(entry, "reason", objection);
		json_object_array_add(array, entry);
	}
	json_object_object_add(object, "policies", array);
	output_json(object);
}

/* ---- for people ---- */

static int wider(int width, const char *text)
{
	int length = (int)strlen(text);

	return length > width ? length : width;
}

static const char *folder_of(const struct listed_policy *listed)
{
	return listed->folder ? listed->folder : "built in";
}

/* A description is its author's; what could steer a terminal is not shown as it is. */
static void show_description(const char *text)
{
	terminal_show(text, strlen(text), stdout);
	putchar('\n');
}

static void show_table(const struct policies_list *list)
{
	int name = (int)strlen("NAME"), from = (int)strlen("FROM");

	for (size_t i = 0; i < list->policies->count; i++) {
		name = wider(name, listed_policy_name(list->sorted[i]));
		from = wider(from, folder_of(list->sorted[i]));
	}
	printf("%-*s  USE  %-*s  DESCRIPTION\n", name, "NAME", from, "FROM");
	for (size_t i = 0; i < list->policies->count; i++) {
		const struct listed_policy *listed = list->sorted[i];
		const struct policy *policy = listed->shared->policy;

		printf("%-*s  %-3s  %-*s  ", name, policy->name,
		       objection_to(list, listed) ? "no" : "yes", from, folder_of(listed));
		show_description(policy->description ? policy->description : "-");
	}
}

/* ---- the whole ---- */

/* Return: the set; NULL: why not has been said. */
static struct policies *load(const struct config *config)
{
	_cleanup_free_ struct policies_report *report = calloc(1, sizeof(*report));
	struct policies *policies = NULL;
	struct policies_source source;
	struct policy_folders folders;

	policy_folders_init(&folders, config->policies);
	int r = policies_source_open(config->policies, folders.paths[1], &source);

	/* Who may not look into the folder sees the others. */
	if (r == -EACCES) {
		log_warning("cannot look into %s: %s", config->policies, strerror(EACCES));
		r = policies_source_open(NULL, folders.paths[1], &source);
	}
	if (r == 0 && report) {
		source.default_policy = config->default_policy;
		source.is_tolerant = true;
		r = policies_load(&source, &policies, report);
		policies_report_log(report, LOG_WARNING);
		policies_source_done(&source);
	}
	if (r < 0)
		log_error("cannot read the policies in %s: %s", config->policies, strerror(-r));
	return policies;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(listed_policy_name(*(const struct listed_policy *const *)left),
		      listed_policy_name(*(const struct listed_policy *const *)right));
}

static void show(struct policies_list *list)
{
	for (size_t i = 0; i < list->policies->count; i++)
		list->sorted[i] = &list->policies->list[i];
	qsort(list->sorted, list->policies->count, sizeof(void *), compare_names);
	if (list->is_json)
		show_json(list);
	else
		show_table(list);
}

int cli_policies(int argc, char **argv)
{
	struct policies_list list = { 0 };
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &list, &operands, &status))
		return status;
	__attribute__((cleanup(config_done))) struct config_file file = { 0 };
	const struct config *config = settings_find(&file);

	if (config == config_defaults())
		log_warning("cannot read " CONFIG_PATH ": the defaults are taken for it");
	struct policies *policies = load(config);

	if (!policies)
		return output_end(STATUS_FAILED, STATUS_FAILED);
	list.policies = policies;
	show(&list);
	policies_free(policies);
	return output_end(0, STATUS_FAILED);
}
