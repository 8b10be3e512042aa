/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_PROC_H
#define NSXATTR_BASE_PROC_H

/*
 * Our own procfs: that of our pid namespace, as our mount namespace has it, where no target can mount
 * anything over it. It is used through a descriptor, for the supervisor has no root directory to
 * speak of (sandbox_confine_root()).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct statx;

/**
 * proc_open() - open our procfs
 *
 * Return: an O_PATH descriptor of its root; -EXDEV when /proc is that of another pid namespace;
 * -ENOSYS, or what a filter says, when there is no openat2(2), without which it is of no use; -errno.
 */
int proc_open(void);

#ifndef STATX_MNT_ID_UNIQUE /* Linux 6.8 */
#define STATX_MNT_ID_UNIQUE 0x4000
#endif

/**
 * proc_is_on() - is the inode of this descriptor on some procfs?
 * @ret_stat: what statx(2) has told meanwhile, with STATX_TYPE and STATX_MNT_ID_UNIQUE; its mask says
 *            what is true. May be NULL
 */
bool proc_is_on(int fd, struct statx *ret_stat);

/** proc_forbids_links() - is the mount of this descriptor one where symbolic links are not followed? */
bool proc_forbids_links(int fd);

/** proc_is_root() - is it the root directory of some procfs? */
bool proc_is_root(int fd);

/**
 * proc_open_within() - open below a directory of a procfs that is not ours
 * @directory: on procfs
 * @path: relative
 * @flags: as for open(2)
 *
 * Neither mounts nor links are followed: what is opened is that procfs's own.
 *
 * Return: a descriptor; -EXDEV where something is mounted in the way; -ELOOP for a link; -errno.
 */
int proc_open_within(int directory, const char *path, uint64_t flags);

/** proc_open_parent() - the directory above, on the same procfs. Return: as proc_open_within(). */
int proc_open_parent(int directory);

/**
 * proc_open_again() - open what a descriptor of ours is of, by another way
 * @procfs: ours
 * @flags: as for open(2); O_CLOEXEC is added
 *
 * Return: a descriptor; -errno.
 */
int proc_open_again(int procfs, int fd, int flags);

/**
 * proc_find_mount() - the line of a mount
 * @mounts: proc_pid_mountinfo(5), which is read from its beginning
 * @mount: its number there, as of STATX_MNT_ID
 * @ret_line: the caller's to free(3); NULL: it is not among them
 *
 * Return: 0; -errno.
 */
int proc_find_mount(int mounts, uint64_t mount, char **ret_line);

/**
 * proc_read() - read a small file to its end
 * @directory: where @path begins
 * @buffer: the text, with a NUL
 * @size: room in @buffer
 *
 * Return: the length, @size - 1 at most; -errno.
 */
ssize_t proc_read(int directory, const char *path, char *buffer, size_t size);

#endif
