/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_LXC_CONFIG_H
#define NSXATTR_HOOK_LXC_CONFIG_H

/*
 * What matters to us of a container's configuration, lxc.container.conf(5): lines "key = value", the last
 * one of a key counts, and lxc.include takes in a file, or the *.conf of a folder, as LXC does. And of a
 * seccomp profile: which calls it has notified.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest value that we keep: a path. */
#define LXC_VALUE_SIZE PATH_MAX
/* Files that are read for one container, and how deep they include each other. */
#define LXC_FILES_MAX 1024
#define LXC_DEPTH_MAX 64
#define LXC_FILE_SIZE_MAX (1 << 20)
/* Calls that are looked for in one profile. */
#define LXC_CALLS_MAX 32

/** struct lxc_config - the values; "": not set */
struct lxc_config {
	char profile[LXC_VALUE_SIZE]; /* lxc.seccomp.profile */
	char proxy[LXC_VALUE_SIZE]; /* lxc.seccomp.notify.proxy */
	char cookie[LXC_VALUE_SIZE]; /* lxc.seccomp.notify.cookie */
	bool maps_users; /* there is an lxc.idmap of each kind */
	bool maps_groups;
	uint32_t root; /* with @maps_users: what 0 is mapped to, by the last map that has it; else UINT32_MAX */
	bool drops_admin; /* lxc.cap.drop has CAP_SYS_ADMIN */
	bool keeps_some; /* there is an lxc.cap.keep: it has all that is left */
	bool keeps_admin;
	bool has_start_hook; /* lxc.hook.start: a program that is executed before any call is passed on */
	bool has_init_hook; /* lxc.hook.start-host has "nsxattr hook lxc-init" */
	unsigned int files; /* that were read */
	char culprit[LXC_VALUE_SIZE]; /* after a failure: the file */
};

/**
 * lxc_config_read() - read a configuration
 * @path: of the container's own file
 * @ret_config: what it says; after a failure, only @culprit counts
 *
 * Return: 0; -ELOOP when too many files are included, or too deep; -EFBIG for a file of more than
 * LXC_FILE_SIZE_MAX; -ENAMETOOLONG for a value that we do not keep; -EINVAL for what is no file; -errno.
 */
int lxc_config_read(const char *path, struct lxc_config *ret_config);

/** lxc_config_may_administer() - can a process in the container have CAP_SYS_ADMIN? */
bool lxc_config_may_administer(const struct lxc_config *config);

/**
 * lxc_profile_lacks() - the same as lxc_profile_check() of other calls
 * @action: that they have to have: "notify", "errno"
 * @calls: @count of them, at most LXC_CALLS_MAX
 */
int lxc_profile_lacks(const char *path, const char *action, const char *const *calls, size_t count,
		      const char **ret_missing);

/**
 * lxc_profile_check() - does a seccomp profile hand its calls to a proxy?
 * @path: of the profile
 * @ret_missing: the first of the twelve old calls (base/syscalls.h) that is not notified; NULL: none
 *
 * Return: 0; -EINVAL when it is no file, or not of the version 2; -errno.
 */
int lxc_profile_check(const char *path, const char **ret_missing);

#endif
