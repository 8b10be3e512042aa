/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order matters. Ids are set while we are still in the host's namespace, where every id has a
 * number; leaving uid 0 clears the effective capabilities, so they are raised again for setns(2),
 * which in turn grants all of them in the namespace entered; capset(2) then cuts them down.
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

static int raise_permitted(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	uint64_t permitted = sets[0].permitted | (uint64_t)sets[1].permitted << 32;

	return set_capabilities(permitted, permitted);
}

/* The raw calls: glibc's would signal threads that a forked child does not have. */
static int set_ids(const struct credential *credential)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_setgroups, credential->group_count, credential->groups) < 0 ||
	    syscall(SYS_setresgid, credential->fsgid, credential->fsgid, credential->fsgid) < 0 ||
	    syscall(SYS_setresuid, credential->fsuid, credential->fsuid, credential->fsuid) < 0)
		return -errno;
	return 0;
}

int credential_assume(const struct credential *credential, int userns)
{
	int r;

	r = set_ids(credential);
	if (r < 0)
		return r;
	r = raise_permitted();
	if (r < 0)
		return r;
	if (setns(userns, CLONE_NEWUSER) < 0)
		return -errno;
	return set_capabilities(credential->capabilities, credential->capabilities);
}
