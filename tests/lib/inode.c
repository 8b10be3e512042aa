/* SPDX-License-Identifier: Apache-2.0 */
#include "inode.h"

#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "launch.h"

const char *inode_file(const char *name, uid_t owner)
{
	const char *path = scratch_path("%s", name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	cr_assert(fd >= 0 && fchown(fd, owner, owner) == 0, "%s: %s", path, strerror(errno));
	close(fd);
	return path;
}

const char *inode_directory(const char *name, uid_t owner, mode_t mode)
{
	const char *path = scratch_path("%s", name);

	cr_assert(mkdir(path, mode) == 0 && chown(path, owner, owner) == 0 &&
			  chmod(path, mode) == 0,
		  "%s: %s", path, strerror(errno));
	return path;
}

void inode_set(const char *path, const char *name, const char *value)
{
	cr_assert_eq(lsetxattr(path, name, value, strlen(value), 0), 0, "%s of %s: %s", name, path,
		     strerror(errno));
}

void inode_list(const char *path, char *list, size_t size)
{
	ssize_t length = llistxattr(path, list, size - 1);

	cr_assert_geq(length, 0, "%s: %s", path, strerror(errno));
	for (ssize_t i = 0; i < length; i++)
		if (list[i] == '\0')
			list[i] = ',';
	list[length] = '\0';
}

void inode_has(int line, const char *path, const char *name, const char *value)
{
	char found[4096];
	ssize_t length = lgetxattr(path, name, found, sizeof(found) - 1);

	found[length < 0 ? 0 : length] = '\0';
	if (!value)
		cr_expect(length < 0 && errno == ENODATA, "line %d: %s is there: %s", line, name,
			  found);
	else
		cr_expect(length >= 0 && strcmp(found, value) == 0,
			  "line %d: %s should be %s, but is %s", line, name, value,
			  length < 0 ? "not there" : found);
}

static bool holds_all(const char *names, const char *others)
{
	for (const char *at = others; *at;) {
		size_t length = strcspn(at, ",") + 1;
		const char *found = names;

		while (*found && strncmp(found, at, length) != 0)
			found += strcspn(found, ",") + 1;
		if (!*found)
			return false;
		at += length;
	}
	return true;
}

bool inode_same_names(const char *left, const char *right)
{
	return strlen(left) == strlen(right) && holds_all(left, right) && holds_all(right, left);
}

void inode_lists(int line, const char *path, const char *names)
{
	char list[65536];

	inode_list(path, list, sizeof(list));
	cr_expect(inode_same_names(list, names), "line %d: the names should be %s, but are %s",
		  line, names, list);
}

uint64_t dice_seed(void)
{
	const char *given = getenv("NSXATTR_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : 1;

	cr_log_info("NSXATTR_SEED=%" PRIu64, seed);
	return seed;
}
