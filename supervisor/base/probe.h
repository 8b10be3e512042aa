/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_PROBE_H
#define NSXATTR_BASE_PROBE_H

/*
 * The probe asks the kernel's own structures who a thread is: what /proc/TID/status and
 * /proc/TID/ns/user tell in text, in one system call that costs a fraction of reading them.
 *
 * It is a way to be faster and no more: where the kernel does not allow it (BPF, its description of types or
 * the privilege is missing, or the host is a user namespace itself), /proc tells the same.
 *
 * It also tells whether a descriptor that we have kept is still that of the thread's root or working
 * directory. Only those should be kept that last: a descriptor keeps a file system from being
 * unmounted, and the root mount of a namespace is what no process unmounts.
 *
 * A process has one, for all of its threads.
 */

#include "base/probe_program.h"

struct probe;

/* Where identities come from. */
enum probe_use {
	PROBE_AUTO, /* from the probe where there is one */
	PROBE_ALWAYS, /* and else not at all */
	PROBE_NEVER, /* from /proc */
};

/**
 * probe_new() - have the program loaded and checked on ourselves
 * @ret_probe: the probe
 *
 * Needs a root directory with /proc and /sys, and CAP_SYS_ADMIN, which probe_ask() needs too.
 *
 * Return: 0; -errno of the kernel; -ENOENT, -ENOTUNIQ, -EPROTO when its structures are not as we know
 * them; -EXDEV when our user namespace is not the first, and so our numbers are not the kernel's;
 * -EBADE when it does not know us.
 */
int probe_new(struct probe **ret_probe);

/** probe_new_of() - the same with a program of this form only. Return: as probe_new(). */
int probe_new_of(enum probe_form form, struct probe **ret_probe);

/** probe_free() - NULL is accepted. */
void probe_free(struct probe *probe);

/** probe_fd() - Return: its descriptor, without which it is of no use. */
int probe_fd(const struct probe *probe);

/**
 * probe_ask() - who is this thread, and where, now?
 * @probe: may be used by several threads at once
 * @proc: a descriptor of its directory in procfs, which may be an O_PATH one
 * @kept: descriptors of directories that it had, or -1; borrowed; NULL: it does not matter where
 * @ret_record: the answer; of the groups only their number if that is above PROBE_GROUPS_MAX
 *
 * Return: 0; -ESRCH when the thread has ended; other -errno.
 */
int probe_ask(const struct probe *probe, int proc, const int kept[PROBE_PLACES],
	      struct probe_record *ret_record);

/**
 * probe_ask_file_system() - which user namespace has mounted the file system of this file?
 * @probe: as probe_ask()
 * @fd: a descriptor of ours, which may be an O_PATH one
 * @ret_userns: the inode number of the namespace
 *
 * No file system is asked for that.
 *
 * Return: 0; -errno.
 */
int probe_ask_file_system(const struct probe *probe, int fd, uint32_t *ret_userns);

#endif
