/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of an inode are together in a dump, whatever other threads write. Those of one with more than SECTION_SIZE come in
 * several sections, each of which says whose they are: what a container has made of a file is not all in memory at a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute_dump.h"
#include "cli/tree_export.h"
#include "exec/tree.h"

#define SECTION_SIZE ((size_t)1 << 20)

/* A section that is not written yet. */
struct section {
	char *text;
	size_t length, size;
};

/* Make room behind the text. */
static bool make_room(struct section *section, size_t room)
{
	size_t needed = section->length + room;
	char *text = needed > section->size ? realloc(section->text, 2 * needed) : section->text;

	if (!text)
		return false;
	if (needed > section->size)
		section->size = 2 * needed;
	section->text = text;
	return true;
}

static bool append_value(struct section *section, const char *name, const char *value, size_t size)
{
	if (!make_room(section, ATTRIBUTE_DUMP_NAME_SIZE(strlen(name)) +
					ATTRIBUTE_DUMP_VALUE_SIZE(size) + 2))
		return false;
	char *to = section->text + section->length;

	to += attribute_dump_write_name(name, strlen(name), to);
	*to++ = '=';
	to += attribute_dump_write_value(value, size, to);
	*to++ = '\n';
	section->length = (size_t)(to - section->text);
	return true;
}

static bool append_path(struct section *section, const char *path)
{
	static const char mark[] = "# file: ";

	if (!make_room(section, sizeof(mark) + ATTRIBUTE_DUMP_NAME_SIZE(strlen(path)) + 1))
		return false;
	char *to = mempcpy(section->text + section->length, mark, sizeof(mark) - 1);

	to += attribute_dump_write_name(path, strlen(path), to);
	*to++ = '\n';
	section->length = (size_t)(to - section->text);
	return true;
}

static void write_section(struct tree_job *job, struct section *section)
{
	tree_job_lock(job);
	fwrite(section->text, 1, section->length, stdout);
	putchar('\n');
	tree_job_unlock(job);
	section->length = 0;
}

void tree_export_dump(struct tree_job *job, const struct tree_inode *inode)
{
	struct tree_export *export = (struct tree_export *)job;
	const char *path = inode->entry->below[0] != '\0' ? inode->entry->below : ".";
	struct section section = { 0 };
	char name[NAME_SIZE];
	size_t at = 0, size;
	bool is_whole = true;

	while (is_whole && tree_export_next(export, inode, &at, name, &size)) {
		is_whole = (section.length > 0 || append_path(&section, path)) &&
			   append_value(&section, name, inode->room->value, size);
		if (is_whole && section.length >= SECTION_SIZE)
			write_section(job, &section);
	}
	if (!is_whole)
		tree_job_fail(job, "%s: there is no memory", inode->entry->path);
	else if (section.length > 0)
		write_section(job, &section);
	free(section.text);
}
