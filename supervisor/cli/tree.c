/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of work on trees as a table. */
#include "cli/tree.h"

#include "cli/subcommand.h"
#include "count_of.h"

int cli_tree(int argc, char **argv)
{
	static const struct subcommand kinds[] = {
		{ "ls", "say whose values lie on trees", cli_tree_ls },
		{ "rekey", "give the values of one range of ids to another", cli_tree_rekey },
	};
	static const struct subcommand_table table = {
		.command = "nsxattr tree",
		.noun = "KIND",
		.intro = "Work on the values that containers have left on directory trees.\n\n"
			 "Kinds ('nsxattr tree KIND --help' explains each):",
		.entries = kinds,
		.count = COUNT_OF(kinds),
	};

	return subcommand_run(&table, argc, argv);
}
