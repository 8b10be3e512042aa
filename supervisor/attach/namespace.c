/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation: user_namespaces(7). The order is fixed by the kernel: unshare(2) first, then
 * the maps, each written once and with one write(2), then the change of identity, which needs them.
 * A map of more than one id needs a writer with CAP_SETUID outside, hence the second process.
 */
#include "attach/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "attach/idmap_arg.h"
#include "base/fd.h"
#include "base/log.h"

int namespace_open_self(int *ret_proc)
{
	int proc = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0) {
		int error = errno;

		log_error("cannot open /proc/self: %s; is /proc mounted here?", strerror(error));
		return -error;
	}
	*ret_proc = proc;
	return 0;
}

/* unshare(2) has one errno for many reasons. */
static const char *unshare_reason(int error)
{
	switch (error) {
	case ENOSPC:
		return "the limit in /proc/sys/user/max_user_namespaces or max_mnt_namespaces, "
		       "or 32 nested ones, is reached";
	case EINVAL:
		return "this kernel is built without CONFIG_USER_NS";
	case EPERM:
		return "it is not permitted: in a chroot, or by a security module";
	default:
		return strerror(error);
	}
}

int namespace_unshare(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0)
		return 0;
	int error = errno;

	log_error("cannot make a user namespace: %s", unshare_reason(error));
	return -error;
}

static int write_file(int proc, const char *name, const char *text, size_t length)
{
	_cleanup_fd_ int file = openat(proc, name, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (file < 0 || write(file, text, length) != (ssize_t)length)
		error = errno;
	if (error)
		log_error("cannot write /proc/PID/%s: %s", name, strerror(error));
	return -error;
}

static int write_map(int proc, const char *name, const struct id_map *map)
{
	char text[ID_MAP_TEXT_SIZE];
	size_t length = idmap_arg_format(map, text);

	return write_file(proc, name, text, length);
}

int namespace_write_maps(int proc, const struct namespace_maps *maps)
{
	int r = write_map(proc, "uid_map", maps->users);

	if (r == 0 && maps->deny_setgroups)
		r = write_file(proc, "setgroups", "deny", strlen("deny"));
	return r < 0 ? r : write_map(proc, "gid_map", maps->groups);
}

static int become_root(const struct namespace_maps *maps)
{
	uint32_t ignored;

	if (!maps->deny_setgroups && setgroups(0, NULL) < 0)
		return -errno;
	if (id_map_to_host(maps->groups, 0, &ignored) && setresgid(0, 0, 0) < 0)
		return -errno;
	if (id_map_to_host(maps->users, 0, &ignored) && setresuid(0, 0, 0) < 0)
		return -errno;
	return 0;
}

int namespace_settle(const struct namespace_maps *maps)
{
	int r = become_root(maps);

	if (r < 0) {
		log_error("cannot become root of the user namespace: %s", strerror(-r));
		return r;
	}
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		r = -errno;
		log_error("cannot make the mounts private: %s", strerror(-r));
	}
	return r;
}
