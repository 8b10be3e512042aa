/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive of a tree that may change meanwhile. What a file has more or less than at first does not move the members
 * behind it: it is cut, or filled with zeros, and reported.
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

/* What the kernel shows of an id that nothing maps. */
#define ID_NOBODY 65534
/* Longer ones are refused. */
#define MEMBER_PATH_SIZE 8192

/* An inode with several names, of which one is in the archive. */
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

static uint32_t shift(struct tree_export *export, const struct tree_inode *inode, uint32_t id)
{
	const struct tree_range owners = { export->owners, export->range.count };
	uint32_t place = id;

	if (export->has_owners && !tree_range_has(&owners, id, &place)) {
		fail(export, inode, "its owner or group is not among the container's ids");
		return ID_NOBODY;
	}
	return place;
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

/* Return: the path of the member that the inode has already; NULL: it is the first one. */
static const char *find_link(struct tree_export *export, const struct stat *stat, const char *path)
{
	struct linked *linked = malloc(sizeof(*linked));

	if (!linked)
		return NULL;
	*linked = (struct linked){ stat->st_dev, stat->st_ino, strdup(path) };
	struct linked *const *found =
		linked->path ? tsearch(linked, &export->seen, compare_linked) : NULL;
	bool is_new = found && *found == linked;
	const char *first = found && !is_new ? (*found)->path : NULL;

	if (!is_new)
		free_linked(linked);
	return first;
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

static void write_content(struct tree_export *export, const struct tree_inode *inode, int fd,
			  uint64_t size)
{
	static const char zeros[TAR_BLOCK];
	uint64_t left = copy(export, inode, fd, size);

	for (; left > 0 && !export->is_broken; left -= left < TAR_BLOCK ? left : TAR_BLOCK)
		tree_export_write(export, zeros, left < TAR_BLOCK ? (size_t)left : TAR_BLOCK);
	pad(export, size);
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

/* An inode whose lists are written. */
struct listed {
	struct tree_export *export;
	const struct tree_inode *inode;
};

static uint32_t shift_listed(void *place, uint32_t id)
{
	const struct listed *listed = place;

	return shift(listed->export, listed->inode, id);
}

/* Return: 0; -ENOMEM. What is no list is left out. */
static int add_list(struct tree_export *export, const struct tree_inode *inode, const char *name,
		    const char *key, struct tar_records *records)
{
	struct listed listed = { export, inode };
	ssize_t length = performer_get(inode->performer, name, inode->room->value,
				       sizeof(inode->room->value));

	if (length <= 0)
		return 0;
	_cleanup_free_ char *text = malloc(ACL_TEXT_SIZE((size_t)length));
	size_t written = text ? acl_text_write(inode->room->value, (size_t)length, shift_listed,
					       &listed, text) :
				0;

	if (!text)
		return -ENOMEM;
	return written > 0 ? tar_records_add(records, key, text, written) : 0;
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

static void write_member(struct tree_export *export, const struct tree_inode *inode,
			 const struct tar_member *member, int fd)
{
	struct tar_records records = { 0 };
	/* The lists first: there is always room for them. */
	bool is_whole = tar_records_add_member(&records, member) == 0 &&
			(member->type == TAR_HARD_LINK || (add_lists(export, inode, &records) &&
							   add_values(export, inode, &records)));

	if (!is_whole)
		fail(export, inode, "there is no memory");
	else if (write_records(export, &records, member) && write_header(export, member) &&
		 member->type == TAR_FILE)
		write_content(export, inode, fd, member->size);
	free(records.bytes);
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

static bool describe(struct tree_export *export, const struct tree_inode *inode,
		     const struct stat *stat, struct tar_member *member)
{
	member->type = type_of(stat->st_mode);
	member->mode = stat->st_mode & 07777;
	member->uid = shift(export, inode, stat->st_uid);
	member->gid = shift(export, inode, stat->st_gid);
	member->time = stat->st_mtime;
	if (S_ISCHR(stat->st_mode) || S_ISBLK(stat->st_mode)) {
		member->major = major(stat->st_rdev);
		member->minor = minor(stat->st_rdev);
	}
	return member->type != '\0';
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

void tree_export_tar(struct tree_job *job, const struct tree_inode *inode)
{
	struct tree_export *export = (struct tree_export *)job;
	char path[MEMBER_PATH_SIZE], target[PATH_MAX];
	struct tar_member member = { .path = path };
	_cleanup_fd_ int fd = -1;
	struct stat stat;

	if (export->is_broken)
		return;
	if (fstat(inode->entry->fd, &stat) < 0 || !write_path(inode, &stat, path)) {
		fail(export, inode, "it cannot be named");
		return;
	}
	if (!describe(export, inode, &stat, &member))
		return;
	if (!S_ISDIR(stat.st_mode) && stat.st_nlink > 1)
		member.link = find_link(export, &stat, path);
	if (member.link)
		member.type = TAR_HARD_LINK;
	if (member.type == TAR_SYMLINK && !read_link(export, inode, &member, target))
		return;
	if (member.type == TAR_FILE) {
		fd = open_file(export, inode);
		if (fd < 0)
			return;
		member.size = (uint64_t)stat.st_size;
	}
	write_member(export, inode, &member, fd);
}

void tree_export_end_tar(struct tree_export *export)
{
	static const char zeros[2 * TAR_BLOCK];

	tree_export_write(export, zeros, sizeof(zeros));
	tdestroy(export->seen, free_linked);
	export->seen = NULL;
}
