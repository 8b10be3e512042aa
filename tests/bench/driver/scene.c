/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

bool path_join(char path[PATH_MAX], const char *directory, const char *name)
{
	int length = snprintf(path, PATH_MAX, "%s/%s", directory, name);

	if (length > 0 && length < PATH_MAX)
		return true;
	complain("the path of %s is too long", name);
	return false;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

bool remove_tree(const char *path)
{
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0)
		return true;
	complain("cannot remove %s: %s", path, strerror(errno));
	return false;
}

void scene_remove(const struct scene *scene)
{
	if (scene->directory[0])
		(void)remove_tree(scene->directory);
}

static bool copy_bytes(int from, int to)
{
	char bytes[64 * 1024];
	ssize_t length;

	while ((length = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)length) != length)
			return false;
	return length == 0;
}

static bool copy_file(const char *source, const char *copy, mode_t mode)
{
	int from = open(source, O_RDONLY | O_CLOEXEC);
	int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	bool is_copied = from >= 0 && to >= 0 && copy_bytes(from, to);

	if (!is_copied)
		complain("cannot copy %s: %s", source, strerror(errno));
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) < 0)
		is_copied = false;
	return is_copied;
}

/* The build directory may be where root of the namespace cannot get. */
static bool copy_program(const struct scene *scene, const char *name)
{
	char source[PATH_MAX], copy[PATH_MAX];

	return path_join(source, scene->programs, name) &&
	       path_join(copy, scene->directory, name) && copy_file(source, copy, 0755);
}

bool scene_take_key(const struct scene *scene, const char *name)
{
	char source[PATH_MAX], copy[PATH_MAX];

	return snprintf(source, PATH_MAX, "%s.der", name) < PATH_MAX &&
	       path_join(copy, scene->directory, SCENE_KEY) && copy_file(source, copy, 0644);
}

/* The programs lie beside this one. */
static bool find_programs(char programs[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", programs, PATH_MAX - 1);

	if (length <= 0)
		return false;
	programs[length] = '\0';
	*strrchr(programs, '/') = '\0';
	return true;
}

bool scene_new(struct scene *scene, const char *parent)
{
	char directory[PATH_MAX];

	if (!find_programs(scene->programs) ||
	    !path_join(directory, parent, "nsxattr-bench.XXXXXX"))
		return false;
	if (!mkdtemp(directory) || chmod(directory, 0755) < 0) {
		complain("cannot make %s: %s", directory, strerror(errno));
		return false;
	}
	memcpy(scene->directory, directory, sizeof(directory));
	umask(022);
	return copy_program(scene, "loop") && copy_program(scene, "crowd") &&
	       copy_program(scene, "execs") && copy_program(scene, "containers");
}

bool make_directory(const char *path)
{
	if (mkdir(path, 0755) == 0 && chown(path, INSIDE_ROOT, INSIDE_ROOT) == 0)
		return true;
	complain("cannot make %s: %s", path, strerror(errno));
	return false;
}

bool make_file(const char *path)
{
	int fd = creat(path, 0644);
	bool is_made = fd >= 0 && fchown(fd, INSIDE_ROOT, INSIDE_ROOT) == 0;

	if (!is_made)
		complain("cannot make %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return is_made;
}

bool make_files(const char *directory, size_t count)
{
	char name[32], path[PATH_MAX];

	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		if (!path_join(path, directory, name) || !make_file(path))
			return false;
	}
	return true;
}
