/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>

#include "attribute_dump.h"
#include "base/fd.h"
#include "cli/tree_import.h"

/* Any name with any value, each byte as four, and paths that are longer than the kernel takes. */
#define LINE_SIZE (4 * (XATTR_NAME_MAX + XATTR_SIZE_MAX) + 64)

/* A dump that is being read. */
struct dump {
	FILE *file;
	const char *name;
	unsigned long number; /* of the line */
	size_t length;
	char line[LINE_SIZE + 1]; /* without its newline, with a NUL behind it */
};

static void fail(struct tree_import *import, const struct dump *dump, const char *text)
{
	tree_job_fail(&import->job, "%s:%lu: %s", dump->name, dump->number, text);
}

/* Return: whether there is a line; of one that is too long the length is more than LINE_SIZE. */
static bool read_line(struct tree_import *import, struct dump *dump)
{
	int byte;

	dump->number++;
	dump->length = 0;
	while ((byte = getc(dump->file)) != EOF && byte != '\n') {
		if (dump->length < LINE_SIZE)
			dump->line[dump->length] = (char)byte;
		dump->length += dump->length <= LINE_SIZE;
	}
	dump->line[dump->length < LINE_SIZE ? dump->length : LINE_SIZE] = '\0';
	if (byte == EOF && dump->length > 0)
		fail(import, dump, "the line is left out: its end is missing");
	return byte != EOF;
}

/* What follows a line that names no file is about none. */
static void refuse(struct tree_import *import, struct tree_target *target, const struct dump *dump,
		   const char *text)
{
	fail(import, dump, text);
	if (dump->line[0] == '#')
		tree_import_leave(import, target);
}

static void take(struct tree_import *import, struct tree_target *target, struct dump *dump)
{
	struct dump_line found;

	switch (attribute_dump_read(dump->line, dump->length, &found)) {
	case DUMP_FILE:
		tree_import_find(import, target, found.name);
		break;
	case DUMP_VALUE:
		if (target->path)
			tree_import_set(import, target, found.name, found.value, found.length);
		else
			fail(import, dump, "a value of no file");
		break;
	case DUMP_MISTAKE:
		refuse(import, target, dump, "this is no line of a dump");
		break;
	case DUMP_NOTHING:
	default:
		break;
	}
}

void tree_import_dump(struct tree_import *import, FILE *file, const char *name)
{
	struct tree_target target = { .fd = -1 };
	_cleanup_free_ struct dump *dump = malloc(sizeof(*dump));

	if (!dump) {
		tree_job_fail(&import->job, "there is no memory");
		return;
	}
	dump->file = file;
	dump->name = name;
	dump->number = 0;
	while (read_line(import, dump))
		if (dump->length > LINE_SIZE)
			refuse(import, &target, dump, "the line is too long");
		else
			take(import, &target, dump);
	if (ferror(file))
		tree_job_fail(&import->job, "%s: %s", name, strerror(errno));
	tree_import_leave(import, &target);
}
