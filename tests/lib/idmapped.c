/* SPDX-License-Identifier: Apache-2.0 */
#include "idmapped.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fork_alone.h"

static bool write_map(pid_t pid, const char *name, const char *map)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? -1 : write(fd, map, strlen(map));

	if (fd >= 0)
		close(fd);
	return written == (ssize_t)strlen(map);
}

/* A user namespace with this map; it lives as long as its descriptor. */
static int open_namespace(const char *map)
{
	char path[64];
	int ready[2], fd = -1;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork_alone();

	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], path, 1) == 1 && write_map(pid, "uid_map", map) &&
	    write_map(pid, "gid_map", map)) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	close(ready[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return fd;
}

int idmapped_tree(const char *path, const char *map)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	int userns = open_namespace(map);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP,
				   .userns_fd = (unsigned int)userns };
	int r = 0;

	if (tree < 0 || userns < 0 ||
	    syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		r = -errno;
	if (userns >= 0)
		close(userns);
	if (r < 0 && tree >= 0)
		close(tree);
	return r < 0 ? r : tree;
}

int idmapped_mount(const char *from, const char *to, const char *map)
{
	int tree = idmapped_tree(from, map);
	int r = 0;

	if (tree < 0)
		return tree;
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		r = -errno;
	close(tree);
	return r;
}
