/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/subcommand.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "yaml/spelling.h"

#define ABOUT_SIZE 2048
#define OPERANDS_SIZE 40
#define NAMES_SIZE 160

/* The help, with a line for each. */
static void describe(const struct subcommand_table *table, char about[ABOUT_SIZE])
{
	size_t length = (size_t)snprintf(about, ABOUT_SIZE, "%s", table->intro);

	for (size_t i = 0; i < table->count && length < ABOUT_SIZE; i++)
		length += (size_t)snprintf(about + length, ABOUT_SIZE - length, "\n  %-28s%s",
					   table->entries[i].name, table->entries[i].summary);
	assert(length < ABOUT_SIZE);
}

/* "oci-precreate, oci or lxc" */
static void list_names(const struct subcommand_table *table, char names[NAMES_SIZE])
{
	size_t length = 0;

	for (size_t i = 0; i < table->count && length < NAMES_SIZE; i++)
		length += (size_t)snprintf(names + length, NAMES_SIZE - length, "%s%s",
					   i == 0		? "" :
					   i + 1 < table->count ? ", " :
								  " or ",
					   table->entries[i].name);
	assert(length < NAMES_SIZE);
}

static int refuse(const struct subcommand_table *table, const struct option_table *options,
		  const char *name)
{
	struct spelling spelling = { .word = name ? name : "" };
	char names[NAMES_SIZE] = "";

	list_names(table, names);
	if (!name)
		return options_refuse(options, "missing %s: %s", table->noun, names);
	for (size_t i = 0; i < table->count; i++)
		spelling_offer(&spelling, table->entries[i].name);
	if (spelling.nearest)
		return options_refuse(options, "unknown %s '%s'; did you mean '%s'?", table->noun,
				      name, spelling.nearest);
	return options_refuse(options, "unknown %s '%s'; there are: %s", table->noun, name, names);
}

int subcommand_run(const struct subcommand_table *table, int argc, char **argv)
{
	char about[ABOUT_SIZE], operands[OPERANDS_SIZE], **words;
	const struct option_table options = {
		.command = table->command,
		.operands = operands,
		.about = about,
		.takes_operands = true,
	};
	int status;

	describe(table, about);
	snprintf(operands, sizeof(operands), "%s [ARGUMENT]...", table->noun);
	if (!options_parse(&options, argc, argv, NULL, &words, &status))
		return status;
	for (size_t i = 0; *words && i < table->count; i++)
		if (strcmp(table->entries[i].name, *words) == 0)
			return table->entries[i].run(argc - (int)(words - argv), words);
	return refuse(table, &options, *words);
}
