/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

#include "cli/subcommand.h"

enum color { RED = 3, GREEN };

struct request {
	bool is_bold, is_upright;
	unsigned int depth;
	const char *name, *folder, *socket;
	uint32_t size;
	enum color color;
};

static const struct schema_word colors[] = { { "red", RED }, { "green", GREEN } };
static const struct schema_word slopes[] = { { "italic", false }, { "upright", true } };

static const struct option_row keys[] = {
	{ "color", INTO_WORD(struct request, color, colors) },
	{ "slope", INTO_WORD(struct request, is_upright, slopes) },
};

static const char *check_name(const char *argument)
{
	return *argument ? NULL : "is empty";
}

static const struct option_row rows[] = {
	{ "bold", 'b', NULL, "as a flag", INTO_FLAG(struct request, is_bold) },
	{ "deep", 'd', NULL, "as a number of times", INTO_COUNT(struct request, depth) },
	{ "name", 'n', "NAME", "as a text", INTO_TEXT(struct request, name), .check = check_name },
	{ "folder", 0, "FOLDER", "as a path", INTO_PATH(struct request, folder) },
	{ "socket", 0, "PATH", "as a short path", INTO_SOCKET(struct request, socket) },
	{ "size", 0, "N", "as a number", INTO_NUMBER(struct request, size, 5, UINT32_MAX) },
	{ "color", 0, NULL, "as a word", INTO_WORD(struct request, color, colors) },
	{ "with", 0, "KEY=VALUE", "as one of several", INTO_KEYS(keys) },
};

static const struct option_table table = {
	.command = "letter",
	.operands = "",
	.about = "What a letter looks like.",
	.rows = rows,
	.count = COUNT_OF(rows),
};

static struct request request;
static char *words[8];
static int status;

static bool parse(const struct option_table *by, char *first, char *second)
{
	char **operands;

	memcpy(words, (char *[]){ (char *)"letter", first, second, NULL }, 4 * sizeof(words[0]));
	request = (struct request){ 0 };
	return options_parse(by, 1 + (first != NULL) + (second != NULL), words, &request, &operands,
			     &status);
}

static void expect_message(const char *command, const char *message)
{
	char expected[512];

	snprintf(expected, sizeof(expected),
		 "nsxattr: %s\nnsxattr: Try '%s --help' for more information\n", message, command);
	cr_expect_stderr_eq_str(expected);
	cr_expect_eq(status, STATUS_USAGE);
}

static void refuses(char *word, const char *message)
{
	cr_redirect_stderr();
	cr_expect_not(parse(&table, word, NULL));
	expect_message("letter", message);
}

Test(options, stores_each_type)
{
	cr_assert(parse(&table, (char *)"-bddd", (char *)"--name=a"));
	cr_expect(request.is_bold);
	cr_expect_eq(request.depth, 3);
	cr_expect_str_eq(request.name, "a");
	cr_assert(parse(&table, (char *)"--folder=/b", (char *)"--socket=/c"));
	cr_expect_str_eq(request.folder, "/b");
	cr_expect_str_eq(request.socket, "/c");
	cr_assert(parse(&table, (char *)"--size=4294967295", (char *)"--color=green"));
	cr_expect_eq(request.size, UINT32_MAX);
	cr_expect_eq(request.color, GREEN);
	cr_assert(parse(&table, (char *)"--with=color=red", (char *)"--with=slope=upright"));
	cr_expect_eq(request.color, RED);
	cr_expect(request.is_upright);
	cr_expect_not(request.is_bold);
}

Test(options, refuses_what_a_check_refuses)
{
	refuses((char *)"--name=", "--name= is empty");
}

Test(options, refuses_a_path_that_is_not_absolute)
{
	refuses((char *)"--folder=b", "--folder=b is not an absolute path");
}

Test(options, refuses_a_socket_of_which_no_address_has_room)
{
	char option[] = "--socket=/"
			"123456789 123456789 123456789 123456789 123456789 "
			"123456789 123456789 123456789 123456789 123456789 1234567";
	char message[256];

	snprintf(message, sizeof(message), "%s is longer than the 107 bytes that a path has here",
		 option);
	refuses(option, message);
}

Test(options, refuses_a_number_out_of_its_range)
{
	refuses((char *)"--size=4", "--size=4 is not a number from 5 to 4294967295");
}

Test(options, refuses_a_number_that_does_not_fit)
{
	refuses((char *)"--size=18446744073709551621",
		"--size=18446744073709551621 is not a number from 5 to 4294967295");
}

Test(options, refuses_a_number_with_a_sign)
{
	refuses((char *)"--size=-5", "--size=-5 is not a number from 5 to 4294967295");
}

Test(options, lists_the_words)
{
	refuses((char *)"--color=blue", "--color=blue is not one of red|green");
}

Test(options, says_which_words_are_missing)
{
	refuses((char *)"--color", "option '--color' needs an argument: --color=red|green");
}

Test(options, lists_the_keys)
{
	refuses((char *)"--with=shape=round",
		"--with=shape=round is not one of color=red|green, slope=italic|upright");
}

Test(options, wants_a_value_for_a_key)
{
	refuses((char *)"--with=color",
		"--with=color is not one of color=red|green, slope=italic|upright");
}

Test(options, lists_the_values_of_a_key)
{
	refuses((char *)"--with=color=blue", "--with=color=blue is not one of red|green");
}

Test(options, refuses_an_argument_that_is_not_expected)
{
	refuses((char *)"more", "unexpected argument 'more'");
}

Test(options, misses_an_operand)
{
	const struct option_table picky = { .command = "letter",
					    .takes_operands = true,
					    .missing = "PAPER: what to write on" };

	cr_redirect_stderr();
	cr_expect_not(parse(&picky, NULL, NULL));
	expect_message("letter", "missing PAPER: what to write on");
}

Test(options, misses_an_option)
{
	const struct option_row needed[] = {
		{ "bold", 'b', NULL, "", INTO_FLAG(struct request, is_bold) },
		{ "color", 0, NULL, "", .is_required = true,
		  INTO_WORD(struct request, color, colors) },
	};
	const struct option_table picky = { .command = "letter", .rows = needed, .count = 2 };

	cr_expect(parse(&picky, (char *)"--color=red", NULL));
	cr_redirect_stderr();
	cr_expect_not(parse(&picky, (char *)"-b", NULL));
	expect_message("letter", "missing --color=red|green");
}

/* ---- subcommands ---- */

static int write_letter(int argc, char **argv)
{
	cr_expect_str_eq(argv[0], "write");
	return argc;
}

static const struct subcommand kinds[] = {
	{ "write", "put it on paper", write_letter },
	{ "send", "put it into a box", write_letter },
	{ "burn", "put it into a fire", write_letter },
};

static const struct subcommand_table commands = {
	.command = "letter",
	.noun = "KIND",
	.intro = "What is done with letters:",
	.entries = kinds,
	.count = COUNT_OF(kinds),
};

static void run(char *word)
{
	memcpy(words, (char *[]){ (char *)"letter", word, (char *)"x", NULL },
	       4 * sizeof(words[0]));
	status = subcommand_run(&commands, word ? 3 : 1, words);
}

Test(options, hands_the_rest_to_a_subcommand)
{
	run((char *)"write");
	cr_expect_eq(status, 2);
}

Test(options, misses_a_subcommand)
{
	cr_redirect_stderr();
	run(NULL);
	expect_message("letter", "missing KIND: write, send or burn");
}

Test(options, suggests_a_subcommand)
{
	cr_redirect_stderr();
	run((char *)"wriet");
	expect_message("letter", "unknown KIND 'wriet'; did you mean 'write'?");
}

Test(options, lists_the_subcommands)
{
	cr_redirect_stderr();
	run((char *)"translate");
	expect_message("letter", "unknown KIND 'translate'; there are: write, send or burn");
}
