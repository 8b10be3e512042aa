/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Most paths take one openat2(2) by the stand-in: an absolute one below the target's root
 * (RESOLVE_IN_ROOT), a relative one below its start (RESOLVE_BENEATH). The kernel refuses magic
 * links there, and notices when the path would leave. Anything but success, and success on procfs,
 * where /proc/self was read as ours, is searched again component by component. Paths through
 * /proc/self/fd, which are many, have a shortcut.
 *
 * A shy resolver crosses no mount at once, so that it meets no file system but that of its start. Where
 * the path crosses one, it is searched by component, and each directory looked at before.
 */
#include "request/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>

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

int resolve_descriptor(const struct resolver *resolver, int number, struct pinned *ret_inode)
{
	bool is_opened;
	_cleanup_fd_ int fd = target_take_descriptor(resolver->target, number, &is_opened);

	if (fd < 0)
		return fd == -EBADF ? EBADF : fd;
	*ret_inode = (struct pinned){ .fd = TAKE_FD(fd), .is_opened = is_opened };
	return 0;
}

/* A base is searched from, not asked about: O_PATH serves. @ret_owned: to be closed, or -1. */
static int find_base(const struct resolver *resolver, int dirfd, const char *path, int *ret_fd,
		     int *ret_owned)
{
	bool is_opened;
	int fd;

	if (path[0] == '/')
		fd = target_find_place(resolver->target, PROBE_ROOT, ret_owned);
	else if (dirfd == AT_FDCWD)
		fd = target_find_place(resolver->target, PROBE_CWD, ret_owned);
	else
		fd = *ret_owned = target_take_descriptor(resolver->target, dirfd, &is_opened);
	if (fd < 0)
		return fd == -EBADF ? EBADF : fd;
	*ret_fd = fd;
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
	return how;
}

static int search_at_once(const struct resolver *resolver, int base, const char *path, bool follow,
			  int *ret_fd)
{
	const struct open_how how = way_at_once(resolver, path, follow);

	return standin_open(resolver->standin, base, path, &how, ret_fd);
}

/* The same without a thread to wait in. Where the kernel has the whole way in memory, nothing waits. */
static int search_without_waiting(const struct resolver *resolver, int base, const char *path,
				  bool follow, int *ret_fd, uint64_t *ret_mount)
{
	const struct open_how how = way_at_once(resolver, path, follow);
	struct open_how cached = how;
	_cleanup_fd_ int fd = -1;
	struct statx stat;

	if (resolver->label)
		return awaited_want_thread(resolver->awaited);
	cached.resolve |= RESOLVE_CACHED;
	int r = standin_open(resolver->standin, base, path, &cached, &fd);

	if (r == EAGAIN)
		return awaited_open(resolver->awaited, resolver->standin, base, path, &how);
	if (r != 0 || proc_is_on(fd, &stat))
		return awaited_want_thread(resolver->awaited);
	*ret_mount = inode_mount_in(&stat);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int search_step_by_step(const struct resolver *resolver, int base, const char *path,
			       bool follow, int *ret_fd)
{
	_cleanup_fd_ int owned = -1;
	int root = target_find_place(resolver->target, PROBE_ROOT, &owned);

	if (root < 0)
		return root;
	return walk_path(resolver, root, base, path, follow, ret_fd);
}

/* @ret_mount: as in struct pinned. */
static int search(const struct resolver *resolver, int base, const char *path, bool follow,
		  int *ret_fd, uint64_t *ret_mount)
{
	_cleanup_fd_ int fd = -1;
	struct statx stat;

	if (awaited_is_bound(resolver->awaited))
		return search_without_waiting(resolver, base, path, follow, ret_fd, ret_mount);
	/* The kernel asks about each directory on the way, and knows only our label. */
	if (resolver->label)
		return search_step_by_step(resolver, base, path, follow, ret_fd);
	if (own_entry_search(resolver, base, path, follow, ret_fd))
		return 0;
	int r = search_at_once(resolver, base, path, follow, &fd);

	if (r < 0)
		return r;
	if (r > 0 || proc_is_on(fd, &stat))
		return search_step_by_step(resolver, base, path, follow, ret_fd);
	*ret_mount = inode_mount_in(&stat);
	*ret_fd = TAKE_FD(fd);
	return 0;
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
	_cleanup_fd_ int owned = -1, fd = -1;
	uint64_t mount = 0;
	int base;
	int r = find_base(resolver, dirfd, path, &base, &owned);

	if (r != 0)
		return r;
	r = resolver->is_shy && foreign_is(base) ?
		    -ECANCELED :
		    search(resolver, base, path, follow, &fd, &mount);
	if (r != 0)
		return r;
	*ret_inode = (struct pinned){ .fd = TAKE_FD(fd), .mount = mount };
	return 0;
}
