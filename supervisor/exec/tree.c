/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

/* A directory that is being read. */
struct level {
	DIR *entries;
	size_t path_length; /* of its own path */
};

struct walker {
	const struct tree_walk *walk;
	uint64_t mount; /* of the tree */
	char *path; /* of where we are */
	size_t size; /* of what it lies in */
	size_t depth;
	struct level levels[TREE_DEPTH_MAX];
};

static void walker_free(struct walker **walker)
{
	if (!*walker)
		return;
	while ((*walker)->depth > 0)
		closedir((*walker)->levels[--(*walker)->depth].entries);
	free((*walker)->path);
	free(*walker);
}

static void complain(const struct walker *walker, int error)
{
	walker->walk->complain(walker->walk->place, walker->path, error);
}

/* The path becomes that of an entry of the directory whose path has @length bytes. */
static int set_path(struct walker *walker, size_t length, const char *name)
{
	size_t needed = length + strlen(name) + 2;
	bool has_slash = length == 0 || walker->path[length - 1] == '/';

	if (needed > walker->size) {
		char *path = realloc(walker->path, 2 * needed);

		if (!path)
			return -ENOMEM;
		walker->path = path;
		walker->size = 2 * needed;
	}
	if (!has_slash)
		walker->path[length++] = '/';
	memcpy(walker->path + length, name, strlen(name) + 1);
	return 0;
}

static int look(int fd, struct statx *ret_stat)
{
	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID,
		     ret_stat) < 0 ?
		       -errno :
		       0;
}

/* Go into a directory: its entries come next. Return: 0; a positive errno. */
static int enter(struct walker *walker, int fd)
{
	if (walker->depth == TREE_DEPTH_MAX)
		return ENAMETOOLONG;
	_cleanup_fd_ int readable =
		openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *entries = readable < 0 ? NULL : fdopendir(readable);

	if (!entries)
		return errno;
	(void)TAKE_FD(readable);
	walker->levels[walker->depth++] = (struct level){ entries, strlen(walker->path) };
	return 0;
}

static void visit(struct walker *walker, int fd)
{
	struct statx stat;
	int r = look(fd, &stat);

	if (r < 0) {
		complain(walker, -r);
		return;
	}
	if (!walker->walk->crosses_mounts && stat.stx_mnt_id != walker->mount)
		return;
	walker->walk->visit(walker->walk->place, walker->path, fd);
	r = S_ISDIR(stat.stx_mode) ? enter(walker, fd) : 0;
	if (r > 0)
		complain(walker, r);
}

/* The next entry of the directory where we are; at its end, back to the one above. */
static int step(struct walker *walker)
{
	struct level *level = &walker->levels[walker->depth - 1];
	const struct dirent *entry;

	errno = 0;
	entry = readdir(level->entries);
	if (!entry) {
		walker->path[level->path_length] = '\0';
		if (errno != 0)
			complain(walker, errno);
		closedir(level->entries);
		walker->depth--;
		return 0;
	}
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return 0;
	int r = set_path(walker, level->path_length, entry->d_name);

	if (r < 0)
		return r;
	_cleanup_fd_ int fd =
		openat(dirfd(level->entries), entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		visit(walker, fd);
	else if (errno != ENOENT) /* it has just gone */
		complain(walker, errno);
	return 0;
}

int tree_walk(const struct tree_walk *walk, int directory, const char *path)
{
	_cleanup_fd_ int fd = openat(directory, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	__attribute__((cleanup(walker_free))) struct walker *walker = NULL;
	struct statx stat;
	int r;

	if (fd < 0)
		return -errno;
	r = look(fd, &stat);
	if (r < 0)
		return r;
	walker = calloc(1, sizeof(*walker));
	if (!walker)
		return -ENOMEM;
	walker->walk = walk;
	walker->mount = stat.stx_mnt_id;
	r = set_path(walker, 0, path);
	if (r < 0)
		return r;
	visit(walker, fd);
	while (r == 0 && walker->depth > 0)
		r = step(walker);
	return r;
}
