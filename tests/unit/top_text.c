/* SPDX-License-Identifier: Apache-2.0 */
/* What containers did between two answers of the daemon's. */
#include "cli/top_text.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

#define QUIET "{\"runtime\":\"lxc\",\"id\":\"quiet\",\"name\":\"quiet\",\"owner\":0,\"since\":1,"
#define BUSY "{\"runtime\":\"lxc\",\"id\":\"busy\",\"name\":\"busy\",\"owner\":0,\"since\":1,"

static const char before[] =
	"{\"version\":\"1\",\"worker-deaths\":1,\"containers\":[" BUSY
	"\"requests\":100,\"errors\":10,\"left-to-kernel\":5,\"stuck\":1,\"late\":0,\"in-flight\":1,"
	"\"in-flight-most\":128,\"reasons\":{\"rule-deny\":10},\"latency\":{\"classes\":[100]}}," QUIET
	"\"requests\":7}]}";

static const char after[] =
	"{\"version\":\"1\",\"worker-deaths\":1,\"containers\":[" QUIET
	"\"requests\":7,\"in-flight\":0,\"in-flight-most\":128}," BUSY
	"\"requests\":300,\"errors\":30,\"left-to-kernel\":15,\"stuck\":2,\"late\":1,\"in-flight\":2,"
	"\"in-flight-most\":128,\"reasons\":{\"rule-deny\":15,\"absent\":9,\"name\":6},"
	"\"latency\":{\"classes\":[100,0,0,200]}}]}";

static struct json_object *first, *second;
static struct top_row *rows;
static size_t count;

static void compare(const char *from, const char *to)
{
	first = from ? json_tokener_parse(from) : NULL;
	second = json_tokener_parse(to);
	rows = top_rows_new(first, second, 2, &count);
	cr_assert_not_null(rows);
}

static void finish(void)
{
	top_rows_free(rows, count);
	json_object_put(first);
	json_object_put(second);
}

/* Return: a row as it is shown, the caller's. */
static char *shown(const struct top_row *row, bool has_colour)
{
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	top_print_row(row, NULL, has_colour, to);
	fclose(to);
	return text;
}

Test(top_text, tells_the_difference)
{
	compare(before, after);
	cr_assert_eq(count, 2);
	cr_expect_eq(rows[0].requests, 100);
	cr_expect_eq(rows[0].errors, 10);
	cr_expect_eq(rows[0].kernels, 5);
	cr_expect_eq(rows[0].stuck + rows[0].late, 2);
	cr_expect_eq(rows[0].latency[0], 0);
	cr_expect_eq(rows[0].latency[3], 200);
	cr_expect_eq(rows[1].requests, 0);
	finish();
}

Test(top_text, has_the_busiest_first)
{
	compare(before, after);
	_cleanup_free_ char *text = shown(&rows[0], false);

	cr_expect_str_eq(
		text,
		"busy                          100.0        5.0       10.0       10       11  "
		"    2/128      2  9 absent, 6 name, 5 rule-deny\n");
	finish();
}

Test(top_text, has_a_dash_for_what_there_was_not)
{
	compare(before, after);
	_cleanup_free_ char *text = shown(&rows[1], true);

	cr_expect_str_eq(
		text,
		"quiet                           0.0        0.0        0.0        -        -  "
		"    0/128      0  -\n");
	finish();
}

Test(top_text, marks_what_is_wrong)
{
	compare(before, after);
	_cleanup_free_ char *text = shown(&rows[0], true);

	cr_expect_not_null(strstr(text, "\033[31m     10.0\033[m"));
	cr_expect_not_null(strstr(text, "\033[31m    2\033[m"));
	finish();
}

/* A worker that is replaced begins to count anew. */
Test(top_text, takes_a_counter_that_begins_anew_as_it_is)
{
	compare(after, before);
	cr_expect_eq(rows[0].requests, 50);
	finish();
}

Test(top_text, counts_what_a_new_container_has_done)
{
	compare(NULL, before);
	cr_expect_eq(rows[0].requests, 50);
	cr_expect_eq(rows[1].requests, 3.5);
	finish();
}

Test(top_text, shows_names_without_what_steers_a_terminal)
{
	compare(NULL,
		"{\"containers\":[{\"id\":\"a\",\"name\":\"\\u001b[31m and a name that is very long\"}]}");
	_cleanup_free_ char *text = shown(&rows[0], false);

	cr_expect_eq(strncmp(text, "\\x1b[31m\\x20and\\x20  ", 18), 0, "%s", text);
	finish();
}

Test(top_text, bears_nonsense)
{
	compare("{}", "{\"containers\":[{},{\"latency\":7,\"reasons\":[],\"requests\":\"x\"}]}");
	_cleanup_free_ char *text = shown(&rows[0], false);

	cr_expect_eq(count, 2);
	finish();
}
