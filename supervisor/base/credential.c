/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order matters. The ids and groups are taken on in one namespace on the way from ours to that of the
 * target, where all of them have numbers and setgroups(2) is allowed. To leave uid 0 clears the effective
 * capabilities, so they are raised again for the next setns(2), which in turn grants all of them in the
 * namespace entered; capset(2) then cuts them down.
 *
 * Capabilities are set by the system call: libcap would refuse sets of a kernel newer than itself,
 * and its process-wide setters signal other threads.
 */
#include "base/credential.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

bool credential_has_groups_of(const struct credential *left, const struct credential *right)
{
	return left->group_count == right->group_count &&
	       memcmp(left->groups, right->groups, left->group_count * sizeof(gid_t)) == 0;
}

bool credential_equal(const struct credential *left, const struct credential *right)
{
	return left->fsuid == right->fsuid && left->fsgid == right->fsgid &&
	       left->capabilities == right->capabilities && credential_has_groups_of(left, right);
}

void credential_copy_groups(struct credential *credential, const struct credential *from)
{
	credential->group_count = from->group_count;
	memcpy(credential->groups, from->groups, from->group_count * sizeof(gid_t));
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

static int get_capabilities(uint64_t *ret_effective, uint64_t *ret_permitted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	*ret_effective = sets[0].effective | (uint64_t)sets[1].effective << 32;
	*ret_permitted = sets[0].permitted | (uint64_t)sets[1].permitted << 32;
	return 0;
}

int credential_capabilities(uint64_t *ret_effective)
{
	uint64_t permitted;

	return get_capabilities(ret_effective, &permitted);
}

int credential_limit_capabilities(uint64_t kept)
{
	uint64_t effective, permitted;
	int r = get_capabilities(&effective, &permitted);

	return r < 0 ? r : set_capabilities(permitted & kept, permitted & kept);
}

/* The raw calls: glibc's would signal threads that a forked child does not have. */
static int set_ids(const struct credential *credential, bool keeps_groups)
{
	if (!keeps_groups &&
	    syscall(SYS_setgroups, credential->group_count, credential->groups) < 0)
		return -errno;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_setresgid, credential->fsgid, credential->fsgid, credential->fsgid) < 0 ||
	    syscall(SYS_setresuid, credential->fsuid, credential->fsuid, credential->fsuid) < 0)
		return -errno;
	/* All that are permitted. */
	return credential_limit_capabilities(~UINT64_C(0));
}

static int enter(int userns)
{
	return setns(userns, CLONE_NEWUSER) < 0 ? -errno : 0;
}

int credential_assume(const struct credential_change *change)
{
	const uint64_t capabilities = change->credential.capabilities;
	int r = change->through < 0 ? 0 : enter(change->through);

	if (r == 0)
		r = set_ids(&change->credential, change->keeps_groups);
	/* To enter the namespace that one is in is refused. */
	if (r == 0 && !change->is_here &&
	    !(change->through >= 0 && fd_is_same_inode(change->through, change->userns)))
		r = enter(change->userns);
	if (r == 0)
		r = set_capabilities(capabilities, capabilities);
	/* Each change of identity has set the one to fs.suid_dumpable, and cleared the other. */
	if (r == 0 && (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
		       prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0))
		r = -errno;
	return r;
}

static int get_groups(struct credential *credential)
{
	int count = getgroups(CREDENTIAL_GROUPS_MAX, credential->groups);

	if (count < 0)
		return errno == EINVAL ? -E2BIG : -errno;
	credential->group_count = (uint32_t)count;
	return 0;
}

int credential_get(struct credential *ret_credential)
{
	struct credential ours = { 0 };
	uint64_t effective;
	int r = get_capabilities(&effective, &ours.capabilities);

	if (r == 0)
		r = get_groups(&ours);
	if (r < 0)
		return r;
	/* No user has the id -1: to ask for it changes nothing. */
	ours.fsuid = (uid_t)setfsuid(CREDENTIAL_SAME);
	ours.fsgid = (gid_t)setfsgid(CREDENTIAL_SAME);
	*ret_credential = ours;
	return 0;
}

/* What is inheritable stays: the caller may become a program that is to have it. */
int credential_set_effective(unsigned int capability, bool is_effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	if (is_effective)
		sets[capability / 32].effective |= 1U << capability % 32;
	else
		sets[capability / 32].effective &= ~(1U << capability % 32);
	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}
