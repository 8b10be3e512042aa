/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "cli/tree_import.h"
#include "tar_header.h"

/* What a member's records, or its long path, may have. The kernel lets a file have less. */
#define RECORDS_MAX (4 << 20)

/* An archive that is being read. */
struct archive {
	FILE *file;
	const char *name;
	char *records; /* of the member that comes next */
	size_t length;
	char *path; /* GNU tar's of that member; NULL: it has none */
};

static bool fail(struct tree_import *import, const struct archive *archive, const char *text)
{
	tree_job_fail(&import->job, "%s: %s", archive->name,
		      ferror(archive->file) ? strerror(errno) : text);
	return false;
}

static bool skip(struct archive *archive, uint64_t size)
{
	char block[8192];
	uint64_t left = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;

	while (left > 0) {
		size_t most = left < sizeof(block) ? (size_t)left : sizeof(block);

		if (fread(block, 1, most, archive->file) != most)
			return false;
		left -= most;
	}
	return true;
}

/* Return: what follows a header, with a NUL behind it, the caller's; NULL: it cannot be read. */
static char *read_all(struct archive *archive, uint64_t size)
{
	size_t whole = size > RECORDS_MAX ? 0 :
					    ((size_t)size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	char *bytes = size > RECORDS_MAX ? NULL : malloc(whole + 1);

	if (bytes && fread(bytes, 1, whole, archive->file) == whole) {
		bytes[size] = '\0';
		return bytes;
	}
	free(bytes);
	return NULL;
}

/* ---- a member ---- */

/* Return: the path, the caller's; NULL without memory. The last record counts. */
static char *find_path(const struct archive *archive, const char *path)
{
	char *found = strdup(archive->path ? archive->path : path);
	struct tar_record record;

	for (size_t at = 0;
	     found && tar_record_next(archive->records, archive->length, &at, &record) > 0;) {
		if (!tar_record_is(&record, "path"))
			continue;
		free(found);
		found = strndup(record.value, record.length);
	}
	return found;
}

static void set_values(struct tree_import *import, const struct archive *archive, const char *path)
{
	struct tree_target target = { .fd = -1 };
	struct tar_record record;
	char name[NAME_SIZE];

	for (size_t at = 0; tar_record_next(archive->records, archive->length, &at, &record) > 0;) {
		if (!tar_record_attribute(&record, name))
			continue;
		if (!target.path)
			tree_import_find(import, &target, path);
		tree_import_set(import, &target, name, record.value, record.length);
	}
	tree_import_leave(import, &target);
}

/* Some tools have the size of a large file there. */
static bool find_size(const struct archive *archive, uint64_t *size)
{
	struct tar_record record;
	size_t at = 0;
	int r;

	while ((r = tar_record_next(archive->records, archive->length, &at, &record)) > 0) {
		char digits[21] = "";

		if (!tar_record_is(&record, "size"))
			continue;
		if (record.length >= sizeof(digits))
			return false;
		memcpy(digits, record.value, record.length);
		*size = strtoull(digits, NULL, 10);
	}
	return r == 0 && *size <= INT64_MAX - TAR_BLOCK;
}

static bool take_member(struct tree_import *import, struct archive *archive,
			const char *header_path, uint64_t size)
{
	_cleanup_free_ char *path = find_path(archive, header_path);
	bool is_right = path && find_size(archive, &size);

	if (!path)
		return fail(import, archive, "there is no memory");
	if (is_right)
		set_values(import, archive, path);
	free(TAKE_PTR(archive->records));
	free(TAKE_PTR(archive->path));
	archive->length = 0;
	if (!is_right)
		return fail(import, archive, "its extended headers are damaged");
	return skip(archive, size) || fail(import, archive, "it ends in a member");
}

/* Links, devices and directories have none, whatever their size says. */
static bool has_content(char type)
{
	return type < TAR_HARD_LINK || type > TAR_FIFO;
}

/* Return: whether it goes on. */
static bool take(struct tree_import *import, struct archive *archive, const char *path, char type,
		 uint64_t size)
{
	char **place = type == TAR_RECORDS	 ? &archive->records :
		       type == TAR_GNU_LONG_NAME ? &archive->path :
						   NULL;

	if (type == 'g' || type == 'K') /* of all members; GNU tar's target of a link */
		return skip(archive, size) || fail(import, archive, "it ends in a header");
	if (type == 'S') /* more headers may follow it */
		return fail(import, archive, "it has sparse files in GNU tar's old format");
	if (!place)
		return take_member(import, archive, path, has_content(type) ? size : 0);
	free(*place);
	*place = read_all(archive, size);
	if (!*place)
		return fail(import, archive, "it has a header that is too large, or cut");
	if (type == TAR_RECORDS)
		archive->length = (size_t)size;
	return true;
}

void tree_import_tar(struct tree_import *import, FILE *file, const char *name)
{
	struct archive archive = { .file = file, .name = name };
	char block[TAR_BLOCK], path[TAR_PATH_SIZE], type = 0;
	uint64_t size = 0;
	bool goes_on = true;

	while (goes_on) {
		if (fread(block, 1, sizeof(block), file) != sizeof(block)) {
			fail(import, &archive, "its end is missing");
			break;
		}
		switch (tar_header_read(block, path, &type, &size)) {
		case TAR_IS_MEMBER:
			goes_on = take(import, &archive, path, type, size);
			break;
		case TAR_IS_NONE:
			fail(import, &archive,
			     "it is neither a dump nor a tar archive, or damaged");
			goes_on = false;
			break;
		case TAR_IS_END:
		default:
			goes_on = false;
		}
	}
	free(archive.records);
	free(archive.path);
}
