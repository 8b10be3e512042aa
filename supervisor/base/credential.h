/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_CREDENTIAL_H
#define NSXATTR_BASE_CREDENTIAL_H

/*
 * What a path search depends on: who a process is to a file system. Ids are in the numbers of our own
 * namespace, unless it says otherwise.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel allows 65536; a target with more than these is denied, and told so in the log. */
#define CREDENTIAL_GROUPS_MAX 1024

/** struct credential - fsuid, fsgid, groups and effective capabilities in a user namespace */
struct credential {
	uid_t fsuid;
	gid_t fsgid;
	uint64_t capabilities;
	uint32_t group_count;
	gid_t groups[CREDENTIAL_GROUPS_MAX];
};

/* In place of an id: that which the process has. */
#define CREDENTIAL_SAME ((id_t)-1)

/** credential_equal() - are they the same, groups in the same order? */
bool credential_equal(const struct credential *left, const struct credential *right);

/** credential_has_groups_of() - are the groups the same, in the same order? */
bool credential_has_groups_of(const struct credential *left, const struct credential *right);

/** credential_copy_groups() - let them be those of another */
void credential_copy_groups(struct credential *credential, const struct credential *from);

/**
 * credential_get() - that of the calling process, with its permitted capabilities
 *
 * Return: 0; -E2BIG for more groups than CREDENTIAL_GROUPS_MAX; -errno.
 */
int credential_get(struct credential *ret_credential);

/** credential_capabilities() - the effective capabilities of the calling thread. Return: 0; -errno of capget(2). */
int credential_capabilities(uint64_t *ret_effective);

/** struct credential_change - how a process comes to have a credential in another user namespace */
struct credential_change {
	int userns; /* a descriptor of that namespace */
	bool is_here; /* @userns is where we are: no namespace is entered */
	int through; /* where ids and groups are taken on: @userns, or an ancestor; -1: where we are */
	bool keeps_groups; /* those that the process has stay */
	struct credential credential; /* ids in the numbers of @through; CREDENTIAL_SAME: stays */
};

/**
 * credential_assume() - take on a credential, for good
 * @change: how
 *
 * For a child process alone: it has one thread and does not share its file system attributes. It
 * ends with exactly these ids, groups and capabilities (effective and permitted; nothing inheritable
 * or ambient). Needs CAP_SYS_ADMIN over both namespaces; and CAP_SETUID and CAP_SETGID where we are, if
 * ids change there.
 *
 * Return: 0; -errno of the step that failed. The process is then half changed and must end.
 */
int credential_assume(const struct credential_change *change);

/**
 * credential_limit_capabilities() - for good, for the calling thread
 * @kept: those that stay, if it has them; a bit for each number
 *
 * Return: 0; -errno of capget(2) or capset(2).
 */
int credential_limit_capabilities(uint64_t kept);

/**
 * credential_set_effective() - lower or raise an effective capability of the calling thread
 *
 * Return: 0; -errno of capset(2), such as -EPERM for one that is not permitted.
 */
int credential_set_effective(unsigned int capability, bool is_effective);

#endif
