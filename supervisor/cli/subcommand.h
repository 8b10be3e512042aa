/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_SUBCOMMAND_H
#define NSXATTR_CLI_SUBCOMMAND_H

/* A command that only chooses among others, by the first operand. */

#include <stddef.h>

/** struct subcommand - one of them */
struct subcommand {
	const char *name;
	const char *summary;
	/* @argv: argv[0] is the name. Return: the exit status. */
	int (*run)(int argc, char **argv);
};

/** struct subcommand_table - all of them, and how messages speak of them */
struct subcommand_table {
	const char *command; /* "nsxattr hook" */
	const char *noun; /* how messages call one: "KIND" */
	const char *intro; /* of the help, which lists them */
	const struct subcommand *entries;
	size_t count;
};

/** subcommand_run() - run the one that the command line names. Return: the exit status. */
int subcommand_run(const struct subcommand_table *table, int argc, char **argv);

#endif
