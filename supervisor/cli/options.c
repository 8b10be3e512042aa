/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * getopt_long(3) does the parsing, so that abbreviations, "--name value", "--name=value", "-vv"
 * and "--" mean what they mean everywhere; a leading '+' makes it stop at the first operand, as
 * POSIX has it. Each option's value is the index of its row above the range of characters.
 */
#include "cli/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/version.h"
#include "decimal.h"
#include "yaml/spelling.h"

#define VALUE_OF_ROW_0 256
#define HELP_WIDTH 30
#define TEXT_SIZE 256

/* The two that every command has; they are answered by the parser. */
enum answer { ANSWER_HELP, ANSWER_VERSION, ANSWER_COUNT };

static const struct option_row answers[ANSWER_COUNT] = {
	[ANSWER_HELP] = { .name = "help", .letter = 'h', .help = "show this help" },
	[ANSWER_VERSION] = { .name = "version", .letter = 'V', .help = "show the version" },
};

/* What getopt_long() wants to have. */
struct getopt_arrays {
	char letters[2 + 2 * (OPTION_ROWS_MAX + ANSWER_COUNT) + 1];
	struct option longs[OPTION_ROWS_MAX + ANSWER_COUNT + 1];
};

/* A text that is put together; it is cut where it does not fit. */
struct text {
	char bytes[TEXT_SIZE];
};

__attribute__((format(printf, 2, 3))) static const char *append(struct text *text,
								const char *format, ...)
{
	size_t length = strlen(text->bytes);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text->bytes + length, sizeof(text->bytes) - length, format, arguments);
	va_end(arguments);
	return text->bytes;
}

static const struct option_row *row_at(const struct option_table *table, size_t index)
{
	return index < table->count ? &table->rows[index] : &answers[index - table->count];
}

static bool takes_argument(const struct option_row *row)
{
	return row->argument || row->type == OPTION_WORD;
}

static int argument_kind(const struct option_row *row)
{
	if (row->may_lack_argument)
		return optional_argument;
	return takes_argument(row) ? required_argument : no_argument;
}

static void fill_arrays(const struct option_table *table, struct getopt_arrays *arrays)
{
	char *letter = arrays->letters;

	assert(table->count <= OPTION_ROWS_MAX);
	if (!table->has_options_behind)
		*letter++ = '+'; /* stop at the first operand */
	*letter++ = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < table->count + ANSWER_COUNT; i++) {
		const struct option_row *row = row_at(table, i);

		arrays->longs[i] = (struct option){
			.name = row->name,
			.has_arg = argument_kind(row),
			.val = (int)i + VALUE_OF_ROW_0,
		};
		if (!row->letter)
			continue;
		*letter++ = row->letter;
		if (takes_argument(row))
			*letter++ = ':';
	}
}

/* Return: the row of what getopt_long() returned, or left in optopt; NULL if it is none. */
static const struct option_row *row_of(const struct option_table *table, int value)
{
	if (value >= VALUE_OF_ROW_0)
		return row_at(table, (size_t)(value - VALUE_OF_ROW_0));
	for (size_t i = 0; i < table->count + ANSWER_COUNT; i++)
		if (value != 0 && row_at(table, i)->letter == value)
			return row_at(table, i);
	return NULL;
}

/* ---- what the rows say of themselves ---- */

static void append_words(struct text *text, const struct option_row *row)
{
	for (size_t i = 0; i < row->word_count; i++)
		append(text, "%s%s", i > 0 ? "|" : "", row->words[i].text);
}

/* "--name", "--name=ARGUMENT" or "--name[=ARGUMENT]" */
static void append_usage(struct text *text, const struct option_row *row)
{
	if (row->may_lack_argument) {
		append(text, "--%s[=%s]", row->name, row->argument);
		return;
	}
	append(text, "--%s%s%s", row->name, takes_argument(row) ? "=" : "",
	       row->argument ? row->argument : "");
	if (!row->argument)
		append_words(text, row);
}

static void show_row(const struct option_table *table, const struct option_row *row)
{
	struct text left = { "" };

	if (table->has_long_names_only && row == &answers[ANSWER_VERSION])
		return;
	if (row->letter && !table->has_long_names_only)
		append(&left, "  -%c, ", row->letter);
	else
		append(&left, "      ");
	append_usage(&left, row);
	if (strlen(left.bytes) < HELP_WIDTH)
		printf("%-*s%s\n", HELP_WIDTH, left.bytes, row->help);
	else
		printf("%s\n%*s%s\n", left.bytes, HELP_WIDTH, "", row->help);
}

static void show_help(const struct option_table *table)
{
	printf("Usage: %s [OPTION]... %s\n\n%s\n\n", table->command, table->operands, table->about);
	for (size_t i = 0; i < table->count + ANSWER_COUNT; i++)
		show_row(table, row_at(table, i));
}

/* ---- what is wrong ---- */

int options_refuse(const struct option_table *table, const char *format, ...)
{
	char message[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	log_error("%s", message);
	log_error("Try '%s --help' for more information", table->command);
	return STATUS_USAGE;
}

static int refuse_unknown(const struct option_table *table, const char *word)
{
	struct text name = { "" };
	struct spelling spelling = { .word = name.bytes };

	if (strncmp(word, "--", 2) != 0)
		return options_refuse(table, "unknown option '-%c'", optopt);
	append(&name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
	for (size_t i = 0; i < table->count + ANSWER_COUNT; i++)
		spelling_offer(&spelling, row_at(table, i)->name);
	if (spelling.nearest)
		return options_refuse(table, "unknown option '--%s'; did you mean '--%s'?",
				      name.bytes, spelling.nearest);
	return options_refuse(table, "unknown option '--%s'", name.bytes);
}

/** refuse_word() - what getopt_long() did not like; @value is what it returned */
static int refuse_word(const struct option_table *table, int value, const char *word)
{
	const struct option_row *row = row_of(table, optopt);
	struct text usage = { "" };

	if (!row)
		return refuse_unknown(table, word);
	if (value != ':')
		return options_refuse(table, "option '--%s' takes no argument", row->name);
	append_usage(&usage, row);
	return options_refuse(table, "option '--%s' needs an argument: %s", row->name, usage.bytes);
}

/* ---- storing: each returns NULL, or what is wrong, to come behind the argument ---- */

static const char *store(const struct option_row *row, void *request, const char *argument,
			 struct text *complaint);

static const char *store_path(const struct option_row *row, const char **place,
			      const char *argument, struct text *complaint)
{
	*place = argument;
	if (argument[0] != '/')
		return "is not an absolute path";
	if (row->most > 0 && strlen(argument) > row->most)
		return append(complaint, "is longer than the %u bytes that a path has here",
			      row->most);
	return NULL;
}

static const char *store_number(const struct option_row *row, uint32_t *place, const char *argument,
				struct text *complaint)
{
	uint32_t number;

	if (!decimal_parse(argument, strlen(argument), &number) || number < row->least ||
	    number > row->most)
		return append(complaint, "is not a number from %u to %u", row->least, row->most);
	*place = number;
	return NULL;
}

static const char *store_word(const struct option_row *row, void *place, const char *argument,
			      struct text *complaint)
{
	for (size_t i = 0; i < row->word_count; i++) {
		if (strcmp(row->words[i].text, argument) != 0)
			continue;
		if (row->into.size == sizeof(bool))
			*(bool *)place = row->words[i].number;
		else
			*(uint32_t *)place = row->words[i].number;
		return NULL;
	}
	append(complaint, "is not one of ");
	append_words(complaint, row);
	return complaint->bytes;
}

static const char *store_key(const struct option_row *row, void *request, const char *argument,
			     struct text *complaint)
{
	size_t length = strcspn(argument, "=");

	for (size_t i = 0; i < row->key_count; i++)
		if (strlen(row->keys[i].name) == length && argument[length] == '=' &&
		    strncmp(row->keys[i].name, argument, length) == 0)
			return store(&row->keys[i], request, argument + length + 1, complaint);
	append(complaint, "is not one of");
	for (size_t i = 0; i < row->key_count; i++) {
		append(complaint, "%s %s=", i > 0 ? "," : "", row->keys[i].name);
		append_words(complaint, &row->keys[i]);
	}
	return complaint->bytes;
}

static const char *store(const struct option_row *row, void *request, const char *argument,
			 struct text *complaint)
{
	void *place = (char *)request + row->into.offset;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)place = true;
		return NULL;
	case OPTION_COUNT:
		++*(unsigned int *)place;
		return NULL;
	case OPTION_TEXT:
		*(const char **)place = argument;
		return row->check ? row->check(argument) : NULL;
	case OPTION_PATH:
		return store_path(row, place, argument, complaint);
	case OPTION_NUMBER:
		return store_number(row, place, argument, complaint);
	case OPTION_WORD:
		return store_word(row, place, argument, complaint);
	case OPTION_KEYS:
		return store_key(row, request, argument, complaint);
	case OPTION_PARSED:
	default:
		return row->parse(request, argument);
	}
}

/* ---- a command line ---- */

/* A command line that is being read. */
struct parse {
	const struct option_table *table;
	void *request;
	uint64_t seen; /* bits of rows */
	int status;
};

static_assert(OPTION_ROWS_MAX + ANSWER_COUNT <= 64, "each row has a bit");

/* Return: whether it is one that leaves something to do. */
static bool use_row(struct parse *parse, const struct option_row *row)
{
	struct text complaint = { "" };

	parse->status = 0;
	if (row == &answers[ANSWER_HELP] || row == &answers[ANSWER_VERSION]) {
		if (row == &answers[ANSWER_VERSION])
			printf("nsxattr %s\n", NSXATTR_VERSION);
		else
			show_help(parse->table);
		return false;
	}
	parse->seen |= UINT64_C(1) << (row - parse->table->rows);
	const char *wrong = store(row, parse->request, optarg, &complaint);

	if (wrong)
		parse->status = options_refuse(parse->table, "--%s%s%s %s", row->name,
					       takes_argument(row) ? "=" : "",
					       takes_argument(row) ? optarg : "", wrong);
	return !wrong;
}

static bool read_options(struct parse *parse, int argc, char **argv)
{
	struct getopt_arrays arrays = { 0 };

	fill_arrays(parse->table, &arrays);
	opterr = 0;
	optind = 0; /* glibc's way to begin anew */
	for (;;) {
		/* Before the call optind is at the word it will read, within a cluster too. */
		int word = optind > 0 ? optind : 1;
		int value = getopt_long(argc, argv, arrays.letters, arrays.longs, NULL);
		const struct option_row *row = value < 0 ? NULL : row_of(parse->table, value);

		if (value < 0)
			return true;
		if (!row)
			parse->status = refuse_word(parse->table, value, argv[word]);
		if (!row || !use_row(parse, row))
			return false;
	}
}

/* Is all there that has to be, and nothing else? */
static bool is_whole(struct parse *parse, char **operands)
{
	const struct option_table *table = parse->table;

	for (size_t i = 0; i < table->count; i++) {
		struct text usage = { "" };

		if (!table->rows[i].is_required || parse->seen >> i & 1)
			continue;
		append_usage(&usage, &table->rows[i]);
		parse->status = options_refuse(table, "missing %s", usage.bytes);
		return false;
	}
	if (*operands && !table->takes_operands)
		parse->status = options_refuse(table, "unexpected argument '%s'", *operands);
	else if (!*operands && table->missing)
		parse->status = options_refuse(table, "missing %s", table->missing);
	else
		return true;
	return false;
}

bool options_parse(const struct option_table *table, int argc, char **argv, void *request,
		   char ***ret_operands, int *ret_status)
{
	struct parse parse = { .table = table, .request = request };

	if (read_options(&parse, argc, argv) && is_whole(&parse, argv + optind)) {
		*ret_operands = argv + optind;
		return true;
	}
	*ret_status = parse.status;
	return false;
}
