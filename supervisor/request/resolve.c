/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Most paths take one openat2(2) by the stand-in: an absolute one below the target's root
 * (RESOLVE_IN_ROOT), a relative one below its start (RESOLVE_BENEATH). The kernel refuses magic
 * links there, and notices when the path would leave. Anything but success, and success on procfs,
 * where /proc/self was read as ours, is searched again component by component. Paths through
 * /proc/self/fd, which are many, have a shortcut.
 *
 * A target's searches seldom leave the mount of its root or working directory. Where they have not lately, the kernel
 * is told to stay there too (RESOLVE_NO_XDEV): then the mount is known, and it is no procfs, without another call.
 *
 * A shy resolver crosses no mount at once, so that it meets no file system but that of its start. Where
 * the path crosses one, it is searched by component, and each directory looked at before.
 */
#include "request/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/fd.h"
#include "base/proc.h"
#include "exec/awaited.h"
#include "exec/inode.h"
#include "exec/standin.h"
#include "request/foreign.h"
#include "request/own_entry.h"
#include "request/resolver.h"
#include "request/target.h"
#include "request/walk.h"

/* A target that has stayed on a mount so often is likely to stay. */
#define STAYS 8

int resolve_descriptor(const struct resolver *resolver, int number, struct pinned *ret_inode)
{
	bool is_opened;
	_cleanup_fd_ int fd = target_take_descriptor(resolver->target, number, &is_opened);

	if (fd < 0)
		return fd == -EBADF ? EBADF : fd;
	*ret_inode = (struct pinned){ .fd = TAKE_FD(fd), .is_opened = is_opened };
	return 0;
}

/* It is searched from, not asked about: O_PATH serves. */
static int find_start(const struct resolver *resolver, int dirfd, const char *path,
		      struct search_start *ret_start)
{
	if (path[0] == '/')
		return target_find_place(resolver->target, PROBE_ROOT, ret_start);
	if (dirfd == AT_FDCWD)
		return target_find_place(resolver->target, PROBE_CWD, ret_start);
	bool is_opened;
	int fd = target_take_descriptor(resolver->target, dirfd, &is_opened);

	if (fd < 0)
		return fd == -EBADF ? EBADF : fd;
	*ret_start = (struct search_start){ .fd = fd, .owned = fd };
	return 0;
}

static struct open_how way_at_once(const struct resolver *resolver, const char *path, bool follow)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = path[0] == '/' ? RESOLVE_IN_ROOT : RESOLVE_BENEATH,
	};

	if (!follow)
		how.flags |= O_NOFOLLOW;
	if (resolver->is_shy)
		how.resolve |= RESOLVE_NO_XDEV;
	if (awaited_is_bound(resolver->awaited))
		how.resolve |= RESOLVE_CACHED;
	return how;
}

/*
 * Most targets stay on one mount. Where a path is searched without leaving it, the inode is on no procfs, and its
 * mount is known, without a question to the kernel. One that leaves it is searched once more.
 */
static bool is_likely_to_stay(const struct resolver *resolver, const struct search_start *start)
{
	return start->mount != 0 && resolver->target->stayed >= STAYS && !resolver->is_shy;
}

/* Return: as resolve_path(), or EXDEV. */
static int search_on_mount(const struct resolver *resolver, const struct search_start *start,
			   const char *path, bool follow, int *ret_fd, uint64_t *ret_mount)
{
	struct open_how how = way_at_once(resolver, path, follow);

	how.resolve |= RESOLVE_NO_XDEV;
	int r = standin_open(resolver->standin, start->fd, path, &how, ret_fd);

	if (r == EXDEV)
		resolver->target->stayed = 0;
	if (r == 0)
		*ret_mount = start->mount;
	return r;
}

/* Return: as resolve_path(); EXDEV: it ends on a procfs. */
static int search_across_mounts(const struct resolver *resolver, const struct search_start *start,
				const char *path, bool follow, int *ret_fd, uint64_t *ret_mount)
{
	const struct open_how how = way_at_once(resolver, path, follow);
	struct target *target = resolver->target;
	_cleanup_fd_ int fd = -1;
	struct statx stat;
	int r = standin_open(resolver->standin, start->fd, path, &how, &fd);

	if (r != 0)
		return r;
	if (proc_is_on(fd, &stat))
		return EXDEV;
	*ret_mount = inode_mount_in(&stat);
	target->stayed = *ret_mount == start->mount ? target->stayed + 1 : 0;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int search_at_once(const struct resolver *resolver, const struct search_start *start,
			  const char *path, bool follow, int *ret_fd, uint64_t *ret_mount)
{
	int r = is_likely_to_stay(resolver, start) ?
			search_on_mount(resolver, start, path, follow, ret_fd, ret_mount) :
			EXDEV;

	return r == EXDEV ? search_across_mounts(resolver, start, path, follow, ret_fd, ret_mount) :
			    r;
}

/* The same without a thread to wait in. Where the kernel has the whole way in memory, nothing waits. */
static int search_without_waiting(const struct resolver *resolver, const struct search_start *start,
				  const char *path, bool follow, int *ret_fd, uint64_t *ret_mount)
{
	struct open_how how = way_at_once(resolver, path, follow);

	if (resolver->label)
		return awaited_want_thread(resolver->awaited);
	int r = search_at_once(resolver, start, path, follow, ret_fd, ret_mount);

	how.resolve &= ~(uint64_t)RESOLVE_CACHED;
	if (r == EAGAIN)
		return awaited_open(resolver->awaited, resolver->standin, start->fd, path, &how);
	return r == 0 ? 0 : awaited_want_thread(resolver->awaited);
}

static int search_step_by_step(const struct resolver *resolver, int base, const char *path,
			       bool follow, int *ret_fd)
{
	_cleanup_start_ struct search_start root = SEARCH_START_NONE;
	int r = target_find_place(resolver->target, PROBE_ROOT, &root);

	if (r < 0)
		return r;
	return walk_path(resolver, root.fd, base, path, follow, ret_fd);
}

/* Split off the last component. Return: false: there is none behind a slash, or it is no plain name. */
static bool split_last(const char *path, char parent[PATH_MAX], const char **ret_last)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash + 1 - path) : 0;

	if (length == 0 || length >= PATH_MAX || slash[1] == '\0' || strcmp(slash + 1, ".") == 0 ||
	    strcmp(slash + 1, "..") == 0)
		return false;
	memcpy(parent, path, length);
	parent[length] = '\0';
	*ret_last = slash + 1;
	return true;
}

/*
 * A name that its directory does not have is nowhere, however the path is searched: so programs are looked for in one
 * directory after another. Only a procfs has other names for the target than for us.
 */
static bool is_absent(const struct resolver *resolver, const struct search_start *start,
		      const char *path)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
				      .resolve = RESOLVE_BENEATH };
	_cleanup_fd_ int directory = -1, fd = -1;
	char parent[PATH_MAX];
	const char *last;
	uint64_t mount;

	return split_last(path, parent, &last) &&
	       search_at_once(resolver, start, parent, true, &directory, &mount) == 0 &&
	       standin_open(resolver->standin, directory, last, &how, &fd) == ENOENT;
}

/* @ret_mount: as in struct pinned. */
static int search(const struct resolver *resolver, const struct search_start *start,
		  const char *path, bool follow, int *ret_fd, uint64_t *ret_mount)
{
	int base = start->fd;

	if (awaited_is_bound(resolver->awaited))
		return search_without_waiting(resolver, start, path, follow, ret_fd, ret_mount);
	/* The kernel asks about each directory on the way, and knows only our label. */
	if (resolver->label)
		return search_step_by_step(resolver, base, path, follow, ret_fd);
	if (own_entry_search(resolver, base, path, follow, ret_fd))
		return 0;
	int r = search_at_once(resolver, start, path, follow, ret_fd, ret_mount);

	if (r == ENOENT && is_absent(resolver, start, path))
		return ENOENT;
	return r > 0 ? search_step_by_step(resolver, base, path, follow, ret_fd) : r;
}

int resolve_cwd(const struct resolver *resolver, struct pinned *ret_inode)
{
	int fd = target_open_place(resolver->target, PROBE_CWD);

	if (fd < 0)
		return fd;
	*ret_inode = (struct pinned){ .fd = fd };
	return 0;
}

int resolve_path(const struct resolver *resolver, int dirfd, const char *path, bool follow,
		 struct pinned *ret_inode)
{
	_cleanup_start_ struct search_start start = SEARCH_START_NONE;
	_cleanup_fd_ int fd = -1;
	uint64_t mount = 0;
	int r = find_start(resolver, dirfd, path, &start);

	if (r != 0)
		return r;
	r = resolver->is_shy && foreign_is(start.fd) ?
		    -ECANCELED :
		    search(resolver, &start, path, follow, &fd, &mount);
	if (r != 0)
		return r;
	*ret_inode = (struct pinned){ .fd = TAKE_FD(fd), .mount = mount };
	return 0;
}
