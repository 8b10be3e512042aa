/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute_dump.h"
#include "base/fd.h"
#include "cli/tree_import.h"

static void take(struct tree_import *import, struct tree_target *target, char *line, size_t length,
		 const char *name, unsigned long number)
{
	struct dump_line found;

	switch (attribute_dump_read(line, length, &found)) {
	case DUMP_FILE:
		tree_import_find(import, target, found.name);
		break;
	case DUMP_VALUE:
		if (target->path)
			tree_import_set(import, target, found.name, found.value, found.length);
		else
			tree_job_fail(&import->job, "%s:%lu: a value of no file", name, number);
		break;
	case DUMP_MISTAKE:
		tree_job_fail(&import->job, "%s:%lu: this is no line of a dump", name, number);
		break;
	case DUMP_NOTHING:
	default:
		break;
	}
}

void tree_import_dump(struct tree_import *import, FILE *file, const char *name)
{
	struct tree_target target = { .fd = -1 };
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t length;

	for (unsigned long number = 1; (length = getline(&line, &size, file)) > 0; number++) {
		if (line[length - 1] == '\n')
			line[--length] = '\0';
		take(import, &target, line, (size_t)length, name, number);
	}
	if (ferror(file))
		tree_job_fail(&import->job, "%s: %s", name, strerror(errno));
	tree_import_leave(import, &target);
}
