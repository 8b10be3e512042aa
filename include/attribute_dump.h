/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTRIBUTE_DUMP_H
#define NSXATTR_ATTRIBUTE_DUMP_H

/*
 * Dumps of attributes, as getfattr(1) writes them with --dump and setfattr(1) reads them with --restore:
 *
 *	# file: PATH
 *	NAME="TEXT"		or NAME=0xDIGITS or NAME=0sBASE64
 *
 * A backslash and three octal digits stand for a byte.
 */

#include <stdbool.h>
#include <stddef.h>

enum dump_line_kind {
	DUMP_NOTHING, /* an empty line, or a comment */
	DUMP_FILE, /* the lines below are about this file */
	DUMP_VALUE,
	DUMP_MISTAKE, /* setfattr(1) would not take it, or not know a value */
};

/** struct dump_line - what a line says; all of it lies in the line */
struct dump_line {
	const char *name; /* of the file, or of the attribute; ends with a NUL */
	const char *value;
	size_t length; /* of the value */
};

/**
 * attribute_dump_read() - understand a line
 * @line: without its newline, and with a NUL behind it; the words in it are decoded where they stand
 * @length: bytes of it
 * @ret_line: for DUMP_FILE its name; for DUMP_VALUE all of it; else untouched
 */
enum dump_line_kind attribute_dump_read(char *line, size_t length, struct dump_line *ret_line);

/* Room for a name as a dump has it, and a NUL. */
#define ATTRIBUTE_DUMP_NAME_SIZE(length) (4 * (length) + 1)
/* The same for a value. */
#define ATTRIBUTE_DUMP_VALUE_SIZE(length) (2 * (length) + 8)

/** attribute_dump_write_name() - the name of a file or attribute as a dump has it, with a NUL. Return: its length. */
size_t attribute_dump_write_name(const char *name, size_t length, char *ret_text);

/** attribute_dump_write_value() - the same of a value: as text if it is printable, else in base64 */
size_t attribute_dump_write_value(const char *value, size_t length, char *ret_text);

#endif
