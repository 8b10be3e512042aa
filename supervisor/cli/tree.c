/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of work on trees as a table. */
#include "cli/tree.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/options.h"
#include "spelling.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct tree_kind {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

static const struct tree_kind kinds[] = {
	{ "ls", "say whose values lie on trees", cli_tree_ls },
	{ "rekey", "give the values of one range of ids to another", cli_tree_rekey },
};

/* The help, with the kinds that there are. */
static struct option_table describe(char *about, size_t size)
{
	static const char intro[] =
		"Work on the values that containers have left on directory trees.\n\n"
		"Kinds ('nsxattr tree KIND --help' explains each):";
	size_t length = (size_t)snprintf(about, size, "%s", intro);

	for (size_t i = 0; i < COUNT_OF(kinds) && length < size; i++)
		length += (size_t)snprintf(about + length, size - length, "\n  %-28s%s",
					   kinds[i].name, kinds[i].summary);
	assert(length < size);
	return (struct option_table){
		.command = "nsxattr tree",
		.operands = "KIND [ARGUMENT]...",
		.about = about,
	};
}

static int refuse_kind(const struct option_table *table, const char *name)
{
	struct spelling spelling = { .word = name };

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		spelling_offer(&spelling, kinds[i].name);
	if (spelling.nearest)
		log_error("unknown work on trees '%s'; did you mean '%s'?", name, spelling.nearest);
	else
		log_error("unknown work on trees '%s'", name);
	options_suggest_help(table);
	return STATUS_USAGE;
}

int cli_tree(int argc, char **argv)
{
	char about[1024];
	struct option_table table = describe(about, sizeof(about));
	int operand = argc;

	switch (options_parse(&table, argc, argv, NULL, &operand)) {
	case OPTIONS_PARSED:
		break;
	case OPTIONS_ANSWERED:
		return 0;
	case OPTIONS_REFUSED:
	default:
		return STATUS_USAGE;
	}
	if (operand >= argc) {
		log_error("it is not said what to do: ls, rekey");
		options_suggest_help(&table);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].name, argv[operand]) == 0)
			return kinds[i].run(argc - operand, argv + operand);
	return refuse_kind(&table, argv[operand]);
}
