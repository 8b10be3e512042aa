/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of the target's namespace have their types in /proc/TID/mountinfo. That is read once for a mount, where
 * mounts have ids that are never used again (Linux 6.8), and for each file before. A file on a mount that is not among
 * them has been made without one (memfd_create(2)), comes from another namespace, or is where the target's root is on the
 * same mount (chroot(2)): there the magic number tells the type of what we know, and what refuses us is FUSE. statmount(2)
 * tells the number; before Linux 6.11, and of a mount in no namespace, the file system is asked.
 */
#include "judge/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/kernel_version.h"
#include "base/proc.h"
#include "exec/mount.h"
#include "request/foreign.h"
#include "request/target.h"

#ifndef FUSE_SUPER_MAGIC /* linux/magic.h has it since Linux 6.1 */
#define FUSE_SUPER_MAGIC 0x65735546
#endif

/* FS_IOC_GETFSUUID, of Linux 6.9. */
struct fs_uuid {
	uint8_t length;
	uint8_t bytes[FS_UUID_SIZE];
};
#define GET_FS_UUID _IOR(0x15, 0, struct fs_uuid)

/* Mounts that are remembered. */
#define SYSTEMS_MAX 64

struct remembered {
	uint64_t mount; /* 0: none */
	struct file_system system;
};

struct file_systems {
	pthread_mutex_t lock;
	struct remembered known[SYSTEMS_MAX];
	size_t next; /* the one that is forgotten for the next */
};

struct file_systems *file_systems_new(void)
{
	struct file_systems *systems = calloc(1, sizeof(*systems));

	if (systems)
		pthread_mutex_init(&systems->lock, NULL);
	return systems;
}

void file_systems_free(struct file_systems *systems)
{
	if (!systems)
		return;
	pthread_mutex_destroy(&systems->lock);
	free(systems);
}

static bool recall(struct file_systems *systems, uint64_t mount, struct file_system *ret_system)
{
	bool is_known = false;

	pthread_mutex_lock(&systems->lock);
	for (size_t i = 0; !is_known && i < SYSTEMS_MAX; i++) {
		is_known = systems->known[i].mount == mount;
		if (is_known)
			*ret_system = systems->known[i].system;
	}
	pthread_mutex_unlock(&systems->lock);
	return is_known;
}

static void remember(struct file_systems *systems, uint64_t mount, const struct file_system *system)
{
	pthread_mutex_lock(&systems->lock);
	systems->known[systems->next] = (struct remembered){ mount, *system };
	systems->next = (systems->next + 1) % SYSTEMS_MAX;
	pthread_mutex_unlock(&systems->lock);
}

/* "36 35 98:0 /root /mnt rw shared:1 - fuse.sshfs source options": blanks in names are escaped. */
char *file_system_type(char *line, uint64_t *ret_id)
{
	char *type = strstr(line, " - ");

	if (!type)
		return NULL;
	*ret_id = strtoull(line, NULL, 10);
	type += strlen(" - ");
	type[strcspn(type, " ")] = '\0';
	return type;
}

/* The kernel's own name of the type has no part behind a dot; that is what a FUSE server has added. */
static void name_it(struct file_system *system, const char *type)
{
	snprintf(system->name, sizeof(system->name), "%.*s", (int)strcspn(type, "."), type);
	system->has_server = strcmp(system->name, "fuse") == 0 ||
			     strcmp(system->name, "fuseblk") == 0;
}

/* Return: 0, also when the mount is not among them; -errno. */
static int read_type(int mounts, uint64_t mount, struct file_system *system)
{
	_cleanup_free_ char *line = NULL;
	uint64_t id;
	int r = proc_find_mount(mounts, mount, &line);
	const char *type = r == 0 && line ? file_system_type(line, &id) : NULL;

	if (type)
		name_it(system, type);
	return r;
}

static const struct {
	uint64_t magic;
	const char *name;
} without_mount[] = {
	{ TMPFS_MAGIC, "tmpfs" },
	{ HUGETLBFS_MAGIC, "hugetlbfs" },
	{ RAMFS_MAGIC, "ramfs" },
};

static void name_by_magic(struct file_system *system)
{
	for (size_t i = 0; i < sizeof(without_mount) / sizeof(without_mount[0]); i++)
		if (without_mount[i].magic == system->magic)
			name_it(system, without_mount[i].name);
	if (system->magic == FUSE_SUPER_MAGIC)
		name_it(system, "fuse");
}

static bool is_told_by_mount(int fd, int mount_namespace, uint64_t *ret_magic)
{
	struct statx stat;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID_UNIQUE, &stat) == 0 &&
	       stat.stx_mask & STATX_MNT_ID_UNIQUE &&
	       mount_read_magic(stat.stx_mnt_id, mount_namespace, ret_magic) == 0;
}

static void read_magic(struct file_system *system, int fd, int mount_namespace)
{
	bool is_listed = system->name[0] != '\0';
	struct statfs statfs;

	if (system->has_server || foreign_is(fd))
		system->magic = FUSE_SUPER_MAGIC;
	else if (!is_listed && is_told_by_mount(fd, mount_namespace, &system->magic))
		return;
	else if (fstatfs(fd, &statfs) == 0)
		system->magic = (uint64_t)statfs.f_type;
}

int file_system_look(int mounts, int mount_namespace, int fd, struct file_system *ret_system)
{
	struct file_system system = { 0 };
	struct statx stat;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &stat) < 0)
		return -errno;
	int r = read_type(mounts, stat.stx_mnt_id, &system);

	if (r < 0)
		return r;
	read_magic(&system, fd, mount_namespace);
	if (system.name[0] == '\0')
		name_by_magic(&system);
	*ret_system = system;
	return 0;
}

/* ---- the UUID ---- */

static bool is_told_by_kernel(void)
{
	unsigned int version[3];

	kernel_version_get(version);
	return version[0] > 6 || (version[0] == 6 && version[1] >= 9);
}

/* The kernel itself answers, no file system: ENOTTY is of one that has none. Shorter ones have zeros behind them. */
void file_system_read_uuid(int fd, struct file_system *system)
{
	struct fs_uuid read = { 0 };

	if (system->has_server || system->magic == OVERLAYFS_SUPER_MAGIC)
		return;
	if (ioctl(fd, GET_FS_UUID, &read) < 0 && (errno != ENOTTY || !is_told_by_kernel()))
		return;
	memcpy(system->uuid, read.bytes, FS_UUID_SIZE);
	system->has_uuid = true;
}

static void learn_uuid(int procfs, int fd, struct file_system *system)
{
	if (procfs < 0 || system->has_server)
		return;
	_cleanup_fd_ int opened = proc_open_again(procfs, fd, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (opened >= 0)
		file_system_read_uuid(opened, system);
}

int file_systems_find(struct file_systems *systems, const struct target *target, int fd,
		      const struct statx *stat, int procfs, struct file_system *ret_system)
{
	bool is_unique = stat->stx_mask & STATX_MNT_ID_UNIQUE;

	if (is_unique && recall(systems, stat->stx_mnt_id, ret_system))
		return 0;
	_cleanup_fd_ int mounts = target_open_mounts(target);
	_cleanup_fd_ int mount_namespace = is_unique ? target_open_mount_namespace(target) : -1;
	int r = mounts < 0 ? mounts : file_system_look(mounts, mount_namespace, fd, ret_system);

	if (r == 0)
		learn_uuid(procfs, fd, ret_system);
	if (r == 0 && is_unique)
		remember(systems, stat->stx_mnt_id, ret_system);
	return r;
}
