/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path is searched component by component, each looked at before anything is looked for in it. Where a component is
 * the root of a mount, the kernel's list of mounts tells whether it is FUSE and whose (fuse(4), user_id=): to look at
 * the inode itself would ask the server.
 */
#include "base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/text_file.h"

/* As many as the kernel follows. */
#define LINKS_MAX 40
/* In place of an id, where there is none. */
#define NO_ID ULONG_MAX

/* A search under way. */
struct search {
	const struct trust_root *root;
	int dir; /* where the next component is looked for */
	int found; /* the last one that was found */
	char name[NAME_MAX + 1]; /* of that */
	char where[PATH_MAX]; /* its path, for messages */
	char rest[PATH_MAX]; /* what is still to be found */
	unsigned int links;
	struct trust_fault *fault;
};

static void search_done(struct search *search)
{
	fd_close(&search->dir);
	fd_close(&search->found);
}

/* ---- who can change it ---- */

static int blame(struct search *search, const char *who, unsigned long id)
{
	char number[24] = "";

	if (id != NO_ID)
		snprintf(number, sizeof(number), " %lu", id);
	snprintf(
		search->fault->text, sizeof(search->fault->text),
		"%s%s can change %.250s, and only %s may: have the file in %s, with 'chown %u' and "
		"'chmod go-w' for both",
		who, number, search->where, geteuid() == 0 ? "root" : "root and you",
		geteuid() == 0 ? "a directory like /etc/nsxattr" : "a directory of yours",
		geteuid());
	return -EPERM;
}

static bool is_ours(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

static int check(struct search *search, const struct stat *stat)
{
	bool is_guarded = S_ISLNK(stat->st_mode) ||
			  (S_ISDIR(stat->st_mode) && (stat->st_mode & S_ISVTX));

	if (!is_ours(stat->st_uid))
		return blame(search, "user", stat->st_uid);
	if (!is_guarded && (stat->st_mode & S_IWOTH))
		return blame(search, "every user", NO_ID);
	if (!is_guarded && (stat->st_mode & S_IWGRP))
		return blame(search, "group", stat->st_gid);
	return 0;
}

/* ---- mounts ---- */

/* "36 35 0:50 / /mnt rw - fuse.sshfs source rw,user_id=1000,group_id=1000". Return: -1: of no user's */
static long fuse_user_of(const char *line)
{
	const char *type = strstr(line, " - "), *user = type ? strstr(type, "user_id=") : NULL;

	if (!user || strncmp(type, " - fuse", strlen(" - fuse")) != 0)
		return -1;
	return strtol(user + strlen("user_id="), NULL, 10);
}

static int find_line(const struct search *search, uint64_t mount, char **ret_line)
{
	if (search->root)
		return proc_find_mount(search->root->mounts, mount, ret_line);
	_cleanup_fd_ int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	return mounts < 0 ? -errno : proc_find_mount(mounts, mount, ret_line);
}

/*
 * Who has mounted it as FUSE? Nothing else is another user's, unless root has allowed it in fstab(5). statx(2) asks no
 * server so; where FUSE does not serve us, it is refused.
 */
static int check_mount(struct search *search, int fd)
{
	_cleanup_free_ char *line = NULL;
	struct statx stat;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &stat) < 0)
		return errno == EACCES ? blame(search, "another user", NO_ID) : -errno;
	int r = find_line(search, stat.stx_mnt_id, &line);
	long user = line ? fuse_user_of(line) : -1;

	if (r < 0 || user < 0 || is_ours((uid_t)user))
		return r;
	return blame(search, "user", (unsigned long)user);
}

/* ---- searching ---- */

/* Return: a descriptor, as of O_PATH and O_NOFOLLOW, of something that may be looked at; -errno. */
static int open_component(struct search *search)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_NO_XDEV };
	_cleanup_fd_ int fd =
		(int)syscall(SYS_openat2, search->dir, search->name, &how, sizeof(how));

	if (fd >= 0 || errno != EXDEV)
		return fd < 0 ? -errno : TAKE_FD(fd);
	fd = openat(search->dir, search->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? -errno : check_mount(search, fd);

	return r < 0 ? r : TAKE_FD(fd);
}

static int begin_at_root(struct search *search)
{
	fd_close(&search->dir);
	search->where[0] = '\0';
	search->dir = search->root ? fcntl(search->root->directory, F_DUPFD_CLOEXEC, 0) :
				     open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return search->dir < 0 ? -errno : 0;
}

/* The text of the link comes before the rest. */
static int follow(struct search *search)
{
	char text[PATH_MAX], rest[PATH_MAX];
	ssize_t length = readlinkat(search->found, "", text, sizeof(text) - 1);

	if (length < 0)
		return -errno;
	text[length] = '\0';
	if (++search->links > LINKS_MAX)
		return -ELOOP;
	memcpy(rest, search->rest, sizeof(rest));
	if (snprintf(search->rest, sizeof(search->rest), "%s/%s", text, rest) >= PATH_MAX)
		return -ENAMETOOLONG;
	char *slash = strrchr(search->where, '/');

	search->where[slash ? slash - search->where : 0] = '\0';
	return text[0] == '/' ? begin_at_root(search) : 0;
}

/* What has no meaning in front of a component: "//", "./" */
static char *skip(char *rest)
{
	for (;;) {
		rest += strspn(rest, "/");
		if (rest[0] != '.' || (rest[1] != '/' && rest[1] != '\0'))
			return rest;
		rest++;
	}
}

/* Return: 1: it is the next component; 0: there is none; -errno. */
static int take_name(struct search *search)
{
	char *rest = skip(search->rest);
	size_t length = strcspn(rest, "/");

	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(search->name, rest, length);
	search->name[length] = '\0';
	memmove(search->rest, rest + length, strlen(rest + length) + 1);
	return length > 0;
}

static void note_where(struct search *search)
{
	size_t used = strlen(search->where);

	snprintf(search->where + used, sizeof(search->where) - used, "/%s", search->name);
}

/* Of search->name, in search->dir. */
static int step(struct search *search)
{
	struct stat stat;

	note_where(search);
	search->found = open_component(search);
	if (search->found < 0 || fstat(search->found, &stat) < 0)
		return search->found < 0 ? search->found : -errno;
	int r = check(search, &stat);

	if (r < 0)
		return r;
	return S_ISLNK(stat.st_mode) ? follow(search) : 1;
}

static bool is_end(struct search *search)
{
	return *skip(search->rest) == '\0';
}

/* Return: 0: found and name are those of the last component, dir of the directory that it is in; -errno. */
static int find(struct search *search)
{
	int r;

	while ((r = take_name(search)) > 0) {
		r = step(search);
		if (r < 0 || (r > 0 && is_end(search)))
			return r < 0 ? r : 0;
		if (r > 0) {
			fd_close(&search->dir);
			search->dir = fd_take(&search->found);
		}
		fd_close(&search->found);
	}
	return r < 0 ? r : -EISDIR;
}

/* All that is above a relative path has to be ours, too. */
static int begin(struct search *search, const char *path)
{
	char cwd[PATH_MAX] = "";

	if (path[0] != '/' && !search->root && !getcwd(cwd, sizeof(cwd)))
		return -errno;
	if (snprintf(search->rest, sizeof(search->rest), "%s/%s", cwd, path) >= PATH_MAX)
		return -ENAMETOOLONG;
	return begin_at_root(search);
}

int trust_root_open(struct trust_root *ret_root)
{
	_cleanup_fd_ int directory = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	if (directory < 0 || mounts < 0)
		return -errno;
	*ret_root = (struct trust_root){ TAKE_FD(directory), TAKE_FD(mounts) };
	return 0;
}

void trust_root_done(struct trust_root *root)
{
	fd_close(&root->directory);
	fd_close(&root->mounts);
}

int trust_open(const struct trust_root *root, const char *path, struct trust_fault *ret_fault)
{
	__attribute__((cleanup(search_done))) struct search search = {
		.root = root, .dir = -1, .found = -1, .fault = ret_fault
	};
	struct stat stat;
	int r = begin(&search, path);

	if (r == 0)
		r = find(&search);
	if (r < 0 || fstat(search.found, &stat) < 0)
		return r < 0 ? r : -errno;
	if (!S_ISREG(stat.st_mode))
		return -EINVAL;
	/* No other user can put another file there. */
	int fd = openat(search.dir, search.name, TEXT_FILE_FLAGS | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

int trust_path(const char *path)
{
	struct trust_fault fault;
	_cleanup_fd_ int fd = path[0] == '/' ? trust_open(NULL, path, &fault) : -EPERM;

	return fd < 0 ? fd : 0;
}
