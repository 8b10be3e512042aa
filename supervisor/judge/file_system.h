/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_FILE_SYSTEM_H
#define NSXATTR_JUDGE_FILE_SYSTEM_H

/*
 * Of what file system a file is, without a question to a server that may never answer: the kernel tells the type of
 * a mount, and only file systems without a server in user space are asked for more.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/proc.h"
#include "integrity.h"

struct statx;
struct target;

/** struct file_system - what rules ask for, see struct integrity_facts */
struct file_system {
	uint64_t magic;
	char name[32]; /* ""; it cannot be told */
	bool has_server; /* a process answers for it: nothing on it is opened or read */
	bool has_uuid; /* what follows is told */
	uint8_t uuid[FS_UUID_SIZE]; /* zeros: it has none */
};

/* What statx(2) is to tell for file_systems_find(). */
#define FILE_SYSTEM_STATX STATX_MNT_ID_UNIQUE

/**
 * file_system_look() - the file system of a file, without memory of what was learnt
 * @mounts: proc_pid_mountinfo(5) of the mount namespace in which the file was found, at its beginning
 * @mount_namespace: that namespace; -1: ours
 * @fd: of the file, which may be an O_PATH one
 *
 * Return: 0; -errno.
 */
int file_system_look(int mounts, int mount_namespace, int fd, struct file_system *ret_system);

/**
 * file_system_read_uuid() - its UUID, as the kernel's IMA compares it
 * @fd: of a regular file on it, open for reading
 * @system: of file_system_look(); the UUID is added if it can be told
 *
 * The kernel tells it from Linux 6.9 on. That of an overlay is not told: who mounts one inside can choose it.
 */
void file_system_read_uuid(int fd, struct file_system *system);

struct file_systems;

/** file_systems_new() - nothing is known yet. Return: NULL when there is no memory. */
struct file_systems *file_systems_new(void);

/** file_systems_free() - NULL is accepted. */
void file_systems_free(struct file_systems *systems);

/**
 * file_systems_find() - the file system of a file
 * @systems: what was learnt; any thread may ask
 * @target: in whose mount namespace the file was found
 * @fd: of the file, which may be an O_PATH one
 * @stat: of the file, a regular one, with FILE_SYSTEM_STATX
 * @procfs: through which the file is opened, for the UUID; -1: it is not asked for
 * @ret_system: what can be told
 *
 * Return: 0; -ESRCH when the target is gone; -errno.
 */
int file_systems_find(struct file_systems *systems, const struct target *target, int fd,
		      const struct statx *stat, int procfs, struct file_system *ret_system);

/** file_system_type() - a line of proc_pid_mountinfo(5). @ret_id: of the mount. Return: the type, in the line; NULL. */
char *file_system_type(char *line, uint64_t *ret_id);

#endif
