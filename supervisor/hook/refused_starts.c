/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Each user has a file, which only the user can write: of root in /run/nsxattr, of others in /run/user/UID, or else in
 * $XDG_RUNTIME_DIR, which podman does not tell its hooks. All are gone after a boot. One refusal is one line, written
 * by one write(2) at the end, so that hooks need no lock. When the file is long enough, it takes the place of the one
 * before it, and a new one begins.
 *
 * Podman of a plain user starts its hook as root of a user namespace. So a user here is the one of the host.
 *
 * Root reads files that belong to other users: as regular files only, up to a bound, and what is said in them is worth
 * as much as those users' word. A user can mount a FUSE file system (fusermount3(1)) over the file or its folder, whose
 * server never answers. So what is mounted there is found without a question to it, and left alone unless it is a tmpfs,
 * as the system mounts it.
 */
#include "hook/refused_starts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/text_file.h"
#include "hook/json_value.h"
#include "idmap.h"

#define FILE_NAME "nsxattr-refused-starts"
#define OLD_NAME FILE_NAME ".old"
#define ROOTS_FOLDER "/run/nsxattr"
#define USERS_FOLDER "/run/user"
/* A file of this many bytes is long enough. */
#define FILE_ENOUGH (32 << 10)
/* Of a sentence and of a name, in bytes. */
#define REASON_MAX 2000
#define NAME_MAX_KEPT 256
/* JSON may take six bytes for a character of one ("\u001b"), and some for what is around them. */
#define LINE_MAX_KEPT (6 * (REASON_MAX + NAME_MAX_KEPT) + 128)

/* ---- whose ---- */

/* On the host. Return: false: it is not known. */
static bool find_user(uid_t *ret_user)
{
	_cleanup_free_ struct id_map *map = malloc(sizeof(*map));
	char text[4096];
	ssize_t length = text_file_read_start("/proc/self/uid_map", text, sizeof(text));

	return map && length > 0 && id_map_parse(text, (size_t)length, map) == 0 &&
	       id_map_to_host(map, geteuid(), ret_user);
}

static int open_folder(const char *path)
{
	return path && path[0] == '/' ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* Return: as the mount tables number it; 0: that is not told. */
static uint64_t mount_of(int folder)
{
	struct statx stat;

	if (statx(folder, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &stat) < 0 ||
	    (stat.stx_mask & STATX_MNT_ID) == 0)
		return 0;
	return stat.stx_mnt_id;
}

/* "36 35 98:0 / /mnt rw,noatime - tmpfs tmpfs rw" */
static bool is_tmpfs(uint64_t mount)
{
	_cleanup_fd_ int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *line = NULL;

	if (mounts < 0 || proc_find_mount(mounts, mount, &line) < 0 || !line)
		return false;
	const char *type = strstr(line, " - ");

	return type && strncmp(type, " - tmpfs ", 9) == 0;
}

/* @users: the folder that is root's, in which it lies */
static bool is_systems(int folder, int users)
{
	uint64_t mount = mount_of(folder);

	return mount && (mount == mount_of(users) || is_tmpfs(mount));
}

/* Does it belong to us alone? */
static bool is_ours(int folder)
{
	struct stat stat;

	return folder >= 0 && fstat(folder, &stat) == 0 && stat.st_uid == geteuid() &&
	       (stat.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int open_users(uid_t user)
{
	char path[64];

	snprintf(path, sizeof(path), USERS_FOLDER "/%u", (unsigned int)user);
	return open_folder(path);
}

/* The folder where @user, which we are, has the file. Return: a descriptor; -1. */
static int open_own(uid_t user)
{
	if (user == 0)
		return open_folder(ROOTS_FOLDER);
	_cleanup_fd_ int folder = open_users(user);

	if (!is_ours(folder)) {
		fd_close(&folder);
		folder = open_folder(getenv("XDG_RUNTIME_DIR"));
	}
	return TAKE_FD(folder);
}

/* ---- keeping ---- */

/* Of UTF-8. Return: its bytes; 0: @text does not begin with one. */
static size_t character_length(const char *text)
{
	unsigned char first = (unsigned char)*text;
	size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* As many characters as there is room for: what is none has a '?', for a line that is not UTF-8 is not read. */
static void copy_text(const char *text, char *to, size_t size)
{
	const char *end = to + size - 1;

	while (*text) {
		size_t length = character_length(text);

		if ((size_t)(end - to) < (length ? length : 1))
			break;
		if (length)
			to = mempcpy(to, text, length);
		else
			*to++ = '?';
		text += length ? length : 1;
	}
	*to = '\0';
}

/* Return: the length; 0 without memory. */
static size_t write_line(char line[LINE_MAX_KEPT], const char *container, const char *reason)
{
	_cleanup_json_value_ struct json_object *object = json_object_new_object();
	char name[NAME_MAX_KEPT + 1], sentence[REASON_MAX + 1];
	int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	if (!object)
		return 0;
	copy_text(container ? container : "", name, sizeof(name));
	copy_text(reason, sentence, sizeof(sentence));
	json_add_number(object, "time", (uint64_t)time(NULL));
	json_add_text(object, "container", name);
	json_add_text(object, "reason", sentence);
	const char *text = json_object_to_json_string_ext(object, flags);
	int length = text ? snprintf(line, LINE_MAX_KEPT, "%s\n", text) : -1;

	return length > 0 && length < LINE_MAX_KEPT ? (size_t)length : 0;
}

/* Return: the file, and how long it is; -errno. */
static int open_to_append(int folder, off_t *ret_length)
{
	_cleanup_fd_ int file = openat(folder, FILE_NAME,
				       O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
					       O_NOCTTY | O_CLOEXEC,
				       0600);
	struct stat stat;

	if (file < 0 || fstat(file, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode) || stat.st_uid != geteuid() || stat.st_nlink != 1)
		return -EPERM;
	*ret_length = stat.st_size;
	return TAKE_FD(file);
}

int refused_starts_keep_in(int folder, const char *container, const char *reason)
{
	_cleanup_free_ char *line = malloc(LINE_MAX_KEPT);
	size_t length = line ? write_line(line, container, reason) : 0;
	off_t before = 0;

	if (length == 0)
		return -ENOMEM;
	if (!is_ours(folder))
		return -EPERM;
	_cleanup_fd_ int file = open_to_append(folder, &before);

	if (file >= 0 && before >= FILE_ENOUGH) {
		(void)renameat(folder, FILE_NAME, folder, OLD_NAME);
		fd_close(&file);
		file = open_to_append(folder, &before);
	}
	if (file < 0)
		return file;
	ssize_t count = write(file, line, length);

	return count < 0 ? -errno : (size_t)count == length ? 0 : -ENOSPC;
}

void refused_starts_keep(const char *container, const char *reason)
{
	uid_t user;
	_cleanup_fd_ int folder = find_user(&user) ? open_own(user) : -1;

	if (folder >= 0)
		(void)refused_starts_keep_in(folder, container, reason);
}

/* ---- reading ---- */

static void release(struct refused_start *start)
{
	free(start->container);
	free(start->reason);
}

static void drop(struct refused_starts *starts, size_t index)
{
	release(&starts->all[index]);
	starts->count--;
	memmove(&starts->all[index], &starts->all[index + 1],
		(starts->count - index) * sizeof(starts->all[0]));
}

/* The oldest of another user than the reader, who has not enough to fill it alone. */
static size_t find_others(const struct refused_starts *starts)
{
	size_t index = 0;

	while (index + 1 < starts->count && starts->all[index].user == starts->reader)
		index++;
	return index;
}

/* In the order of time. Without room, and of a user with enough, the oldest goes. */
static void add(struct refused_starts *starts, const struct refused_start *start)
{
	size_t of_user = 0, oldest = 0, index;

	for (size_t i = starts->count; i-- > 0;)
		if (starts->all[i].user == start->user) {
			of_user++;
			oldest = i;
		}
	if (of_user >= REFUSED_STARTS_OF_USER)
		drop(starts, oldest);
	else if (starts->count == REFUSED_STARTS_MAX)
		drop(starts, find_others(starts));
	for (index = starts->count; index > 0 && starts->all[index - 1].time > start->time; index--)
		starts->all[index] = starts->all[index - 1];
	starts->all[index] = *start;
	starts->count++;
}

static void add_line(struct refused_starts *starts, const struct json_text *line, uid_t user)
{
	_cleanup_json_value_ struct json_object *object = NULL;

	if (json_value_read(line, &object) < 0 || !json_value_text(object, "reason"))
		return;
	struct refused_start start = {
		.time = json_object_get_int64(json_object_object_get(object, "time")),
		.user = user,
		.container = strdup(json_text_of(object, "container")),
		.reason = strdup(json_text_of(object, "reason")),
	};

	if (start.time > time(NULL))
		start.time = time(NULL);
	if (start.time < 0)
		start.time = 0;
	if (start.container && start.reason)
		add(starts, &start);
	else
		release(&start);
}

/* Of this folder's own file system. Return: a descriptor; -1. */
static int open_here(int folder, const char *name)
{
	const struct open_how how = { .flags = TEXT_FILE_FLAGS | O_NOFOLLOW,
				      .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS };

	return (int)syscall(SYS_openat2, folder, name, &how, sizeof(how));
}

static void add_file(int folder, const char *name, uid_t owner, uid_t user,
		     struct refused_starts *starts)
{
	_cleanup_fd_ int file = open_here(folder, name);
	_cleanup_free_ char *text = NULL;
	struct stat stat;
	size_t length = 0;

	if (file < 0 || fstat(file, &stat) < 0 || stat.st_uid != owner ||
	    text_file_read_fd(file, FILE_ENOUGH + LINE_MAX_KEPT, &text, &length) != TEXT_FILE_READ)
		return;
	for (size_t at = 0; at < length;) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t size = end ? (size_t)(end - text) - at : length - at;

		add_line(starts, &(struct json_text){ text + at, size }, user);
		at += size + 1;
	}
}

void refused_starts_add_from(int folder, uid_t owner, uid_t user, struct refused_starts *starts)
{
	add_file(folder, OLD_NAME, owner, user, starts);
	add_file(folder, FILE_NAME, owner, user, starts);
}

static void add_users(int users, uid_t user, struct refused_starts *starts)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", (unsigned int)user);
	_cleanup_fd_ int folder =
		openat(users, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder >= 0 && is_systems(folder, users))
		refused_starts_add_from(folder, user, user, starts);
}

static void add_all_users(struct refused_starts *starts)
{
	DIR *users = opendir(USERS_FOLDER);
	const struct dirent *entry;

	while (users && (entry = readdir(users)) != NULL) {
		uid_t user = (uid_t)strtoul(entry->d_name, NULL, 10);

		if (user > 0)
			add_users(dirfd(users), user, starts);
	}
	if (users)
		closedir(users);
}

void refused_starts_read(struct refused_starts *ret_starts)
{
	uid_t user;
	_cleanup_fd_ int folder = find_user(&user) ? open_own(user) : -1;

	*ret_starts = (struct refused_starts){ 0 };
	if (folder < 0)
		return;
	ret_starts->reader = user;
	refused_starts_add_from(folder, geteuid(), user, ret_starts);
	if (geteuid() == 0 && user == 0)
		add_all_users(ret_starts);
}

void refused_starts_done(struct refused_starts *starts)
{
	for (size_t i = 0; i < starts->count; i++)
		release(&starts->all[i]);
	starts->count = 0;
}
