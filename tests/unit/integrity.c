/* SPDX-License-Identifier: Apache-2.0 */
/* Each row is a rule of the kernel's, by ima_match_rules() and ima_match_policy() of ima_policy.c. */
#include "integrity.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "digest_algorithm.h"
#include "integrity_rule.h"

#define RULES_MAX 8

static const uint8_t uuid[FS_UUID_SIZE] = { 0x8b, 0xcb, 0xe3, 0x94, 0x4f, 0x13, 0x41, 0x44,
					    0xbe, 0x8e, 0x5a, 0xa9, 0xea, 0x2c, 0xe2, 0xf6 };
static const uint8_t no_uuid[FS_UUID_SIZE];

static const struct integrity_facts facts = {
	.func = FUNC_BPRM_CHECK,
	.uid = 10,
	.euid = 11,
	.suid = 12,
	.gid = 20,
	.egid = 21,
	.sgid = 22,
	.fowner = 30,
	.fgroup = 40,
	.fs_magic = 0xef53,
	.fs_name = "ext4",
	.fs_uuid = uuid,
};

static struct integrity_rule rules[RULES_MAX];
static struct integrity_actions actions;

/* Ask rules, a NULL behind them. */
static void ask(const struct integrity_facts *about, ...)
{
	struct integrity integrity = { .rules = rules, .template = TEMPLATE_IMA_SIG };
	struct rule_fault fault;
	va_list texts;

	va_start(texts, about);
	for (const char *text; (text = va_arg(texts, const char *));) {
		cr_assert_lt(integrity.rule_count, RULES_MAX);
		cr_assert(integrity_rule_parse(text, &rules[integrity.rule_count++], &fault),
			  "%s: %s", text, fault.text);
	}
	va_end(texts);
	memset(&actions, 0xff, sizeof(actions));
	integrity_match(&integrity, about, &actions);
}

static bool is_measured(void)
{
	return actions.decisions[KIND_MEASURE].is_wanted;
}

/* Does "measure func=BPRM_CHECK CONDITION" fit? */
static bool fits(const struct integrity_facts *about, const char *condition)
{
	char text[128];

	snprintf(text, sizeof(text), "measure func=BPRM_CHECK %s", condition);
	ask(about, text, NULL);
	return is_measured();
}

/* ---- conditions ---- */

Test(integrity, has_conditions_that_all_have_to_hold)
{
	static const struct {
		const char *condition;
		bool fits;
		unsigned int depends;
	} rows[] = {
		{ "", true, 0 },
		{ "mask=MAY_EXEC", true, 0 },
		{ "mask=^MAY_EXEC", true, 0 },
		{ "uid=10", true, DEPENDS_ON_SUBJECT },
		{ "uid=11", false, DEPENDS_ON_SUBJECT },
		{ "uid>9", true, DEPENDS_ON_SUBJECT },
		{ "uid>10", false, DEPENDS_ON_SUBJECT },
		{ "uid<11", true, DEPENDS_ON_SUBJECT },
		{ "uid<10", false, DEPENDS_ON_SUBJECT },
		{ "euid=11", true, DEPENDS_ON_SUBJECT },
		{ "euid=10", false, DEPENDS_ON_SUBJECT },
		{ "gid=20", true, DEPENDS_ON_SUBJECT },
		{ "gid<20", false, DEPENDS_ON_SUBJECT },
		{ "egid=21", true, DEPENDS_ON_SUBJECT },
		{ "egid=22", false, DEPENDS_ON_SUBJECT },
		{ "fowner=30", true, DEPENDS_ON_OWNER },
		{ "fowner>30", false, DEPENDS_ON_OWNER },
		{ "fowner<31", true, DEPENDS_ON_OWNER },
		{ "fgroup=40", true, DEPENDS_ON_GROUP },
		{ "fgroup>40", false, DEPENDS_ON_GROUP },
		{ "fsmagic=0xef53", true, DEPENDS_ON_FILE_SYSTEM },
		{ "fsmagic=ef54", false, DEPENDS_ON_FILE_SYSTEM },
		{ "fsname=ext4", true, DEPENDS_ON_FILE_SYSTEM },
		{ "fsname=ext", false, DEPENDS_ON_FILE_SYSTEM },
		{ "fsname=ext45", false, DEPENDS_ON_FILE_SYSTEM },
		{ "fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6", true, DEPENDS_ON_FILE_SYSTEM },
		{ "fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f7", false, DEPENDS_ON_FILE_SYSTEM },
		{ "uid=10 fowner=30", true, DEPENDS_ON_SUBJECT | DEPENDS_ON_OWNER },
		{ "uid=11 fowner=30", false, DEPENDS_ON_SUBJECT | DEPENDS_ON_OWNER },
		/* The owner does not fit, so that no decision depends on who asks. */
		{ "uid=10 fowner=31", false, DEPENDS_ON_OWNER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(fits(&facts, rows[i].condition), rows[i].fits, "%s",
			     rows[i].condition);
		cr_expect_eq(actions.depends, rows[i].depends, "%s: %u", rows[i].condition,
			     actions.depends);
	}
}

Test(integrity, lets_euid_be_any_id_that_the_task_can_take)
{
	struct integrity_facts able = facts;

	able.has_setuid = true;
	cr_expect(fits(&able, "euid=11"));
	cr_expect(fits(&able, "euid=10"), "the real one");
	cr_expect(fits(&able, "euid=12"), "the saved one");
	cr_expect_not(fits(&able, "euid=13"));
	cr_expect_not(fits(&able, "egid=20"), "that is another capability");
	cr_expect_not(fits(&able, "uid=11"), "uid is the real one alone");
	able = facts;
	able.has_setgid = true;
	cr_expect(fits(&able, "egid=20"));
	cr_expect(fits(&able, "egid=22"));
	cr_expect_not(fits(&able, "egid=23"));
	cr_expect_not(fits(&able, "euid=10"));
}

Test(integrity, has_ids_without_a_number_inside_above_all)
{
	struct integrity_facts foreign = facts;

	foreign.fowner = INTEGRITY_ID_NONE;
	cr_expect(fits(&foreign, "fowner>4294967294"));
	cr_expect_not(fits(&foreign, "fowner=4294967294"));
	cr_expect_not(fits(&foreign, "fowner<4294967294"));
}

Test(integrity, has_a_uuid_of_zeros_for_file_systems_without)
{
	struct integrity_facts plain = facts;

	plain.fs_uuid = no_uuid;
	cr_expect(fits(&plain, "fsuuid=00000000-0000-0000-0000-000000000000"));
	cr_expect_not(fits(&plain, "fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6"));
}

/* The kernel always knows; where nsxattr does not, it is careful. */
Test(integrity, is_careful_where_it_cannot_tell)
{
	struct integrity_facts dark = facts;

	dark.fs_name = NULL;
	dark.fs_uuid = NULL;
	ask(&dark, "dont_appraise func=BPRM_CHECK fsname=ext4",
	    "dont_appraise func=BPRM_CHECK fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6",
	    "appraise func=BPRM_CHECK fsname=xfs", NULL);
	cr_expect(actions.decisions[KIND_APPRAISE].is_wanted);
	cr_expect_eq(actions.decisions[KIND_APPRAISE].rule, &rules[2]);
	ask(&dark, "appraise func=BPRM_CHECK fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6", NULL);
	cr_expect(actions.decisions[KIND_APPRAISE].is_wanted);
}

/* ---- which rule decides ---- */

Test(integrity, lets_the_first_rule_of_a_kind_decide)
{
	ask(&facts, "measure func=BPRM_CHECK uid=99", "dont_measure func=BPRM_CHECK",
	    "measure func=BPRM_CHECK", NULL);
	cr_expect_not(is_measured());
	cr_expect_eq(actions.decisions[KIND_MEASURE].rule, &rules[1]);
	ask(&facts, "measure func=BPRM_CHECK", "dont_measure func=BPRM_CHECK", NULL);
	cr_expect(is_measured());
	cr_expect_eq(actions.decisions[KIND_MEASURE].rule, &rules[0]);
}

Test(integrity, decides_about_each_kind_apart)
{
	ask(&facts, "dont_measure func=BPRM_CHECK", "appraise func=BPRM_CHECK",
	    "audit func=BPRM_CHECK", "dont_audit func=BPRM_CHECK", NULL);
	cr_expect_not(is_measured());
	cr_expect(actions.decisions[KIND_APPRAISE].is_wanted);
	cr_expect(actions.decisions[KIND_AUDIT].is_wanted);
	cr_expect_eq(actions.decisions[KIND_AUDIT].rule, &rules[2]);
}

Test(integrity, decides_nothing_without_a_rule_that_fits)
{
	ask(&facts, "measure func=MMAP_CHECK", "appraise func=BPRM_CHECK uid=0", NULL);
	for (unsigned int kind = 0; kind < INTEGRITY_KIND_COUNT; kind++) {
		cr_expect_not(actions.decisions[kind].is_wanted);
		cr_expect_null(actions.decisions[kind].rule);
	}
	cr_expect_eq(actions.template, TEMPLATE_IMA_SIG);
}

/* What is decided by its first rule does not depend on what later ones ask. */
Test(integrity, depends_on_what_it_had_to_ask)
{
	ask(&facts, "measure func=BPRM_CHECK", "measure func=BPRM_CHECK fowner=0", NULL);
	cr_expect_eq(actions.depends, 0);
	ask(&facts, "measure func=BPRM_CHECK fowner=0", "measure func=BPRM_CHECK", NULL);
	cr_expect_eq(actions.depends, DEPENDS_ON_OWNER);
	ask(&facts, "measure func=MMAP_CHECK fowner=0", "measure func=BPRM_CHECK", NULL);
	cr_expect_eq(actions.depends, 0);
}

Test(integrity, takes_from_a_rule_what_it_wants_of_files)
{
	ask(&facts, "appraise func=BPRM_CHECK uid=0 appraise_algos=sha1",
	    "appraise func=BPRM_CHECK appraise_type=imasig appraise_algos=sha512",
	    "appraise func=BPRM_CHECK appraise_algos=sha224",
	    "measure func=BPRM_CHECK template=ima-ng", NULL);
	cr_expect(actions.needs_signature);
	cr_expect_eq(actions.algorithms, DIGEST_BIT(DIGEST_SHA512));
	cr_expect_eq(actions.template, TEMPLATE_IMA_NG);
	ask(&facts, "appraise func=BPRM_CHECK", "appraise func=BPRM_CHECK appraise_type=imasig",
	    "measure func=BPRM_CHECK", NULL);
	cr_expect_not(actions.needs_signature);
	cr_expect_eq(actions.algorithms, 0);
	cr_expect_eq(actions.template, TEMPLATE_IMA_SIG);
}

/* ---- sets ---- */

Test(integrity, knows_which_funcs_its_rules_are_about)
{
	struct integrity integrity = { .rules = rules, .rule_count = 2 };
	struct rule_fault fault;

	cr_assert(integrity_rule_parse("dont_measure func=MMAP_CHECK", &rules[0], &fault));
	cr_assert(integrity_rule_parse("audit func=BPRM_CHECK", &rules[1], &fault));
	cr_expect(integrity_has_func(&integrity, FUNC_BPRM_CHECK));
	cr_expect_not(integrity_has_func(&integrity, FUNC_MMAP_CHECK));
	cr_expect_not(integrity_has_func(&(struct integrity){ 0 }, FUNC_BPRM_CHECK));
}

static const struct integrity_actions *ask_set(enum integrity_rule_set set,
					       const struct integrity_facts *about)
{
	struct integrity integrity = { 0 };

	integrity_use_rule_set(&integrity, set);
	cr_expect(integrity_has_func(&integrity, FUNC_BPRM_CHECK));
	cr_expect(integrity_has_func(&integrity, FUNC_MMAP_CHECK));
	integrity_match(&integrity, about, &actions);
	return &actions;
}

Test(integrity, has_the_rule_sets_of_the_kernel)
{
	struct integrity_facts file = facts;

	cr_expect(ask_set(RULE_SET_TCB, &file)->decisions[KIND_MEASURE].is_wanted);
	cr_expect_null(actions.decisions[KIND_APPRAISE].rule);
	file.fs_magic = 0x9fa0;
	cr_expect_not(ask_set(RULE_SET_TCB, &file)->decisions[KIND_MEASURE].is_wanted);
	file.func = FUNC_MMAP_CHECK;
	cr_expect_not(ask_set(RULE_SET_TCB, &file)->decisions[KIND_MEASURE].is_wanted);
	file.fs_magic = 0xef53;
	cr_expect(ask_set(RULE_SET_TCB, &file)->decisions[KIND_MEASURE].is_wanted);
	cr_expect_null(ask_set(RULE_SET_APPRAISE, &file)->decisions[KIND_APPRAISE].rule);
	file.fowner = 0;
	cr_expect(ask_set(RULE_SET_APPRAISE, &file)->decisions[KIND_APPRAISE].is_wanted);
	cr_expect_eq(actions.depends, DEPENDS_ON_FILE_SYSTEM | DEPENDS_ON_OWNER);
	file.fs_magic = 0x1021994;
	cr_expect_not(ask_set(RULE_SET_APPRAISE, &file)->decisions[KIND_APPRAISE].is_wanted);
	cr_expect_null(actions.decisions[KIND_MEASURE].rule);
}
