/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order matters. With host privilege the ids are set while we are still in the host's namespace,
 * where every id has a number; leaving uid 0 clears the effective capabilities, so they are raised
 * again for setns(2), which in turn grants all of them in the namespace entered; capset(2) then cuts
 * them down. Without host privilege we own the namespace, enter it first, and set the ids there, in
 * its own numbers.
 *
 * Capabilities are set by the system call: libcap would refuse sets of a kernel newer than itself,
 * and its process-wide setters signal other threads.
 */
#include "base/credential.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool credential_equal(const struct credential *left, const struct credential *right)
{
	return left->fsuid == right->fsuid && left->fsgid == right->fsgid &&
	       left->capabilities == right->capabilities &&
	       left->group_count == right->group_count &&
	       memcmp(left->groups, right->groups, left->group_count * sizeof(gid_t)) == 0;
}

static int set_capabilities(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = {
		{ .effective = (uint32_t)effective, .permitted = (uint32_t)permitted },
		{ .effective = (uint32_t)(effective >> 32),
		  .permitted = (uint32_t)(permitted >> 32) },
	};

	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

static int get_permitted(uint64_t *ret_permitted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	*ret_permitted = sets[0].permitted | (uint64_t)sets[1].permitted << 32;
	return 0;
}

static int raise_permitted(void)
{
	uint64_t permitted;
	int r = get_permitted(&permitted);

	return r < 0 ? r : set_capabilities(permitted, permitted);
}

/* The raw calls: glibc's would signal threads that a forked child does not have. */
static int set_ids(const struct credential *credential, bool with_groups)
{
	if (with_groups && syscall(SYS_setgroups, credential->group_count, credential->groups) < 0)
		return -errno;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_setresgid, credential->fsgid, credential->fsgid, credential->fsgid) < 0 ||
	    syscall(SYS_setresuid, credential->fsuid, credential->fsuid, credential->fsuid) < 0)
		return -errno;
	return raise_permitted();
}

static int enter(const struct credential_place *place)
{
	return setns(place->userns, CLONE_NEWUSER) < 0 ? -errno : 0;
}

static bool has_our_groups(const struct credential *credential)
{
	gid_t ours[CREDENTIAL_GROUPS_MAX];
	int count = getgroups(CREDENTIAL_GROUPS_MAX, ours);

	return count >= 0 && (uint32_t)count == credential->group_count &&
	       memcmp(ours, credential->groups, (size_t)count * sizeof(gid_t)) == 0;
}

static int translate(const struct credential *credential, const struct credential_place *place,
		     bool with_groups, struct credential *ret_inside)
{
	struct credential *inside = ret_inside;

	*inside = *credential;
	if (!id_map_to_inside(place->uids, credential->fsuid, &inside->fsuid) ||
	    !id_map_to_inside(place->gids, credential->fsgid, &inside->fsgid))
		return -EINVAL;
	for (uint32_t i = 0; with_groups && i < credential->group_count; i++)
		if (!id_map_to_inside(place->gids, credential->groups[i], &inside->groups[i]))
			return -EINVAL;
	return 0;
}

static int become_from_inside(const struct credential *credential,
			      const struct credential_place *place)
{
	/* Where setgroups(2) is forbidden everybody has the groups that we have. */
	bool with_groups = !has_our_groups(credential);
	struct credential inside;
	int r = translate(credential, place, with_groups, &inside);

	if (r == 0)
		r = enter(place);
	return r < 0 ? r : set_ids(&inside, with_groups);
}

static int become_from_outside(const struct credential *credential,
			       const struct credential_place *place)
{
	int r = set_ids(credential, true);

	return r < 0 ? r : enter(place);
}

static bool holds_host_privilege(void)
{
	const uint64_t needed = 1ULL << CAP_SETUID | 1ULL << CAP_SETGID;
	uint64_t permitted;

	return get_permitted(&permitted) == 0 && (permitted & needed) == needed;
}

int credential_assume(const struct credential *credential, const struct credential_place *place)
{
	int r = holds_host_privilege() ? become_from_outside(credential, place) :
					 become_from_inside(credential, place);

	if (r == 0)
		r = set_capabilities(credential->capabilities, credential->capabilities);
	/* Each change of identity has set it to fs.suid_dumpable. */
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = -errno;
	return r;
}
