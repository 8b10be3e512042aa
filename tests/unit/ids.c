/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/ids.h"

#include <criterion/criterion.h>
#include <sys/stat.h>

#define ROOT 100000

static const struct gate_ids user = { 1, 1, 1, 2, 2, 2, false, false };
static struct statx program;
static struct gate_ids found[IDS_AFTER_EXEC_MAX];
static size_t count;

static void execute(const struct gate_ids *ids, unsigned int mode)
{
	program = (struct statx){ .stx_mode = (uint16_t)(S_IFREG | mode),
				  .stx_uid = ROOT,
				  .stx_gid = ROOT };
	count = ids_after_exec(ids, &program, GATE_ASKS_SUBJECT, ROOT, found);
}

/* Is it found? Return: as the how manyth, from 1 on; 0: it is not. */
static size_t place_of(uint32_t euid, uint32_t egid, bool has_setuid, bool has_setgid)
{
	for (size_t i = 0; i < count; i++)
		if (found[i].euid == euid && found[i].egid == egid && found[i].suid == euid &&
		    found[i].sgid == egid && found[i].has_setuid == has_setuid &&
		    found[i].has_setgid == has_setgid)
			return i + 1;
	return 0;
}

Test(ids, stay_as_they_are_in_most_cases)
{
	execute(&user, 0755);
	cr_expect_eq(count, 1);
	cr_expect_eq(place_of(1, 2, false, false), 1);
}

Test(ids, saved_ones_are_those_that_act)
{
	const struct gate_ids ids = { 1, 1, 7, 2, 2, 8, true, true };

	execute(&ids, 0755);
	cr_expect_eq(count, 1);
	cr_expect_eq(found[0].suid, 1);
	cr_expect_eq(found[0].sgid, 2);
}

Test(ids, those_of_a_set_id_program_are_its_owners)
{
	execute(&user, 04755);
	cr_expect_eq(place_of(ROOT, 2, true, true), 1, "most likely");
	cr_expect_gt(place_of(ROOT, 2, false, true), 0, "with its capabilities dropped");
	cr_expect_gt(place_of(1, 2, true, true) + place_of(1, 2, false, false), 0,
		     "without set-id");
	cr_expect_eq(count, 3);
}

Test(ids, a_program_sets_a_group_only_if_that_may_execute_it)
{
	execute(&user, 02755);
	cr_expect_eq(place_of(1, ROOT, false, false), 1);
	cr_expect_eq(count, 3);
	execute(&user, 02745);
	cr_expect_eq(count, 1);
}

/* As where a tracer watches. */
Test(ids, can_fall_back_to_the_real_ones)
{
	const struct gate_ids ids = { 1, 5, 5, 2, 2, 2, false, false };

	execute(&ids, 0755);
	cr_expect_eq(place_of(5, 2, false, false), 1);
	cr_expect_gt(place_of(5, 2, true, false), 0);
	cr_expect_gt(place_of(1, 2, false, false), 0);
	cr_expect_eq(count, 3);
}

Test(ids, only_those_are_told_apart_that_matter)
{
	program = (struct statx){ .stx_mode = S_IFREG | 06755, .stx_uid = ROOT, .stx_gid = ROOT };
	cr_expect_eq(ids_after_exec(&user, &program, 0, ROOT, found), 1);
	cr_expect_eq(ids_after_exec(&user, &program, GATE_ASKS_UID | GATE_ASKS_GID, ROOT, found),
		     1);
	cr_expect_eq(ids_after_exec(&user, &program, GATE_ASKS_EUID, ROOT, found), 3);
}

Test(ids, all_of_them_find_room)
{
	const struct gate_ids ids = { 1, 5, 5, 2, 6, 6, false, false };

	execute(&ids, 06755);
	cr_expect_eq(count, IDS_AFTER_EXEC_MAX);
}
