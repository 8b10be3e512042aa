/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/findings.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static struct findings findings;
static char *text;

static void forget(void)
{
	findings_done(&findings);
	free(text);
}

TestSuite(findings, .fini = forget, .timeout = 60);

static const char *shown(const struct findings_look *look)
{
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	cr_assert_not_null(to);
	findings_show(&findings, look, to);
	fclose(to);
	return text;
}

Test(findings, without_any_fault_are_status_0)
{
	findings.check = "kernel.release";
	findings_add(&findings, FINDING_OK, "Linux %d", 6);
	findings_add(&findings, FINDING_UNSEEN, "not for you");
	cr_expect_eq(findings_status(&findings), 0);
	cr_expect_str_eq(shown(&(struct findings_look){ 0 }),
			 "kernel\n  ok    Linux 6\n  -     not for you\n"
			 "\nnothing is wrong; 1 could not be looked at (-)\n");
}

Test(findings, with_a_warning_are_status_1)
{
	findings.check = "ids.own";
	findings_add(&findings, FINDING_WARN, "few");
	findings_add(&findings, FINDING_OK, "well");
	cr_expect_eq(findings_status(&findings), 1);
}

Test(findings, with_a_failure_are_status_2)
{
	findings.check = "ids.own";
	findings_add(&findings, FINDING_FAIL, "none");
	findings_remedy(&findings, "take %s", "some");
	findings.check = "podman.hooks";
	findings_add(&findings, FINDING_WARN, "few");
	cr_expect_eq(findings_status(&findings), 2);
	cr_expect_str_eq(shown(&(struct findings_look){ 0 }),
			 "ids\n  FAIL  none\n     -> take some\n\npodman\n  warn  few\n"
			 "\n1 failure, 1 warning\n");
}

Test(findings, are_under_one_heading_when_their_groups_are_one)
{
	findings.check = "kernel.a";
	findings_add(&findings, FINDING_OK, "a");
	findings.check = "kernel.b";
	findings_add(&findings, FINDING_OK, "b");
	findings.check = "kern";
	findings_add(&findings, FINDING_OK, "c");
	cr_expect_str_eq(shown(&(struct findings_look){ 0 }),
			 "kernel\n  ok    a\n  ok    b\n\nkern\n  ok    c\n\nnothing is wrong\n");
}

Test(findings, are_wrapped_between_words_on_a_terminal)
{
	findings.check = "x";
	findings_add(&findings, FINDING_OK, "one two three four five six seven eight nine ten");
	cr_expect_str_eq(shown(&(struct findings_look){ .width = 40 }),
			 "x\n  ok    one two three four five six\n        seven eight nine ten\n"
			 "\nnothing is wrong\n");
}

Test(findings, have_colours_only_where_they_are_wanted)
{
	findings.check = "x";
	findings_add(&findings, FINDING_FAIL, "no");
	cr_expect_not_null(strstr(shown(&(struct findings_look){ .has_colours = true }),
				  "\033[1;31mFAIL\033[0m"));
	free(text);
	cr_expect_null(strchr(shown(&(struct findings_look){ 0 }), '\033'));
}

Test(findings, do_not_steer_a_terminal)
{
	findings.check = "x";
	findings_add(&findings, FINDING_OK, "a\033[2Jb\nc");
	cr_expect_not_null(strstr(shown(&(struct findings_look){ 0 }), "a?[2Jb?c\n"));
	findings_add(&findings, FINDING_OK,
		     "d\xc2\x9b"
		     "2Je\xc2\xa0\xc3\x9bg");
	free(text);
	cr_expect_not_null(strstr(shown(&(struct findings_look){ 0 }), "d?2Je\xc2\xa0\xc3\x9bg\n"));
	free(text);
	cr_expect_not_null(
		strstr(shown(&(struct findings_look){ .width = 80 }), "d?2Je\xc2\xa0\xc3\x9bg\n"));
}

Test(findings, take_the_remedy_out_of_a_sentence)
{
	findings.check = "x";
	findings_add_sentence(&findings, FINDING_WARN, "it is old; remedy: a newer one; or none");
	findings_add_sentence(&findings, FINDING_WARN, "it is so");
	cr_expect_str_eq(findings.all[0].found, "it is old");
	cr_expect_str_eq(findings.all[0].remedy, "a newer one; or none");
	cr_expect_str_eq(findings.all[1].found, "it is so");
	cr_expect_null(findings.all[1].remedy);
}

Test(findings, are_told_to_programs)
{
	findings.check = "kernel.release";
	findings_add(&findings, FINDING_OK, "Linux");
	findings.check = "ids.own";
	findings_add(&findings, FINDING_FAIL, "none");
	findings_remedy(&findings, "some");
	struct json_object *object = findings_json_new(&findings);

	cr_expect_str_eq(
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
		"{\"status\":\"fail\",\"findings\":["
		"{\"check\":\"kernel.release\",\"level\":\"ok\",\"found\":\"Linux\",\"remedy\":null},"
		"{\"check\":\"ids.own\",\"level\":\"fail\",\"found\":\"none\",\"remedy\":\"some\"}]}");
	json_object_put(object);
}

Test(findings, can_be_many)
{
	findings.check = "x";
	for (int i = 0; i < 1000; i++)
		findings_add(&findings, FINDING_OK, "%d", i);
	cr_assert_eq(findings.count, 1000);
	cr_expect_str_eq(findings.all[999].found, "999");
}
