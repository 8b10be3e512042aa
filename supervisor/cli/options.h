/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_OPTIONS_H
#define NSXATTR_CLI_OPTIONS_H

/*
 * The options of one command as a table. One parser stores what a command line says in the members that the rows
 * name; --help, and what is suggested for a misspelt option, come from the same rows. --help and --version are
 * there without a row.
 *
 * A member that no option names keeps the value that it had, which is how defaults are given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/unix_socket.h"
#include "count_of.h"
#include "yaml/schema.h"

/* Exit statuses. */
#define STATUS_REFUSED 1 /* it is not so, or not allowed */
#define STATUS_USAGE 2
#define STATUS_FAILED 2 /* it could not be found out */
/* As env(1) has them. */
#define STATUS_NOT_STARTED 125
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127

/* Rows of one table; static so that getopt_long(3)'s arrays are. */
#define OPTION_ROWS_MAX 30

enum option_type {
	OPTION_FLAG, /* takes no argument: a bool becomes true */
	OPTION_COUNT, /* takes no argument: an unsigned int grows by one */
	OPTION_TEXT, /* a const char * */
	OPTION_PATH, /* a const char *: an absolute path */
	OPTION_NUMBER, /* a uint32_t, from @least to @most */
	OPTION_WORD, /* an enumeration or a bool: the number of one of @words */
	OPTION_KEYS, /* KEY=VALUE, as one of @keys says */
	OPTION_PARSED, /* whatever parse() does */
};

/** struct option_row - one option */
struct option_row {
	const char *name; /* the long one, without dashes */
	char letter; /* the short one; 0: none */
	const char *argument; /* what --help calls it; NULL: takes none, or one of @words */
	const char *help;
	bool is_required;
	bool may_lack_argument; /* parse() gets NULL then */
	enum option_type type;
	struct schema_member into;
	uint32_t least, most; /* a path: @most bytes; 0: no bound */
	const struct schema_word *words;
	size_t word_count;
	const struct option_row *keys;
	size_t key_count;
	/* Return: NULL; or what is wrong with the argument, to come behind it in a message. */
	const char *(*check)(const char *argument); /* of a text; NULL: any is right */
	const char *(*parse)(void *request, const char *argument);
};

/* ---- the end of a row: where the argument goes ---- */

#define INTO_FLAG(structure, member) \
	.type = OPTION_FLAG, .into = SCHEMA_MEMBER(structure, member, bool)
#define INTO_COUNT(structure, member) \
	.type = OPTION_COUNT, .into = SCHEMA_MEMBER(structure, member, unsigned int)
#define INTO_TEXT(structure, member) \
	.type = OPTION_TEXT, .into = SCHEMA_MEMBER(structure, member, const char *)
#define INTO_PATH(structure, member) \
	.type = OPTION_PATH, .into = SCHEMA_MEMBER(structure, member, const char *)
#define INTO_SOCKET(structure, member) \
	INTO_PATH(structure, member), .most = UNIX_SOCKET_PATH_SIZE - 1
#define INTO_NUMBER(structure, member, least, most)       \
	.type = OPTION_NUMBER, SCHEMA_RANGE(least, most), \
	.into = SCHEMA_MEMBER(structure, member, uint32_t)
#define INTO_WORD(structure, member, array)           \
	.type = OPTION_WORD, SCHEMA_WORD_LIST(array), \
	.into = SCHEMA_MEMBER_IF(structure, member, SCHEMA_HOLDS_WORD(structure, member))
#define INTO_KEYS(array) .type = OPTION_KEYS, .keys = (array), .key_count = COUNT_OF(array)
#define PARSED_BY(function) .type = OPTION_PARSED, .parse = (function)

/** struct option_table - the options of one command */
struct option_table {
	const char *command; /* "nsxattr run" */
	const char *operands; /* "[--] COMMAND [ARGUMENT]..." */
	const char *about; /* a sentence or two; lines of at most 79 columns */
	const struct option_row *rows;
	size_t count; /* of rows, at most OPTION_ROWS_MAX */
	bool takes_operands;
	bool has_options_behind; /* they may stand behind operands, too */
	bool has_long_names_only; /* and its --version is another program's: --help tells of neither */
	const char *missing; /* "COMMAND": the operand that must be there; NULL: none need be */
};

#define OPTION_ROWS(array) .rows = (array), .count = COUNT_OF(array)

/**
 * options_parse() - store the options of a command line, up to the first operand, unless the table says otherwise
 * @table: the options
 * @argc: as in main()
 * @argv: as in main(); argv[0] is the command itself
 * @request: the structure that rows store into
 * @ret_operands: the operands, and NULL
 * @ret_status: if there is nothing to do: the exit status. A question is answered, or a message logged
 *
 * Return: whether there is something to do.
 */
bool options_parse(const struct option_table *table, int argc, char **argv, void *request,
		   char ***ret_operands, int *ret_status);

/** options_refuse() - log what is wrong with a command line, and where it is explained. Return: STATUS_USAGE. */
int options_refuse(const struct option_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
