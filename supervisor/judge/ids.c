/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As bprm_fill_uid() and cap_bprm_creds_from_file() of Linux 6.12 have it: the effective id is the owner of a program with a
 * set-id bit, or stays, or falls back to the real one where the task is traced or is to gain no privileges. The saved id is
 * the effective one afterwards, in any case.
 */
#include "judge/ids.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define SIDE_MAX 5

/* One id of three: of the user, or of the group. */
struct side {
	uint32_t real, effective;
	bool is_able; /* to take the others */
};

/* An id that is the real one makes no difference between able and unable. */
static size_t add(struct side *sides, size_t count, uint32_t real, uint32_t effective, bool is_able)
{
	sides[count++] = (struct side){ real, effective, is_able };
	if (effective != real)
		sides[count++] = (struct side){ real, effective, !is_able };
	return count;
}

/* @is_able: with the likely effective id. Return: how many. */
static size_t find_sides(uint32_t real, uint32_t before, bool is_set, uint32_t owner, bool is_able,
			 struct side sides[SIDE_MAX])
{
	size_t count = is_set ? add(sides, 0, real, owner, is_able) : 0;

	if (!is_set || before != owner)
		count = add(sides, count, real, before, is_able);
	if (real != before && !(is_set && real == owner))
		count = add(sides, count, real, real, is_able);
	return count;
}

static struct gate_ids join(const struct side *user, const struct side *group)
{
	return (struct gate_ids){
		.uid = user->real,
		.euid = user->effective,
		.suid = user->effective,
		.gid = group->real,
		.egid = group->effective,
		.sgid = group->effective,
		.has_setuid = user->is_able,
		.has_setgid = group->is_able,
	};
}

static bool is_among(const struct gate_ids *all, size_t count, const struct gate_ids *ids,
		     unsigned int asked)
{
	const struct gate_subject subject = gate_subject_of(asked, ids);

	for (size_t i = 0; i < count; i++) {
		const struct gate_subject other = gate_subject_of(asked, &all[i]);

		if (memcmp(&subject, &other, sizeof(subject)) == 0)
			return true;
	}
	return false;
}

size_t ids_after_exec(const struct gate_ids *before, const struct statx *program,
		      unsigned int asked, uint32_t root,
		      struct gate_ids ret_ids[IDS_AFTER_EXEC_MAX])
{
	const unsigned int group_bits = S_ISGID | S_IXGRP;
	bool sets_user = program->stx_mode & S_ISUID;
	bool sets_group = (program->stx_mode & group_bits) == group_bits;
	bool is_root = (sets_user ? program->stx_uid : before->euid) == root;
	struct side users[SIDE_MAX], groups[SIDE_MAX];
	size_t user_count =
		find_sides(before->uid, before->euid, sets_user, program->stx_uid, is_root, users);
	size_t group_count = find_sides(before->gid, before->egid, sets_group, program->stx_gid,
					is_root, groups);
	size_t count = 0;

	for (size_t i = 0; i < user_count * group_count; i++) {
		const struct gate_ids ids = join(&users[i / group_count], &groups[i % group_count]);

		if (!is_among(ret_ids, count, &ids, asked))
			ret_ids[count++] = ids;
	}
	return count;
}
