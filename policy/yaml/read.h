/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_YAML_READ_H
#define NSXATTR_YAML_READ_H

/* Files are checked and stored by a schema, in one pass. */

#include <stddef.h>

struct arena;
struct diagnostics;
struct schema;

enum schema_result {
	SCHEMA_READ = 1,
	SCHEMA_MISTAKEN, /* the diagnostics say where */
};

/**
 * schema_read() - check a text, and store what it says
 * @schema: of the whole file
 * @text: the file, @length bytes, without need of a NUL; not used after the return
 * @structure: the schema's structure, with the values of what the text does not name; overwritten in
 *             part, whatever is returned
 * @arena: gets what the structure points to
 * @diagnostics: empty; SCHEMA_MISTAKEN: at least one mistake
 *
 * All mistakes are found at once, unless the text is no YAML: then the first is, for the rest has no
 * meaning.
 *
 * Return: an enum schema_result; -ENOMEM.
 */
int schema_read(const struct schema *schema, const char *text, size_t length, void *structure,
		struct arena *arena, struct diagnostics *diagnostics);

#endif
