/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_ESCAPE_H
#define NSXATTR_BASE_ESCAPE_H

/*
 * How bytes that come from targets are shown: of what is not printable ASCII each byte is \xNN, of blanks too, and a
 * backslash is two. So a text is one word of one line, steers no terminal, and can be turned back into the bytes.
 */

#include <stddef.h>

/* Each byte can become four. */
#define ESCAPED_SIZE(size) (4 * (size_t)(size))

/** escape_byte() - @to: ESCAPED_SIZE(1) bytes, and one for a NUL. Return: how many it is, without the NUL. */
size_t escape_byte(unsigned char byte, char *to);

/** escape_text() - @ret_text: @size bytes; what has no room is cut. Return: it. */
const char *escape_text(const char *text, char *ret_text, size_t size);

#endif
