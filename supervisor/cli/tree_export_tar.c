/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive of a tree that may change meanwhile. What a file has more or less than at first does not move the members
 * behind it: it is cut, or filled with zeros, and reported.
 *
 * Nothing that a container does to one file makes another one unreadable. A link is to a member that is there, whole. Records
 * have a bound, below that of those who read archives. And an id that the container has not is given to none of its
 * users: root of the host, or another container, would have rights there that it has not here.
 */
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "acl_text.h"
#include "base/fd.h"
#include "cli/tree_export.h"
#include "count_of.h"
#include "exec/tree.h"
#include "name_list.h"
#include "tar_header.h"

/* What the kernel shows in a list of an id that nothing maps. */
#define ID_NONE UINT32_MAX
/* Longer ones are refused. */
#define MEMBER_PATH_SIZE 8192

/* An inode with several names, of which one is in the archive, whole. */
struct linked {
	dev_t device;
	ino_t number;
	char *path;
};

static void fail(struct tree_export *export, const struct tree_inode *inode, const char *text)
{
	tree_job_fail(&export->job, "%s: %s", inode->entry->path, text);
}

/* ---- what a member is ---- */

static char type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return TAR_FILE;
	case S_IFLNK:
		return TAR_SYMLINK;
	case S_IFCHR:
		return TAR_CHARACTER_DEVICE;
	case S_IFBLK:
		return TAR_BLOCK_DEVICE;
	case S_IFDIR:
		return TAR_DIRECTORY;
	case S_IFIFO:
		return TAR_FIFO;
	default:
		return '\0'; /* a socket lives with its process */
	}
}

static bool shift(const struct tree_export *export, uint32_t *id)
{
	const struct tree_range owners = { export->owners, export->range.count };

	return *id != ID_NONE && (!export->has_owners || tree_range_has(&owners, *id, id));
}

static uint32_t shift_owner(const struct tree_export *export, uint32_t id)
{
	return shift(export, &id) ? id : TREE_ID_NOBODY;
}

static void report_owner(struct tree_export *export, const struct tree_inode *inode,
			 const char *kind, uint32_t id)
{
	if (shift(export, &id))
		return;
	export->unmapped++;
	if (!export->allows_unmapped)
		tree_job_fail(&export->job,
			      "%s: its %s becomes %d, because the container has no id %u",
			      inode->entry->path, kind, TREE_ID_NOBODY, id);
}

static int compare_linked(const void *left, const void *right)
{
	const struct linked *a = left, *b = right;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static void free_linked(void *place)
{
	struct linked *linked = place;

	free(linked->path);
	free(linked);
}

static bool has_names(const struct stat *stat)
{
	return !S_ISDIR(stat->st_mode) && stat->st_nlink > 1;
}

/* Return: the path of the member that the inode has already; NULL: it has none. */
static const char *find_link(const struct tree_export *export, const struct stat *stat)
{
	const struct linked key = { .device = stat->st_dev, .number = stat->st_ino };
	struct linked *const *found = tfind(&key, &export->seen, compare_linked);

	return found ? (*found)->path : NULL;
}

/* Its other names become links to this one; without memory, members of their own. */
static void keep_link(struct tree_export *export, const struct stat *stat, const char *path)
{
	struct linked *linked = malloc(sizeof(*linked));

	if (!linked)
		return;
	*linked = (struct linked){ stat->st_dev, stat->st_ino, strdup(path) };
	if (!linked->path || !tsearch(linked, &export->seen, compare_linked))
		free_linked(linked);
}

/* ---- what is written ---- */

static bool pad(struct tree_export *export, uint64_t size)
{
	static const char zeros[TAR_BLOCK];

	return size % TAR_BLOCK == 0 ||
	       tree_export_write(export, zeros, TAR_BLOCK - (size_t)(size % TAR_BLOCK));
}

static bool write_header(struct tree_export *export, const struct tar_member *member)
{
	char block[TAR_BLOCK];

	tar_header_write(member, block);
	return tree_export_write(export, block, sizeof(block));
}

static bool write_records(struct tree_export *export, const struct tar_records *records,
			  const struct tar_member *member)
{
	const struct tar_member header = { .path = "PaxHeaders/nsxattr",
					   .type = TAR_RECORDS,
					   .mode = 0644,
					   .size = records->length,
					   .time = member->time };

	return records->length == 0 ||
	       (write_header(export, &header) &&
		tree_export_write(export, records->bytes, records->length) &&
		pad(export, records->length));
}

/* Return: how many bytes it was; the rest is to be filled. */
static uint64_t copy(struct tree_export *export, const struct tree_inode *inode, int fd,
		     uint64_t size)
{
	char *bytes = inode->room->other;
	uint64_t left = size;

	while (left > 0) {
		size_t most = left < sizeof(inode->room->other) ? (size_t)left :
								  sizeof(inode->room->other);
		ssize_t length = read(fd, bytes, most);

		if (length == 0)
			fail(export, inode, "it has become shorter");
		if (length < 0)
			fail(export, inode, strerror(errno));
		if (length <= 0 || !tree_export_write(export, bytes, (size_t)length))
			break;
		left -= (uint64_t)length;
	}
	return left;
}

/* Return: whether the content was all there. */
static bool write_content(struct tree_export *export, const struct tree_inode *inode, int fd,
			  uint64_t size)
{
	static const char zeros[TAR_BLOCK];
	uint64_t left = copy(export, inode, fd, size);
	bool is_whole = left == 0;

	for (; left > 0 && !export->is_broken; left -= left < TAR_BLOCK ? left : TAR_BLOCK)
		tree_export_write(export, zeros, left < TAR_BLOCK ? (size_t)left : TAR_BLOCK);
	return pad(export, size) && is_whole;
}

static bool add_values(struct tree_export *export, const struct tree_inode *inode,
		       struct tar_records *records)
{
	unsigned long left_out = 0;
	char name[NAME_SIZE];
	size_t length;

	for (size_t at = 0; tree_export_next(export, inode, &at, name, &length);) {
		int r = tar_records_add_attribute(records, name, inode->room->value, length);

		if (r == -ENOMEM)
			return false;
		left_out += r == -E2BIG;
	}
	export->job.values -= left_out;
	if (left_out > 0)
		tree_job_fail(&export->job,
			      "%s: %lu value%s left out: "
			      "an archive has up to 1 MiB for a file, a dump has no bound",
			      inode->entry->path, left_out, left_out == 1 ? " is" : "s are");
	return true;
}

/* ---- access control lists ---- */

/* Whose entries are not in the archive. */
struct strangers {
	const struct tree_export *export;
	unsigned long count;
	uint32_t first;
};

static bool shift_listed(void *place, uint32_t *id)
{
	struct strangers *strangers = place;

	if (shift(strangers->export, id))
		return true;
	if (strangers->count++ == 0)
		strangers->first = *id;
	return false;
}

static void report_strangers(struct tree_export *export, const struct tree_inode *inode,
			     const char *name, const struct strangers *strangers)
{
	export->unmapped += strangers->count;
	if (strangers->count == 1 && !export->allows_unmapped)
		tree_job_fail(&export->job,
			      "%s: %s loses an entry, because the container has no id %u",
			      inode->entry->path, name, strangers->first);
	else if (strangers->count > 0 && !export->allows_unmapped)
		tree_job_fail(
			&export->job,
			"%s: %s loses %lu entries, because the container has no id %u, and others",
			inode->entry->path, name, strangers->count, strangers->first);
}

/* Return: 0; -ENOMEM. */
static int add_text(struct tree_export *export, const struct tree_inode *inode, const char *name,
		    const char *key, size_t length, struct tar_records *records)
{
	struct strangers strangers = { .export = export };
	_cleanup_free_ char *text = malloc(ACL_TEXT_SIZE(length));

	if (!text)
		return -ENOMEM;
	size_t written = acl_text_write(inode->room->value, length, shift_listed, &strangers, text);

	if (written == 0) {
		tree_job_fail(&export->job, "%s: %s is left out: it is no list that is known",
			      inode->entry->path, name);
		return 0;
	}
	report_strangers(export, inode, name, &strangers);
	return tar_records_add(records, key, text, written);
}

/* Return: 0; -ENOMEM. */
static int add_list(struct tree_export *export, const struct tree_inode *inode, const char *name,
		    const char *key, struct tar_records *records)
{
	ssize_t length = performer_get(inode->performer, name, inode->room->value,
				       sizeof(inode->room->value));

	if (length < 0 && length != -ENODATA)
		tree_job_fail(&export->job, "%s: %s: %s", inode->entry->path, name,
			      strerror((int)-length));
	return length < 0 ? 0 : add_text(export, inode, name, key, (size_t)length, records);
}

static bool is_listed(const char *list, size_t length, const char *name)
{
	size_t found;

	for (size_t at = 0; (found = name_list_length_at(list, length, at)) > 0; at += found + 1)
		if (strcmp(list + at, name) == 0)
			return true;
	return false;
}

static bool add_lists(struct tree_export *export, const struct tree_inode *inode,
		      struct tar_records *records)
{
	static const struct {
		const char *name, *key;
	} lists[] = { { "system.posix_acl_access", "SCHILY.acl.access" },
		      { "system.posix_acl_default", "SCHILY.acl.default" } };

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		if (is_listed(inode->room->list, inode->length, lists[i].name) &&
		    add_list(export, inode, lists[i].name, lists[i].key, records) < 0)
			return false;
	return true;
}

/* ---- a member ---- */

/* Return: whether the member is there, whole. */
static bool write_member(struct tree_export *export, const struct tree_inode *inode,
			 const struct tar_member *member, int fd)
{
	struct tar_records records = { 0 };
	/* The lists first: there is always room for them. */
	bool is_whole = tar_records_add_member(&records, member) == 0 &&
			(member->type == TAR_HARD_LINK || (add_lists(export, inode, &records) &&
							   add_values(export, inode, &records)));

	if (!is_whole)
		fail(export, inode, "there is no memory");
	is_whole = is_whole && write_records(export, &records, member) &&
		   write_header(export, member) &&
		   (member->type != TAR_FILE || write_content(export, inode, fd, member->size));
	free(records.bytes);
	return is_whole;
}

/* ---- one inode ---- */

/* Its type cannot change any more. Return: a descriptor; -1: said. */
static int open_file(struct tree_export *export, const struct tree_inode *inode)
{
	char path[sizeof("/proc/self/fd/2147483647")];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", inode->entry->fd);
	int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		fail(export, inode, strerror(errno));
	return fd;
}

static bool read_link(struct tree_export *export, const struct tree_inode *inode,
		      struct tar_member *member, char target[PATH_MAX])
{
	ssize_t length = readlinkat(inode->entry->fd, "", target, PATH_MAX - 1);

	if (length < 0) {
		fail(export, inode, strerror(errno));
		return false;
	}
	target[length] = '\0';
	member->link = target;
	return true;
}

static void describe(const struct tree_export *export, const struct stat *stat,
		     struct tar_member *member)
{
	member->mode = stat->st_mode & 07777;
	member->uid = shift_owner(export, stat->st_uid);
	member->gid = shift_owner(export, stat->st_gid);
	member->time = stat->st_mtime;
	if (S_ISCHR(stat->st_mode) || S_ISBLK(stat->st_mode)) {
		member->major = major(stat->st_rdev);
		member->minor = minor(stat->st_rdev);
	}
}

/* As tar(1) names what is in a directory. */
static bool write_path(const struct tree_inode *inode, const struct stat *stat,
		       char path[MEMBER_PATH_SIZE])
{
	const char *below = inode->entry->below;

	if (below[0] == '\0' && !S_ISDIR(stat->st_mode))
		below = basename(inode->entry->path);
	int length = snprintf(path, MEMBER_PATH_SIZE, "./%s%s", below,
			      S_ISDIR(stat->st_mode) && below[0] != '\0' ? "/" : "");

	return length >= 0 && (size_t)length < MEMBER_PATH_SIZE;
}

/* Return: whether the member is there, whole. */
static bool export_inode(struct tree_export *export, const struct tree_inode *inode,
			 const struct stat *stat, const struct tar_member *described)
{
	struct tar_member member = *described;
	char target[PATH_MAX];
	_cleanup_fd_ int fd = -1;

	if (member.type == TAR_SYMLINK && !read_link(export, inode, &member, target))
		return false;
	if (member.type == TAR_FILE) {
		fd = open_file(export, inode);
		if (fd < 0)
			return false;
		member.size = (uint64_t)stat->st_size;
	}
	report_owner(export, inode, "owner", stat->st_uid);
	report_owner(export, inode, "group", stat->st_gid);
	return write_member(export, inode, &member, fd);
}

void tree_export_tar(struct tree_job *job, const struct tree_inode *inode)
{
	struct tree_export *export = (struct tree_export *)job;
	char path[MEMBER_PATH_SIZE];
	struct tar_member member = { .path = path };
	struct stat stat;

	if (export->is_broken)
		return;
	if (fstat(inode->entry->fd, &stat) < 0 || !write_path(inode, &stat, path)) {
		fail(export, inode, "it cannot be named");
		return;
	}
	describe(export, &stat, &member);
	member.link = has_names(&stat) ? find_link(export, &stat) : NULL;
	member.type = (char)(member.link ? TAR_HARD_LINK : type_of(stat.st_mode));
	if (member.type == TAR_HARD_LINK)
		(void)write_member(export, inode, &member, -1);
	else if (member.type != '\0' && export_inode(export, inode, &stat, &member) &&
		 has_names(&stat))
		keep_link(export, &stat, path);
}

void tree_export_end_tar(struct tree_export *export)
{
	static const char zeros[2 * TAR_BLOCK];

	tree_export_write(export, zeros, sizeof(zeros));
	tdestroy(export->seen, free_linked);
	export->seen = NULL;
}
