/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set is read as the daemon reads it (daemon/policies.h), by its settings, so that what is said of a user is
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
#include "base/log.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "count_of.h"
#include "daemon/policies.h"
#include "daemon/policy_folders.h"

struct policies_list {
	bool is_json;
	struct policies_item *items; /* of the set */
	size_t count;
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
	.rows = rows,
	.count = COUNT_OF(rows),
};

static void collect(const struct policies_item *item, void *argument)
{
	struct policies_list *list = argument;

	list->items[list->count++] = *item;
}

/* ---- for programs ---- */

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static struct json_object *place_json(const struct policies_item *item)
{
	char path[PATH_MAX];

	if (!item->folder)
		return json_object_new_string("built in");
	snprintf(path, sizeof(path), "%s/%s.yaml", item->folder, item->name);
	return json_object_new_string(path);
}

static void show_json(const struct policies_list *list)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct policies_item *item = &list->items[i];
		struct json_object *entry = json_object_new_object();

		add(entry, "name", json_object_new_string(item->name));
		if (item->description)
			add(entry, "description", json_object_new_string(item->description));
		add(entry, "from", place_json(item));
		add(entry, "may-use", json_object_new_boolean(!item->objection));
		if (item->objection)
			add(entry, "reason", json_object_new_string(item->objection));
		json_object_array_add(array, entry);
	}
	add(object, "policies", array);
	output_json(object);
}

/* ---- for people ---- */

static int wider(int width, const char *text)
{
	int length = (int)strlen(text);

	return length > width ? length : width;
}

static const char *folder_of(const struct policies_item *item)
{
	return item->folder ? item->folder : "built in";
}

/* A description is its author's; what could steer a terminal is not shown as it is. */
static void show_description(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
	putchar('\n');
}

static void show_table(const struct policies_list *list)
{
	int name = (int)strlen("NAME"), from = (int)strlen("FROM");

	for (size_t i = 0; i < list->count; i++) {
		name = wider(name, list->items[i].name);
		from = wider(from, folder_of(&list->items[i]));
	}
	printf("%-*s  USE  %-*s  DESCRIPTION\n", name, "NAME", from, "FROM");
	for (size_t i = 0; i < list->count; i++) {
		const struct policies_item *item = &list->items[i];

		printf("%-*s  %-3s  %-*s  ", name, item->name, item->objection ? "no" : "yes", from,
		       folder_of(item));
		show_description(item->description ? item->description : "-");
	}
}

/* ---- the whole ---- */

static void log_report(const struct policies_report *report)
{
	const char *line = report->text;

	while (*line) {
		int length = (int)strcspn(line, "\n");

		log_warning("%.*s", length, line);
		line += length + (line[length] == '\n');
	}
}

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
		log_report(report);
		policies_source_done(&source);
	}
	if (r < 0)
		log_error("cannot read the policies in %s: %s", config->policies, strerror(-r));
	return policies;
}

static int show(struct policies_list *list)
{
	__attribute__((cleanup(config_done))) struct config_file file = { 0 };
	const struct config *config = settings_find(&file);

	if (config == config_defaults())
		log_warning("cannot read " CONFIG_PATH ": the defaults are taken for it");
	struct policies *policies = load(config);

	list->items = policies ? calloc(POLICIES_TOTAL_MAX, sizeof(*list->items)) : NULL;
	if (list->items) {
		policies_visit(policies, getuid(), collect, list);
		if (list->is_json)
			show_json(list);
		else
			show_table(list);
	}
	int status = list->items ? 0 : STATUS_FAILED;

	free(list->items);
	policies_free(policies);
	return status;
}

int cli_policies(int argc, char **argv)
{
	struct policies_list list = { 0 };
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &list, &operands, &status))
		return status;
	return output_end(show(&list), STATUS_FAILED);
}
