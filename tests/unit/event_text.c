/* SPDX-License-Identifier: Apache-2.0 */
/* An event as a line: whatever a target has written into it, it is one line, and steers no terminal. */
#include "cli/event_text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/event.h"
#include "base/fd.h"
#include "reason.h"

static struct event event;

static void begin(void)
{
	setenv("TZ", "UTC", 1);
	event = (struct event){
		.time = 1700000000000042,
		.microseconds = 23,
		.owner = 1000,
		.process = 4711,
		.thread = 4712,
		.uid = 1000,
		.operation = EVENT_SET,
		.command = "rsync",
		.id = "0123",
		.container = "web",
		.name = "security.ima",
	};
}

TestSuite(event_text, .init = begin);

/* Return: what was printed, the caller's. */
static char *printed(bool is_json, bool has_colour)
{
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	if (is_json)
		event_print_json(&event, to);
	else
		event_print(&event, has_colour, to);
	fclose(to);
	return text;
}

static void expect(bool is_json, bool has_colour, const char *expected)
{
	_cleanup_free_ char *text = printed(is_json, has_colour);

	cr_expect_str_eq(text, expected);
}

Test(event_text, has_columns)
{
	expect(false, false,
	       "22:13:20.000042  web               rsync               4711  set      done        "
	       "        23  security.ima                      -\n");
}

Test(event_text, marks_errors_where_there_is_colour)
{
	event.error = EPERM;
	event.reason = REASON_DENY;
	expect(false, true,
	       "22:13:20.000042  web               rsync               4711  set      "
	       "\033[31mEPERM       \033[m        23  security.ima                      rule-deny\n");
}

Test(event_text, has_a_dash_for_what_is_not_there)
{
	event = (struct event){ .operation = EVENT_LIST, .uid = UINT32_MAX, .is_kernels = 1 };
	expect(false, false,
	       "00:00:00.000000  -                 -                      0  list     kernel      "
	       "         0  -                                 -\n");
}

Test(event_text, is_an_object)
{
	event.error = ENODATA;
	event.reason = REASON_ABSENT;
	expect(true, false,
	       "{\"time\":1700000000.000042,\"container\":\"web\",\"id\":\"0123\",\"owner\":1000,"
	       "\"command\":\"rsync\",\"pid\":4711,\"tid\":4712,\"uid\":1000,\"operation\":\"set\","
	       "\"name\":\"security.ima\",\"result\":\"ENODATA\",\"reason\":\"absent\",\"microseconds\":23}\n");
}

Test(event_text, says_of_a_target_that_has_gone_nothing)
{
	event.process = 0;
	event.name[0] = '\0';
	event.operation = EVENT_EXECUTE;
	expect(true, false,
	       "{\"time\":1700000000.000042,\"container\":\"web\",\"id\":\"0123\",\"owner\":1000,"
	       "\"operation\":\"execute\",\"result\":\"done\",\"microseconds\":23}\n");
}

Test(event_text, has_the_path_of_what_is_executed)
{
	event.operation = EVENT_EXECUTE;
	strcpy(event.name, "bin/a b");
	expect(false, false,
	       "22:13:20.000042  web               rsync               4711  execute  done        "
	       "        23  bin/a\\x20b                        -\n");
	event.process = 0;
	expect(true, false,
	       "{\"time\":1700000000.000042,\"container\":\"web\",\"id\":\"0123\",\"owner\":1000,"
	       "\"operation\":\"execute\",\"path\":\"bin/a\\\\x20b\",\"result\":\"done\",\"microseconds\":23}\n");
}

/* What a target writes into a path is not the mark: of its backslashes there are two. */
Test(event_text, marks_the_end_of_a_path_that_is_longer)
{
	event.operation = EVENT_EXECUTE;
	strcpy(event.name, "\\.../tool");
	event.is_cut = 1;
	expect(false, false,
	       "22:13:20.000042  web               rsync               4711  execute  done        "
	       "        23  \\...\\\\.../tool                    -\n");
	event.process = 0;
	expect(true, false,
	       "{\"time\":1700000000.000042,\"container\":\"web\",\"id\":\"0123\",\"owner\":1000,"
	       "\"operation\":\"execute\",\"path\":\"\\\\\\\\.../tool\",\"is-cut\":true,\"result\":\"done\","
	       "\"microseconds\":23}\n");
}

/* Each byte that there is, but for NUL. */
Test(event_text, is_one_line_of_printable_bytes)
{
	for (int i = 0; i < 255; i++)
		event.name[i] = (char)(i + 1);
	memset(event.command, '\033', sizeof(event.command) - 1);
	memset(event.container, '\n', sizeof(event.container) - 1);
	for (int json = 0; json < 2; json++) {
		_cleanup_free_ char *text = printed(json, false);
		size_t length = strlen(text);

		for (size_t i = 0; i + 1 < length; i++)
			cr_assert(text[i] >= ' ' && text[i] <= '~', "byte %zu of %s", i, text);
		cr_expect_eq(text[length - 1], '\n');
	}
}

Test(event_text, loses_nothing_of_a_name_in_json)
{
	memset(event.name, '\377', sizeof(event.name) - 1);
	_cleanup_free_ char *text = printed(true, false);
	struct json_object *object = json_tokener_parse(text);
	const char *name = json_object_get_string(json_object_object_get(object, "name"));

	cr_assert_not_null(name);
	cr_expect_eq(strlen(name), 4 * (sizeof(event.name) - 1));
	json_object_put(object);
}

Test(event_text, cuts_what_has_no_room)
{
	char text[8];

	cr_expect_str_eq(escape_text("\001\002\003", text, sizeof(text)), "\\x01");
	cr_expect_str_eq(escape_text("a\\b c", text, sizeof(text)), "a\\\\b");
}

Test(event_text, names_results)
{
	char text[16];

	cr_expect_str_eq(event_result(&event, text), "done");
	event.error = 4095;
	cr_expect_str_eq(event_result(&event, text), "E4095");
}
