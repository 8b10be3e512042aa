/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/exec_rules.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>

#include "integrity.h"

#define ALLOW(calls) "{\"names\":[" calls "],\"action\":\"SCMP_ACT_ALLOW\"}"
#define DENY(calls) "{\"names\":[" calls "],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}"
#define NOTIFY(calls) "{\"names\":[" calls "],\"action\":\"SCMP_ACT_NOTIFY\"}"
#define BITS(index, mask, value)                                         \
	"{\"index\":" #index ",\"value\":" #mask ",\"valueTwo\":" #value \
	",\"op\":\"SCMP_CMP_MASKED_EQ\"}"
#define WITH(calls, action, bits) \
	"{\"names\":[" calls "],\"action\":\"SCMP_ACT_" action "\",\"args\":[" bits "]}"
#define EXECS "\"execve\",\"execveat\""
#define MAPS "\"mmap\",\"mmap2\""
#define OF_A_FILE BITS(2, 4, 4) "," BITS(3, 32, 0)
#define OF_NO_FILE BITS(2, 4, 4) "," BITS(3, 32, 32)
#define REMAP "\"remap_file_pages\""
#define REFUSED_REMAP "{\"names\":[" REMAP "],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}"
#define NOTIFIED_MAPS                   \
	WITH(MAPS, "NOTIFY", OF_A_FILE) \
	"," WITH(MAPS, "ALLOW", BITS(2, 4, 0)) "," WITH(MAPS, "ALLOW", OF_NO_FILE)

static const struct exec_edit execs = { .notifies_exec = true };
static const struct exec_edit all = { .notifies_exec = true, .notifies_mmap = true };
static const struct exec_edit nothing;

static struct json_object *section_of(const char *action, const char *rules)
{
	char text[2048];

	snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":[%s]}",
		 action, rules);
	struct json_object *section = json_tokener_parse(text);

	cr_assert(section, "%s", text);
	return section;
}

static void has_rules(struct json_object *section, const char *expected)
{
	char text[2048];

	snprintf(text, sizeof(text), "[%s]", expected);
	cr_expect_str_eq(json_object_to_json_string_ext(json_object_object_get(section, "syscalls"),
							JSON_C_TO_STRING_PLAIN),
			 text);
}

/* And the same when it is edited again. */
static void become(const struct exec_edit *edit, const char *action, const char *rules,
		   const char *expected)
{
	struct json_object *section = section_of(action, rules);

	for (int i = 0; i < 2; i++) {
		const char *reason = exec_rules_check(section, edit);

		cr_expect_null(reason, "%s", reason);
		cr_assert_eq(exec_rules_refuse(section, edit), 0);
		cr_assert_eq(exec_rules_edit(section, edit), 0);
		has_rules(section, expected);
		cr_expect_null(exec_rules_lacking(section, edit));
	}
	json_object_put(section);
}

Test(exec_rules, hand_over_what_is_executed)
{
	become(&execs, "ALLOW", "", NOTIFY(EXECS));
	become(&execs, "LOG", "", NOTIFY(EXECS));
	become(&execs, "ERRNO", ALLOW("\"read\"," EXECS ",\"mmap\""),
	       ALLOW("\"read\",\"mmap\"") "," NOTIFY(EXECS));
}

Test(exec_rules, hand_over_maps_of_files_and_allow_the_others)
{
	become(&all, "ALLOW", "",
	       REFUSED_REMAP "," NOTIFY(EXECS) "," WITH(MAPS, "NOTIFY", OF_A_FILE));
	become(&all, "ERRNO", ALLOW(EXECS "," MAPS), NOTIFY(EXECS) "," NOTIFIED_MAPS);
}

Test(exec_rules, leave_denied_what_is_denied)
{
	become(&execs, "ERRNO", ALLOW("\"execve\""), NOTIFY("\"execve\""));
	become(&execs, "ALLOW", DENY("\"execveat\",\"bpf\""),
	       DENY("\"execveat\",\"bpf\"") "," NOTIFY("\"execve\""));
	become(&all, "ERRNO", ALLOW("\"read\""), ALLOW("\"read\""));
	become(&execs, "ALLOW", DENY("\"execveat\"") "," NOTIFY("\"execve\",\"execveat\""),
	       DENY("\"execveat\"") "," NOTIFY("\"execveat\"") "," NOTIFY("\"execve\""));
}

Test(exec_rules, take_back_what_was_handed_over)
{
	become(&nothing, "ERRNO", NOTIFY(EXECS) "," NOTIFIED_MAPS, ALLOW(EXECS) "," ALLOW(MAPS));
	become(&nothing, "ALLOW", NOTIFY(EXECS), "");
	become(&execs, "ERRNO", NOTIFY(EXECS) "," NOTIFIED_MAPS, ALLOW(MAPS) "," NOTIFY(EXECS));
}

Test(exec_rules, refuse_to_map_anew_where_maps_are_handed_over)
{
	become(&all, "ERRNO", ALLOW("\"read\"," REMAP), ALLOW("\"read\"") "," REFUSED_REMAP);
	become(&all, "ERRNO", ALLOW("\"read\""), ALLOW("\"read\""));
	become(&all, "ALLOW", DENY(REMAP "," EXECS "," MAPS), DENY(REMAP "," EXECS "," MAPS));
	become(&nothing, "ALLOW", REFUSED_REMAP, REFUSED_REMAP);
}

Test(exec_rules, do_not_go_beside_conditions)
{
	const char *const conditional[] = {
		WITH("\"mmap\"", "ERRNO", BITS(2, 6, 6)),
		WITH("\"execve\"", "ALLOW", BITS(0, 1, 1)),
		"{\"names\":[\"execve\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[]}}",
	};

	for (size_t i = 0; i < sizeof(conditional) / sizeof(*conditional); i++) {
		struct json_object *section = section_of("ALLOW", conditional[i]);

		cr_expect_str_eq(
			exec_rules_check(section, &all),
			"has a seccomp rule with conditions for execve, execveat or mmap, which its "
			"policy wants to judge: no second rule fits beside it");
		cr_expect_null(exec_rules_check(section, &nothing));
		json_object_put(section);
	}
}

static void lacks(const char *action, const char *rules, const char *call)
{
	struct json_object *section = section_of(action, rules);

	cr_expect_str_eq(exec_rules_lacking(section, &all), call);
	cr_expect_null(exec_rules_lacking(section, &nothing));
	json_object_put(section);
}

Test(exec_rules, say_what_is_not_handed_over)
{
	lacks("ALLOW", "", "execve");
	lacks("ERRNO", NOTIFY("\"execve\"") "," ALLOW("\"execveat\""), "execveat");
	lacks("ALLOW", NOTIFY(EXECS), "mmap");
	lacks("ALLOW", NOTIFY(EXECS "," MAPS), "remap_file_pages");
}

Test(exec_rules, follow_from_the_policy)
{
	struct integrity integrity = { .mode = INTEGRITY_OFF };
	struct exec_edit edit;

	integrity_use_rule_set(&integrity, RULE_SET_TCB);
	exec_edit_of(&integrity, &edit);
	cr_expect(!edit.notifies_exec && !edit.notifies_mmap);
	integrity.mode = INTEGRITY_LOG;
	exec_edit_of(&integrity, &edit);
	cr_expect(edit.notifies_exec && edit.notifies_mmap);
	integrity_use_rule_set(&integrity, RULE_SET_APPRAISE);
	exec_edit_of(&integrity, &edit);
	cr_expect(edit.notifies_exec);
}
