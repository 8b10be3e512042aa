/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity_rule.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "digest_algorithm.h"

static struct integrity_rule rule;
static struct rule_fault fault;

static const struct integrity_rule *parse(const char *text)
{
	memset(&fault, 0, sizeof(fault));
	cr_assert(integrity_rule_parse(text, &rule, &fault), "%s: %s", text, fault.text);
	return &rule;
}

static void refuses(const char *text, size_t offset, const char *expected)
{
	memset(&fault, 0, sizeof(fault));
	rule = (struct integrity_rule){ .line = 4711 };
	cr_assert_not(integrity_rule_parse(text, &rule, &fault), "%s", text);
	cr_expect_eq(rule.line, 4711, "a rule that is none is left alone");
	cr_expect_str_eq(fault.text, expected, "%s: %s", text, fault.text);
	cr_expect_eq(fault.offset, offset, "%s: %zu", text, fault.offset);
}

/* The words of each of these the kernel understands, and says EINVAL; see tests/machine/rules.sh. */
static void refuses_at(const char *text, const char *word)
{
	memset(&fault, 0, sizeof(fault));
	cr_assert_not(integrity_rule_parse(text, &rule, &fault), "%s", text);
	cr_expect_eq(strncmp(text + fault.offset, word, strlen(word)), 0, "%s: %s", text,
		     fault.text);
}

/* ---- what is read ---- */

Test(integrity_rule, knows_six_actions)
{
	static const struct {
		const char *text;
		enum integrity_kind kind;
		bool is_dont;
	} rows[] = {
		{ "measure func=BPRM_CHECK", KIND_MEASURE, false },
		{ "dont_measure func=BPRM_CHECK", KIND_MEASURE, true },
		{ "appraise func=BPRM_CHECK", KIND_APPRAISE, false },
		{ "dont_appraise func=BPRM_CHECK", KIND_APPRAISE, true },
		{ "audit func=BPRM_CHECK", KIND_AUDIT, false },
		{ "dont_audit func=BPRM_CHECK", KIND_AUDIT, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		parse(rows[i].text);
		cr_expect_eq(rule.kind, rows[i].kind, "%s", rows[i].text);
		cr_expect_eq(rule.is_dont, rows[i].is_dont, "%s", rows[i].text);
		cr_expect_str_eq(rule.text, rows[i].text);
		cr_expect_eq(rule.func, FUNC_BPRM_CHECK);
		cr_expect_eq(rule.conditions, 0);
	}
}

Test(integrity_rule, knows_each_condition)
{
	static const struct {
		const char *word;
		unsigned int condition;
	} rows[] = {
		{ "uid=5", IF_UID },
		{ "euid<5", IF_EUID },
		{ "gid>5", IF_GID },
		{ "egid=5", IF_EGID },
		{ "fowner=0", IF_FOWNER },
		{ "fgroup<9", IF_FGROUP },
		{ "fsmagic=1", IF_FSMAGIC },
		{ "fsname=x", IF_FSNAME },
		{ "mask=MAY_EXEC", IF_MASK },
		{ "mask=^MAY_EXEC", IF_MASK },
		{ "fsuuid=00000000-0000-0000-0000-000000000000", IF_FSUUID },
	};
	char text[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "audit %s func=MMAP_CHECK", rows[i].word);
		cr_expect_eq(parse(text)->conditions, rows[i].condition, "%s", text);
		cr_expect_eq(rule.func, FUNC_MMAP_CHECK);
	}
}

Test(integrity_rule, reads_ids_with_their_comparison)
{
	parse("measure func=BPRM_CHECK uid=0 gid<100 fowner>4294967294 fgroup=00007");
	cr_expect_eq(rule.uid.id, 0);
	cr_expect_eq(rule.uid.comparison, ID_EQUALS);
	cr_expect_eq(rule.gid.id, 100);
	cr_expect_eq(rule.gid.comparison, ID_IS_LESS);
	cr_expect_eq(rule.fowner.id, UINT32_MAX - 1);
	cr_expect_eq(rule.fowner.comparison, ID_IS_GREATER);
	cr_expect_eq(rule.fgroup.id, 7);
	parse("measure func=BPRM_CHECK euid>7 egid<8");
	cr_expect_eq(rule.uid.id, 7);
	cr_expect_eq(rule.gid.id, 8);
	cr_expect_eq(rule.conditions, IF_EUID | IF_EGID);
}

Test(integrity_rule, reads_what_is_about_the_file_system)
{
	static const uint8_t uuid[] = { 0x8b, 0xcb, 0xe3, 0x94, 0x4f, 0x13, 0x41, 0x44,
					0xbe, 0x8e, 0x5a, 0xa9, 0xea, 0x2c, 0xe2, 0xf6 };

	parse("measure func=BPRM_CHECK fsmagic=0x01021994 fsname=ext4 "
	      "fsuuid=8bcbe394-4f13-4144-BE8E-5aa9ea2ce2f6");
	cr_expect_eq(rule.fs_magic, 0x1021994);
	cr_expect_eq(rule.fs_name_length, 4);
	cr_expect_eq(strncmp(rule.fs_name, "ext4", 4), 0);
	cr_expect_arr_eq(rule.fs_uuid, uuid, FS_UUID_SIZE);
	cr_expect_eq(parse("audit func=BPRM_CHECK fsmagic=fFfFfFfF00000000")->fs_magic,
		     0xffffffff00000000);
}

Test(integrity_rule, reads_what_goes_with_one_action)
{
	parse("appraise func=BPRM_CHECK appraise_type=imasig appraise_algos=sha256,sha512");
	cr_expect(rule.needs_signature);
	cr_expect_eq(rule.algorithms, DIGEST_BIT(DIGEST_SHA256) | DIGEST_BIT(DIGEST_SHA512));
	cr_expect_not(rule.needs_verity);
	parse("appraise func=BPRM_CHECK digest_type=verity appraise_type=sigv3");
	cr_expect(rule.needs_signature && rule.needs_verity);
	cr_expect_eq(parse("measure func=BPRM_CHECK template=ima-ng")->template, TEMPLATE_IMA_NG);
	cr_expect_eq(parse("measure func=BPRM_CHECK template=ima-sig")->template, TEMPLATE_IMA_SIG);
	cr_expect_eq(parse("measure func=BPRM_CHECK")->template, TEMPLATE_NONE);
}

Test(integrity_rule, takes_blanks_and_tabs_between_words)
{
	parse(" \t measure\t\tfunc=BPRM_CHECK  mask=MAY_EXEC ");
	cr_expect_eq(rule.conditions, IF_MASK);
}

/* ---- what is none ---- */

Test(integrity_rule, refuses_what_the_kernel_refuses)
{
	refuses_at("", "");
	refuses_at("  ", "");
	refuses_at("measur func=BPRM_CHECK", "measur");
	refuses_at("measure measure func=BPRM_CHECK", "measure func");
	refuses_at("measure func=", "func=");
	refuses_at("measure func=BPRM", "func=BPRM");
	refuses_at("measure func=BPRM_CHECK func=BPRM_CHECK", "func=BPRM_CHECK");
	refuses_at("measure func<BPRM_CHECK", "func<");
	refuses_at("measure func=BPRM_CHECK mask=MAY_RUN", "mask=");
	refuses_at("measure func=BPRM_CHECK mask=MAY_EXEC mask=MAY_EXEC", "mask=");
	refuses_at("measure func=BPRM_CHECK uid=", "uid=");
	refuses_at("measure func=BPRM_CHECK uid=root", "uid=");
	refuses_at("measure func=BPRM_CHECK uid=4294967295", "uid=");
	refuses_at("measure func=BPRM_CHECK uid=4294967296", "uid=");
	refuses_at("measure func=BPRM_CHECK uid=-1", "uid=");
	refuses_at("measure func=BPRM_CHECK uid=0x5", "uid=");
	refuses_at("measure func=BPRM_CHECK uid=1 uid=1", "uid=");
	refuses_at("measure func=BPRM_CHECK uid=1 euid=1", "euid=");
	refuses_at("measure func=BPRM_CHECK gid>1 egid=1", "egid=");
	refuses_at("measure func=BPRM_CHECK fowner=1 fowner>0", "fowner>");
	refuses_at("measure func=BPRM_CHECK fgroup=1 fgroup=1", "fgroup=");
	refuses_at("measure func=BPRM_CHECK fsmagic=0xghi", "fsmagic=");
	refuses_at("measure func=BPRM_CHECK fsmagic=0x", "fsmagic=");
	refuses_at("measure func=BPRM_CHECK fsmagic=1ffffffffffffffff", "fsmagic=");
	refuses_at("measure func=BPRM_CHECK fsmagic>1", "fsmagic>");
	refuses_at("measure func=BPRM_CHECK fsmagic=1 fsmagic=1", "fsmagic=");
	refuses_at("measure func=BPRM_CHECK fsname=", "fsname=");
	refuses_at("measure func=BPRM_CHECK fsuuid=8bcbe394", "fsuuid=");
	refuses_at("measure func=BPRM_CHECK fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2fg",
		   "fsuuid=");
	refuses_at("measure func=BPRM_CHECK fsuuid=8bcbe39444f13-4144-be8e-5aa9ea2ce2f6",
		   "fsuuid=");
	refuses_at("measure func=BPRM_CHECK appraise_type=imasig", "appraise_type=");
	refuses_at("dont_appraise func=BPRM_CHECK appraise_type=imasig", "appraise_type=");
	refuses_at("measure func=BPRM_CHECK digest_type=verity appraise_type=sigv3",
		   "digest_type=");
	refuses_at("appraise func=BPRM_CHECK digest_type=sha256", "digest_type=");
	refuses_at("appraise func=BPRM_CHECK digest_type=verity", "digest_type=");
	refuses_at("appraise func=BPRM_CHECK digest_type=verity appraise_type=imasig",
		   "appraise_type=");
	refuses_at("appraise func=BPRM_CHECK appraise_type=sigv3 digest_type=verity",
		   "appraise_type=");
	refuses_at("appraise func=BPRM_CHECK appraise_type=imasig digest_type=verity",
		   "digest_type=");
	refuses_at("measure func=BPRM_CHECK appraise_algos=sha256", "appraise_algos=");
	refuses_at("audit func=BPRM_CHECK appraise_algos=sha256", "appraise_algos=");
	refuses_at("appraise func=BPRM_CHECK appraise_type=sig", "appraise_type=");
	refuses_at("appraise func=BPRM_CHECK appraise_algos=", "appraise_algos=");
	refuses_at("appraise func=BPRM_CHECK appraise_algos=sha256,", "appraise_algos=");
	refuses_at("appraise func=BPRM_CHECK appraise_algos=sha257", "appraise_algos=");
	refuses_at("appraise func=BPRM_CHECK template=ima-ng", "template=");
	refuses_at("dont_measure func=BPRM_CHECK template=ima-ng", "template=");
	refuses_at("measure func=BPRM_CHECK template=ima-nothing", "template=");
	refuses_at("measure func=BPRM_CHECK foo=1", "foo=1");
	refuses_at("measure func=BPRM_CHECK foo", "foo");
	refuses_at("measure func=BPRM_CHECK =", "=");
}

Test(integrity_rule, refuses_what_nsxattr_does_not_judge)
{
	static const char *const words[] = {
		"func=FILE_CHECK",
		"func=PATH_CHECK",
		"func=POST_SETATTR",
		"func=FILE_MMAP",
		"func=MMAP_CHECK_REQPROT",
		"func=CREDS_CHECK",
		"func=MODULE_CHECK",
		"func=FIRMWARE_CHECK",
		"func=POLICY_CHECK",
		"func=KEXEC_KERNEL_CHECK",
		"func=KEXEC_INITRAMFS_CHECK",
		"func=KEXEC_CMDLINE",
		"func=KEY_CHECK",
		"func=CRITICAL_DATA",
		"func=SETXATTR_CHECK",
		"obj_user=u",
		"obj_role=r",
		"obj_type=t",
		"subj_user=u",
		"subj_role=r",
		"subj_type=t",
		"appraise_flag=check_blacklist",
		"permit_directio",
		"pcr=11",
		"keyrings=.ima",
		"label=selinux",
		"fs_subtype=sshfs",
		"appraise_type=imasig|modsig",
	};
	char text[128];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		snprintf(text, sizeof(text), "appraise %s", words[i]);
		refuses_at(text, words[i]);
		cr_expect(strstr(fault.text, "':") || strstr(fault.text, "',"), "it says why: %s",
			  fault.text);
	}
	refuses_at("hash func=BPRM_CHECK", "hash");
	refuses_at("dont_hash func=BPRM_CHECK", "dont_hash");
	refuses_at("measure func=BPRM_CHECK mask=MAY_READ", "mask=");
	refuses_at("measure func=BPRM_CHECK mask=^MAY_WRITE", "mask=");
	refuses_at("measure func=BPRM_CHECK template=ima", "template=");
	refuses_at("appraise func=BPRM_CHECK appraise_algos=md5", "appraise_algos=");
	refuses_at("measure", "measure");
	refuses_at("dont_measure fsmagic=0x9fa0", "dont_measure");
	refuses_at("func=BPRM_CHECK measure", "func=");
}

Test(integrity_rule, says_what_is_wrong_and_what_is_allowed)
{
	refuses("appraise  func=FILE_CHECK", 10,
		"a rule cannot have 'func=FILE_CHECK': nsxattr does not see which files are read or "
		"written; allowed: func=BPRM_CHECK, func=MMAP_CHECK");
	refuses("apraise func=BPRM_CHECK", 0,
		"a rule cannot have 'apraise' (did you mean 'appraise'?); allowed: measure, "
		"dont_measure, appraise, dont_appraise, audit, dont_audit, as the first word");
	refuses("measure func=BPRM_CHECK fonwer=0", 24,
		"a rule cannot have 'fonwer=0' (did you mean 'fowner'?); allowed: func, mask, uid, "
		"euid, gid, egid, fowner, fgroup, fsmagic, fsname, fsuuid, digest_type, "
		"appraise_type, appraise_algos, template");
	refuses("measure func=BPRM_CHECK uid=1 euid=1", 30,
		"a rule cannot have 'euid=1' beside 'uid=1'; allowed: one of them");
	refuses("appraise fowner=0", 0,
		"a rule cannot have 'appraise' without func=: the kernel asks such a rule about "
		"reads, too; allowed: func=BPRM_CHECK, func=MMAP_CHECK; for both, two rules");
}

/* The longest sentences are said to their ends. */
Test(integrity_rule, has_room_for_what_it_says)
{
	char text[200] = "measure func=BPRM_CHECK fonwer=";

	memset(text + strlen(text), 'x', 150);
	refuses_at(text, "fonwer=");
	cr_expect(strstr(fault.text, "template"), "%s", fault.text);
	memset(text + 24, 'x', 100);
	memcpy(text, "measure func=FILE_CHECK ", 24);
	refuses_at(text, "func=");
	cr_expect(strstr(fault.text, "func=MMAP_CHECK"), "%s", fault.text);
}

/* ---- the rule sets ---- */

static bool same_rule(const struct integrity_rule *a, const struct integrity_rule *b)
{
	return a->kind == b->kind && a->is_dont == b->is_dont && a->func == b->func &&
	       a->conditions == b->conditions && a->fs_magic == b->fs_magic &&
	       memcmp(&a->fowner, &b->fowner, sizeof(a->fowner)) == 0 &&
	       a->needs_signature == b->needs_signature && a->algorithms == b->algorithms &&
	       a->template == b->template;
}

Test(integrity_rule, is_what_the_texts_of_rule_sets_say)
{
	static const enum integrity_rule_set sets[] = { RULE_SET_TCB, RULE_SET_APPRAISE };

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct integrity integrity = { 0 };

		integrity_use_rule_set(&integrity, sets[i]);
		cr_assert_gt(integrity.rule_count, 20);
		for (size_t j = 0; j < integrity.rule_count; j++)
			cr_expect(same_rule(parse(integrity.rules[j].text), &integrity.rules[j]),
				  "%s", integrity.rules[j].text);
	}
}
