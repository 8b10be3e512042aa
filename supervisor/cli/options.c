/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * getopt_long(3) does the parsing, so that abbreviations, "--name value", "--name=value", "-vv"
 * and "--" mean what they mean everywhere; a leading '+' makes it stop at the first operand, as
 * POSIX has it. Each option's value is the index of its row above the range of characters.
 */
#include "cli/options.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/version.h"
#include "yaml/spelling.h"

#define VALUE_OF_ROW_0 256
#define HELP_WIDTH 30

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

static const struct option_row *row_at(const struct option_table *table, size_t index)
{
	return index < table->count ? &table->rows[index] : &answers[index - table->count];
}

static void fill_arrays(const struct option_table *table, struct getopt_arrays *arrays)
{
	char *letter = arrays->letters;

	*letter++ = '+'; /* stop at the first operand */
	*letter++ = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < table->count + ANSWER_COUNT; i++) {
		const struct option_row *row = row_at(table, i);

		arrays->longs[i] = (struct option){
			.name = row->name,
			.has_arg = row->argument ? required_argument : no_argument,
			.val = (int)i + VALUE_OF_ROW_0,
		};
		if (!row->letter)
			continue;
		*letter++ = row->letter;
		if (row->argument)
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

static void show_row(const struct option_row *row)
{
	char left[80];

	snprintf(left, sizeof(left), "  %c%c%s --%s%s%s", row->letter ? '-' : ' ',
		 row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
		 row->argument ? "=" : "", row->argument ? row->argument : "");
	if (strlen(left) < HELP_WIDTH)
		printf("%-*s%s\n", HELP_WIDTH, left, row->help);
	else
		printf("%s\n%*s%s\n", left, HELP_WIDTH, "", row->help);
}

static bool is_answer(const struct option_row *row)
{
	return row == &answers[ANSWER_HELP] || row == &answers[ANSWER_VERSION];
}

static enum options_result answer(const struct option_table *table, const struct option_row *row)
{
	if (row == &answers[ANSWER_VERSION]) {
		printf("nsxattr %s\n", NSXATTR_VERSION);
		return OPTIONS_ANSWERED;
	}
	printf("Usage: %s [OPTION]... %s\n\n%s\n\n", table->command, table->operands, table->about);
	for (size_t i = 0; i < table->count + ANSWER_COUNT; i++)
		show_row(row_at(table, i));
	return OPTIONS_ANSWERED;
}

enum options_result options_suggest_help(const struct option_table *table)
{
	log_error("Try '%s --help' for more information", table->command);
	return OPTIONS_REFUSED;
}

/** refuse_unknown() - say that there is no such option, and what it may have been meant to be */
static void refuse_unknown(const struct option_table *table, const char *word)
{
	char name[80];

	if (strncmp(word, "--", 2) != 0) {
		log_error("unknown option '-%c'", optopt);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	struct spelling spelling = { .word = name };

	for (size_t i = 0; i < table->count + ANSWER_COUNT; i++)
		spelling_offer(&spelling, row_at(table, i)->name);
	if (spelling.nearest)
		log_error("unknown option '--%s'; did you mean '--%s'?", name, spelling.nearest);
	else
		log_error("unknown option '--%s'", name);
}

/** refuse() - say what getopt_long() did not like; @value is what it returned */
static enum options_result refuse(const struct option_table *table, int value, const char *word)
{
	const struct option_row *row = row_of(table, optopt);

	if (value == ':' && row)
		log_error("option '--%s' needs an argument: --%s=%s", row->name, row->name,
			  row->argument);
	else if (row)
		log_error("option '--%s' takes no argument", row->name);
	else
		refuse_unknown(table, word);
	return options_suggest_help(table);
}

static enum options_result apply(const struct option_table *table, const struct option_row *row,
				 void *request)
{
	const char *complaint = row->apply ? row->apply(request, optarg) : NULL;

	if (!row->apply)
		*(bool *)((char *)request + row->flag) = true;
	if (!complaint)
		return OPTIONS_PARSED;
	if (row->argument)
		log_error("--%s=%s %s", row->name, optarg, complaint);
	else
		log_error("--%s %s", row->name, complaint);
	return options_suggest_help(table);
}

enum options_result options_parse(const struct option_table *table, int argc, char **argv,
				  void *request, int *ret_operand)
{
	struct getopt_arrays arrays = { 0 };
	enum options_result result = OPTIONS_PARSED;

	fill_arrays(table, &arrays);
	opterr = 0;
	optind = 0; /* glibc's way to begin anew */
	while (result == OPTIONS_PARSED) {
		/* Before the call optind is at the word it will read, within a cluster too. */
		int word = optind > 0 ? optind : 1;
		int value = getopt_long(argc, argv, arrays.letters, arrays.longs, NULL);

		if (value < 0)
			break;
		const struct option_row *row = row_of(table, value);

		if (!row)
			result = refuse(table, value, argv[word]);
		else if (is_answer(row))
			result = answer(table, row);
		else
			result = apply(table, row, request);
	}
	if (result == OPTIONS_PARSED)
		*ret_operand = optind;
	return result;
}

int option_choice(const char *words, const char *argument)
{
	size_t length = strlen(argument);

	for (int i = 0; words; i++) {
		size_t end = strcspn(words, "|");

		if (end == length && strncmp(words, argument, length) == 0)
			return i;
		words = words[end] ? words + end + 1 : NULL;
	}
	return -1;
}
