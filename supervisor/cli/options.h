/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_OPTIONS_H
#define NSXATTR_CLI_OPTIONS_H

/*
 * The options of one command as a table: what is parsed, what --help shows and what is suggested
 * for a misspelt option all come from it. --help and --version are there without a row.
 */

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses as env(1) has them; below 125 they are the command's own. */
#define STATUS_USAGE 2
#define STATUS_NOT_STARTED 125
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127

/* Rows of one table; static so that getopt_long(3)'s arrays are. */
#define OPTION_ROWS_MAX 30

/** struct option_row - one option */
struct option_row {
	const char *name; /* the long one, without dashes */
	char letter; /* the short one; 0: none */
	const char *argument; /* what --help calls it; NULL: takes none */
	const char *help;
	/* Return: NULL; or what is wrong with the argument, to come behind it in a message. */
	const char *(*apply)(void *request, const char *argument);
	size_t flag; /* OPTION_FLAG() of what is set where there is no apply() */
};

/** OPTION_FLAG() - where a member of the request is; one that is no bool does not compile */
#define OPTION_FLAG(type, member) \
	(offsetof(type, member) + 0 * sizeof(char[_Generic(((type *)0)->member, bool : 1)]))

/** struct option_table - the options of one command */
struct option_table {
	const char *command; /* "nsxattr run" */
	const char *operands; /* "[--] COMMAND [ARGUMENT]..." */
	const char *about; /* a sentence or two; lines of at most 79 columns */
	const struct option_row *rows;
	size_t count; /* of rows, at most OPTION_ROWS_MAX */
};

enum options_result {
	OPTIONS_PARSED = 1,
	OPTIONS_ANSWERED, /* --help or --version: the answer is on standard output */
	OPTIONS_REFUSED, /* a message has been logged: exit with STATUS_USAGE */
};

/**
 * options_parse() - apply the options of a command line, up to the first operand
 * @table: the options
 * @argc: as in main()
 * @argv: as in main(); argv[0] is the command itself
 * @request: handed to each row's apply(), and what its flag is a member of
 * @ret_operand: OPTIONS_PARSED: the index of the first operand, @argc if there is none
 */
enum options_result options_parse(const struct option_table *table, int argc, char **argv,
				  void *request, int *ret_operand);

/** options_suggest_help() - log where the options are explained. Return: OPTIONS_REFUSED. */
enum options_result options_suggest_help(const struct option_table *table);

/** option_choice() - Return: which of @words, "WORD|WORD|...", an argument is; -1: none. */
int option_choice(const char *words, const char *argument);

#endif
