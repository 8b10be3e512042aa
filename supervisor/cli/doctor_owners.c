/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child looks, below the container's root directory (openat2(2), RESOLVE_IN_ROOT), and tells through a pipe. A file
 * system that does not answer cannot be waited for, and its child not be killed: it is left behind, and has nothing for
 * whose end our caller waits.
 */
#include "cli/doctor_owners.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "count_of.h"

/* File systems on which a container has files to label. */
static const char *const types[] = { "ext2",	"ext3", "ext4",	 "xfs",	     "btrfs",
				     "f2fs",	"zfs",	"tmpfs", "overlay",  "fuse",
				     "fuseblk", "nfs",	"nfs4",	 "9p",	     "virtiofs",
				     "ceph",	"cifs", "smb3",	 "bcachefs", "erofs" };

static bool is_of_files(const char *type)
{
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return strncmp(type, "fuse.", 5) == 0;
}

/* ---- the child ---- */

static int look(int root, const char *path, struct stat *ret_stat)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	_cleanup_fd_ int file = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

	if (file < 0 || fstat(file, ret_stat) < 0)
		return errno;
	return 0;
}

static void tell(int channel, int root, const char *path, bool is_of_directories)
{
	static struct doctor_owner owner;
	struct stat stat = { 0 };

	snprintf(owner.path, sizeof(owner.path), "%s", path);
	owner.error = look(root, path, &stat);
	owner.user = stat.st_uid;
	owner.group = stat.st_gid;
	if (is_of_directories && (owner.error || !S_ISDIR(stat.st_mode)))
		return;
	if (write(channel, &owner, sizeof(owner)) != sizeof(owner))
		_exit(1);
}

/* "36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw". Return: where it is mounted; NULL: no such line. */
static char *read_line(char *line, const char **ret_type)
{
	char *words[5] = { 0 }, *rest = line, *type = strstr(line, " - ");

	if (!type)
		return NULL;
	*type = '\0';
	type += strlen(" - ");
	type[strcspn(type, " ")] = '\0';
	*ret_type = type;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		words[i] = strsep(&rest, " ");
	/* Of a name with a blank, as \040, nothing is said. */
	return words[4] && !strchr(words[4], '\\') ? words[4] : NULL;
}

static bool is_kernels(const char *path)
{
	return strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0 ||
	       strncmp(path, "/dev/", 5) == 0 || strcmp(path, "/dev") == 0;
}

static void look_at_mounts(int channel, int root, FILE *mounts)
{
	_cleanup_free_ char *line = NULL;
	const char *type = "";
	size_t size = 0, count = 1;

	tell(channel, root, "/", true);
	while (mounts && count < DOCTOR_OWNERS_MAX && getline(&line, &size, mounts) >= 0) {
		const char *path = read_line(line, &type);

		if (!path || strcmp(path, "/") == 0 || is_kernels(path) || !is_of_files(type))
			continue;
		tell(channel, root, path, true);
		count++;
	}
}

/* Our caller may wait for the end of what it has given us as standard output. */
static void detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(1);
}

/* @file: NULL: the mounts are looked at; @mounts: -1: only the root directory is */
static _Noreturn void run_child(int channel, int root, const char *file, int mounts)
{
	detach();
	if (file)
		tell(channel, root, file, false);
	else
		look_at_mounts(channel, root, mounts < 0 ? NULL : fdopen(mounts, "re"));
	_exit(0);
}

/* ---- we ---- */

/* Return: 0; -ETIMEDOUT; -errno. */
static int receive(int channel, struct doctor_owners *owners)
{
	uint64_t end = clock_milliseconds() + DOCTOR_OWNERS_PATIENCE;

	while (owners->count < DOCTOR_OWNERS_MAX) {
		uint64_t now = clock_milliseconds();
		struct pollfd poll_fd = { .fd = channel, .events = POLLIN };
		int r = now < end ? poll(&poll_fd, 1, (int)(end - now)) : 0;

		if (r == 0)
			return -ETIMEDOUT;
		/* Less than a pipe takes at once is whole; what is longer may come in pieces. */
		struct doctor_owner *owner = &owners->all[owners->count];
		size_t got = 0;

		while (got < sizeof(*owner)) {
			ssize_t count = read(channel, (char *)owner + got, sizeof(*owner) - got);

			if (count <= 0)
				return 0;
			got += (size_t)count;
		}
		owners->count++;
	}
	return 0;
}

static int open_at(pid_t pid, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int doctor_owners_find(pid_t pid, const char *file, struct doctor_owners *ret_owners)
{
	_cleanup_fd_ int root = open_at(pid, "root", O_PATH | O_DIRECTORY);
	_cleanup_fd_ int mounts = open_at(pid, "mountinfo", O_RDONLY);
	int channel[2];

	ret_owners->count = 0;
	if (root < 0)
		return root;
	if (pipe2(channel, O_CLOEXEC) < 0)
		return -errno;
	pid_t child = fork();

	if (child == 0)
		run_child(channel[1], root, file, mounts);
	close(channel[1]);
	int r = child < 0 ? -errno : receive(channel[0], ret_owners);

	close(channel[0]);
	if (child > 0) {
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, WNOHANG);
	}
	return r;
}
