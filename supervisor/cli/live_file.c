/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/live_path.h"
#include "cli/live_process.h"
#include "exec/attribute_call.h"
#include "exec/mount.h"

/* Below its root no link leads out. A relative path may: below its working directory ".." is as good as any. */
static int open_as_named(const struct live_process *process, const char *path)
{
	bool is_absolute = path[0] == '/';
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS | (is_absolute ? RESOLVE_IN_ROOT : 0),
	};
	_cleanup_fd_ int from =
		target_open_place(process->target, is_absolute ? PROBE_ROOT : PROBE_CWD);

	if (from < 0)
		return from;
	long fd = syscall(SYS_openat2, from, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static void read_flags(struct live_file *file)
{
	struct statvfs statvfs;
	struct statx stat;

	file->is_read_only = fstatvfs(file->inode.fd, &statvfs) == 0 &&
			     (statvfs.f_flag & ST_RDONLY);
	file->is_immutable = statx(file->inode.fd, "", AT_EMPTY_PATH, STATX_TYPE, &stat) == 0 &&
			     (stat.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND));
}

static void learn_mount(const struct live_process *process, struct live_file *file)
{
	file->mounts = mounts_new();
	if (!file->mounts || !mounts_are_told(file->mounts)) {
		file->unknown = "this kernel does not tell whether the file's mount is idmapped";
		return;
	}
	_cleanup_fd_ int mount_namespace = target_open_mount_namespace(process->target);

	if (mounts_learn(file->mounts, file->stat.mount, mount_namespace, &file->map) < 0)
		file->unknown = "whether the file's mount is idmapped is not for us to see";
}

/* Return: 0; a positive errno that the process gets; -errno. */
static int search(const struct live_process *process, const char *path,
		  const struct label_view *label, struct live_file *file)
{
	int r = live_path_open(process, path, label, &file->inode.fd);

	file->is_search_ours = r < 0;
	file->search_error = r == EACCES ? EACCES : 0;
	if (r == 0 || (r > 0 && r != EACCES))
		return r;
	file->inode.fd = open_as_named(process, path);
	return file->inode.fd < 0 ? file->inode.fd : 0;
}

const char *live_file_open(const struct live_process *process, const char *path,
			   const struct label_view *label, struct live_file *file)
{
	file->path = path;
	file->directory = file->inode.fd = -1;
	int r = search(process, path, label, file);

	if (file->search_error && r < 0)
		return NULL;
	if (r == 0)
		r = inode_stat(&file->inode, &file->stat);
	if (r == 0)
		r = attribute_open_directory(process->procfs, &file->directory);
	if (r != 0)
		return strerrordesc_np(abs(r));
	file->performer = (struct performer){ .inode = &file->inode, .directory = file->directory };
	read_flags(file);
	learn_mount(process, file);
	return NULL;
}

void live_file_done(struct live_file *file)
{
	if (!file->path)
		return;
	mounts_free(file->mounts);
	fd_close(&file->directory);
	fd_close(&file->inode.fd);
}
