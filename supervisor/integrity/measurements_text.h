/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_MEASUREMENTS_TEXT_H
#define NSXATTR_INTEGRITY_MEASUREMENTS_TEXT_H

/*
 * A measurement list as the kernel's ascii_runtime_measurements shows it, a line an entry:
 *
 *	10 7971593a7ad22a7cce5b234e4bc5d71b04696af4 ima-sig sha256:b5a166c1... /usr/bin/x 0302046a...
 *
 * with one difference: what is no printable ASCII below a space, DEL, and a backslash are three octal digits behind a
 * backslash. The kernel prints them as they are, so that a path with a line feed in it makes up a line.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * measurements_print() - a list as text
 * @list: @size bytes in the kernel's binary form
 * @file: where to; an error is its (ferror(3))
 *
 * Return: bytes of @list that were printed; fewer than @size if there is something that is no entry of ima-ng or
 * ima-sig.
 */
size_t measurements_print(const uint8_t *list, size_t size, FILE *file);

#endif
