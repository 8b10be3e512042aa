/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/subcommand.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/options.h"
#include "yaml/spelling.h"

#define ABOUT_SIZE 1024

/* The help, with a line for each. */
static struct option_table describe(const struct subcommand_table *table, char about[ABOUT_SIZE])
{
	size_t length = (size_t)snprintf(about, ABOUT_SIZE, "%s", table->intro);

	for (size_t i = 0; i < table->count && length < ABOUT_SIZE; i++)
		length += (size_t)snprintf(about + length, ABOUT_SIZE - length, "\n  %-28s%s",
					   table->entries[i].name, table->entries[i].summary);
	assert(length < ABOUT_SIZE);
	return (struct option_table){
		.command = table->command,
		.operands = table->operands,
		.about = about,
	};
}

static void refuse(const struct subcommand_table *table, const char *name)
{
	struct spelling spelling = { .word = name };

	for (size_t i = 0; i < table->count; i++)
		spelling_offer(&spelling, table->entries[i].name);
	if (spelling.nearest)
		log_error("%s '%s'; did you mean '%s'?", table->unknown, name, spelling.nearest);
	else
		log_error("%s '%s'", table->unknown, name);
}

int subcommand_run(const struct subcommand_table *table, int argc, char **argv)
{
	char about[ABOUT_SIZE];
	const struct option_table options = describe(table, about);
	int operand = argc;
	enum options_result result = options_parse(&options, argc, argv, NULL, &operand);

	if (result != OPTIONS_PARSED)
		return result == OPTIONS_ANSWERED ? 0 : STATUS_USAGE;
	for (size_t i = 0; operand < argc && i < table->count; i++)
		if (strcmp(table->entries[i].name, argv[operand]) == 0)
			return table->entries[i].run(argc - operand, argv + operand);
	if (operand < argc)
		refuse(table, argv[operand]);
	else
		log_error("%s", table->missing);
	options_suggest_help(&options);
	return STATUS_USAGE;
}
