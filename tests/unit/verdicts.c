/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/verdicts.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "integrity.h"

static struct verdicts *verdicts;
static struct statx stat_of_file;
static struct integrity_actions actions;
static struct form form;

static void set_up(void)
{
	verdicts = verdicts_new();
	cr_assert_not_null(verdicts);
	memset(&form, 0, sizeof(form));
	stat_of_file = (struct statx){ .stx_ino = 1, .stx_size = 5 };
}

static void tear_down(void)
{
	verdicts_free(verdicts);
}

TestSuite(verdicts, .init = set_up, .fini = tear_down);

static struct verdict_key key_now(void)
{
	struct verdict_key key;

	cr_assert(verdict_key_make(&stat_of_file, FUNC_BPRM_CHECK, &actions, &key));
	return key;
}

static void keep(uint32_t keyid)
{
	const struct verdict_key key = key_now();
	const struct verdict verdict = { .is_appraised = true, .has_keyid = true, .keyid = keyid };

	verdicts_keep(verdicts, &key, &verdict, &form);
}

/* Return: the keyid that was kept; 0: none. */
static uint32_t find(const struct verdict_key *key)
{
	struct verdict verdict = { 0 };

	return verdicts_find(verdicts, key, &verdict, &form) ? verdict.keyid : 0;
}

static uint32_t find_now(void)
{
	const struct verdict_key key = key_now();

	return find(&key);
}

Test(verdicts, are_found_for_the_file_as_it_was)
{
	cr_expect_eq(find_now(), 0);
	keep(1);
	cr_expect_eq(find_now(), 1);
	keep(2);
	cr_expect_eq(find_now(), 2);
}

Test(verdicts, are_not_found_for_a_file_that_has_changed)
{
	keep(1);
	stat_of_file.stx_ctime.tv_nsec++;
	cr_expect_eq(find_now(), 0);
	stat_of_file.stx_ctime.tv_nsec--;
	stat_of_file.stx_size++;
	cr_expect_eq(find_now(), 0);
	stat_of_file.stx_size--;
	stat_of_file.stx_ino++;
	cr_expect_eq(find_now(), 0);
	stat_of_file.stx_ino--;
	cr_expect_eq(find_now(), 1);
}

Test(verdicts, are_not_found_for_another_use_or_other_rules)
{
	static const struct integrity_rule rule;
	struct verdict_key key;

	keep(1);
	verdict_key_make(&stat_of_file, FUNC_MMAP_CHECK, &actions, &key);
	cr_expect_eq(find(&key), 0);
	verdict_key_make(&stat_of_file, FUNC_BPRM_CHECK, &actions, &key);
	cr_expect_eq(find(&key), 1);
	key.generation++;
	cr_expect_eq(find(&key), 0, "of what was concluded before a key was revoked");
	actions.decisions[KIND_APPRAISE].rule = &rule;
	cr_expect_eq(find_now(), 0);
}

Test(verdicts, are_found_for_the_version_that_a_gate_knows)
{
	const struct verdict verdict = { .is_appraised = true, .has_keyid = true, .keyid = 9 };
	struct verdict_key key, later;

	verdict_key_of_version(1, FUNC_BPRM_CHECK, &actions, &key);
	verdict_key_of_version(2, FUNC_BPRM_CHECK, &actions, &later);
	verdicts_keep(verdicts, &key, &verdict, &form);
	cr_expect_eq(find(&key), 9);
	cr_expect_eq(find(&later), 0);
	cr_expect_eq(find_now(), 0);
}

Test(verdicts, have_the_interpreter_of_the_file)
{
	form.kind = FORM_SCRIPT;
	strcpy(form.interpreter, "/bin/sh");
	keep(1);
	memset(&form, 0, sizeof(form));
	cr_expect_eq(find_now(), 1);
	cr_expect_eq(form.kind, FORM_SCRIPT);
	cr_expect_str_eq(form.interpreter, "/bin/sh");
	memset(form.interpreter, 'a', VERDICT_PATH_MAX);
	stat_of_file.stx_ino++;
	keep(2);
	cr_expect_eq(find_now(), 0);
}

Test(verdicts, are_bounded_and_forget_the_oldest)
{
	unsigned int found = 0;

	for (uint64_t i = 1; i <= 3 * VERDICTS_MAX; i++) {
		stat_of_file.stx_ino = i;
		keep(1);
		cr_expect_eq(find_now(), 1);
	}
	for (uint64_t i = 1; i <= 3 * VERDICTS_MAX; i++) {
		stat_of_file.stx_ino = i;
		found += find_now();
	}
	cr_expect_leq(found, VERDICTS_MAX);
	cr_expect_gt(found, VERDICTS_MAX / 2);
}

Test(verdicts, are_not_kept_of_a_file_that_has_just_changed)
{
	struct verdict_key key;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	stat_of_file.stx_ctime.tv_sec = now.tv_sec;
	stat_of_file.stx_ctime.tv_nsec = (uint32_t)now.tv_nsec;
	cr_expect_not(verdict_key_make(&stat_of_file, FUNC_BPRM_CHECK, &actions, &key));
	stat_of_file.stx_ctime.tv_sec++;
	cr_expect_not(verdict_key_make(&stat_of_file, FUNC_BPRM_CHECK, &actions, &key));
	stat_of_file.stx_ctime.tv_sec -= 3;
	cr_expect(verdict_key_make(&stat_of_file, FUNC_BPRM_CHECK, &actions, &key));
}

static bool is_kept(const struct verdict *verdict)
{
	const struct verdict_key key = key_now();
	struct verdict found;

	verdicts_keep(verdicts, &key, verdict, &form);
	bool is_found = verdicts_find(verdicts, &key, &found, &form);

	stat_of_file.stx_ino++;
	return is_found;
}

Test(verdicts, are_kept_if_they_last_as_long_as_the_file)
{
	cr_expect(is_kept(&(struct verdict){ .cause = CAUSE_NONE }));
	cr_expect(is_kept(&(struct verdict){ .cause = CAUSE_ALGORITHM }));
	cr_expect(is_kept(&(struct verdict){ .cause = CAUSE_VERITY_SIGNATURE }));
	cr_expect_not(is_kept(&(struct verdict){ .cause = CAUSE_WRITERS }));
	cr_expect_not(is_kept(&(struct verdict){ .cause = CAUSE_FAILURE }));
	cr_expect_not(is_kept(&(struct verdict){ .is_not_listed = true }));
}

Test(verdicts, are_not_kept_where_fs_verity_can_be_enabled_yet)
{
	cr_expect_not(is_kept(&(struct verdict){ .cause = CAUSE_NO_VERITY }));
}
