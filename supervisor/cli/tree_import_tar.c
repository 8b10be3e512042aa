/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "cli/tree_import.h"
#include "tar_header.h"

/* What is kept of a member's records, or its long path. Few file systems let a file have more. */
#define RECORDS_MAX ((size_t)4 << 20)

/* An archive that is being read. */
struct archive {
	FILE *file;
	const char *name;
	char *records; /* of the member that comes next */
	size_t length;
	bool is_too_large; /* they are without the values, because all were more than RECORDS_MAX */
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

static bool skip_padding(struct archive *archive, uint64_t size)
{
	char block[TAR_BLOCK];
	size_t left = (TAR_BLOCK - (size_t)(size % TAR_BLOCK)) % TAR_BLOCK;

	return fread(block, 1, left, archive->file) == left;
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

/* ---- records ---- */

/* Return: bytes of those that are whole; 0 also where they cannot be kept. */
static size_t keep_few(struct tar_records *kept, const char *bytes, size_t length)
{
	struct tar_record record;
	size_t end = 0;

	for (size_t at = 0; tar_record_next(bytes, length, &at, &record) > 0; end = at) {
		const char *key = tar_record_is(&record, "path") ? "path" :
				  tar_record_is(&record, "size") ? "size" :
								   NULL;

		if (key && tar_records_add(kept, key, record.value, record.length) < 0)
			return 0;
	}
	return end;
}

/* Of too many, those that say whose they are, and where the next header is. */
static bool read_few(struct archive *archive, uint64_t size, struct tar_records *kept)
{
	_cleanup_free_ char *bytes = malloc(RECORDS_MAX);
	size_t length = 0;

	for (uint64_t left = size; bytes && left + length > 0;) {
		size_t most = RECORDS_MAX - length < left ? RECORDS_MAX - length : (size_t)left;

		if (fread(bytes + length, 1, most, archive->file) != most)
			return false;
		left -= most;
		length += most;
		size_t whole = keep_few(kept, bytes, length);

		if (whole == 0)
			return false;
		length -= whole;
		memmove(bytes, bytes + whole, length);
	}
	return bytes && skip_padding(archive, size);
}

static bool read_records(struct archive *archive, uint64_t size)
{
	struct tar_records kept = { 0 };

	free(archive->records);
	archive->is_too_large = size > RECORDS_MAX;
	if (!archive->is_too_large) {
		archive->records = read_all(archive, size);
		archive->length = archive->records ? (size_t)size : 0;
		return archive->records;
	}
	bool is_read = read_few(archive, size, &kept);

	archive->records = kept.bytes;
	archive->length = kept.length;
	return is_read;
}

/* ---- a member ---- */

/* The last one counts; one without a value is none. Return: whether there is one. */
static bool find_record(const struct archive *archive, const char *key,
			struct tar_record *ret_record)
{
	struct tar_record record;
	bool is_found = false;

	for (size_t at = 0; tar_record_next(archive->records, archive->length, &at, &record) > 0;) {
		if (!tar_record_is(&record, key) || record.length == 0)
			continue;
		*ret_record = record;
		is_found = true;
	}
	return is_found;
}

static bool are_whole(const struct archive *archive)
{
	struct tar_record record;
	size_t at = 0;
	int r;

	do
		r = tar_record_next(archive->records, archive->length, &at, &record);
	while (r > 0);
	return r == 0;
}

/* Return: the path, the caller's; NULL: it is left out, and said. */
static char *find_path(struct tree_import *import, const struct archive *archive, const char *path)
{
	const char *text = archive->path ? archive->path : path;
	struct tar_record record = { .value = text, .length = strlen(text) };

	(void)find_record(archive, "path", &record);
	bool is_path = !memchr(record.value, '\0', record.length);
	char *found = is_path ? strndup(record.value, record.length) : NULL;

	if (!found)
		tree_job_fail(&import->job, "%s: %.*s is left out: %s", archive->name,
			      (int)strnlen(record.value, record.length), record.value,
			      is_path ? strerror(ENOMEM) : "its path has a NUL");
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

	return !find_record(archive, "size", &record) ||
	       (tar_record_number(&record, size) && *size <= INT64_MAX - TAR_BLOCK);
}

static void forget_member(struct archive *archive)
{
	free(TAKE_PTR(archive->records));
	free(TAKE_PTR(archive->path));
	archive->length = 0;
	archive->is_too_large = false;
}

/* Links, devices and directories have none, whatever their size says. */
static bool has_content(char type)
{
	return type < TAR_HARD_LINK || type > TAR_FIFO;
}

static void take_values(struct tree_import *import, const struct archive *archive,
			const char *header_path)
{
	_cleanup_free_ char *path = find_path(import, archive, header_path);

	if (path && archive->is_too_large)
		tree_job_fail(&import->job, "%s: it is left out: it has more than 4 MiB of values",
			      path);
	else if (path)
		set_values(import, archive, path);
}

static bool take_member(struct tree_import *import, struct archive *archive, const char *path,
			char type, uint64_t size)
{
	bool is_right = are_whole(archive) && (!has_content(type) || find_size(archive, &size));

	if (is_right)
		take_values(import, archive, path);
	forget_member(archive);
	if (!is_right)
		return fail(import, archive, "its extended headers are damaged");
	return !has_content(type) || skip(archive, size) ||
	       fail(import, archive, "it ends in a member");
}

/* Return: whether it goes on. */
static bool take(struct tree_import *import, struct archive *archive, const char *path, char type,
		 uint64_t size)
{
	if (type == 'g' || type == 'K') /* of all members; GNU tar's target of a link */
		return skip(archive, size) || fail(import, archive, "it ends in a header");
	if (type == 'S') /* more headers may follow it */
		return fail(import, archive, "it has sparse files in GNU tar's old format");
	if (type != TAR_RECORDS && type != TAR_GNU_LONG_NAME)
		return take_member(import, archive, path, type, size);
	if (type == TAR_RECORDS)
		return read_records(archive, size) ||
		       fail(import, archive, "it has damaged extended headers, or is cut");
	free(archive->path);
	archive->path = read_all(archive, size);
	return archive->path || fail(import, archive, "it has a header that is too large, or cut");
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
	forget_member(&archive);
}
