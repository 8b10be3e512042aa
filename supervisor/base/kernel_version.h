/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_KERNEL_VERSION_H
#define NSXATTR_BASE_KERNEL_VERSION_H

/* Versions of Linux, such as 6.12.56. */

#include <stddef.h>

/**
 * kernel_version_read() - the first numbers of a version
 * @text: it begins with one, as in "6.1.0-13-amd64"
 * @ret_numbers: @count of them; those that are not there are 0
 *
 * Return: what is behind these; NULL: there are fewer, or one has more than four digits.
 */
const char *kernel_version_read(const char *text, unsigned int *ret_numbers, size_t count);

/** kernel_version_parse() - by the texts of uname(2): Debian has the last number in @version only */
void kernel_version_parse(const char *release, const char *version, unsigned int ret_version[3]);

/** kernel_version_get() - that of the running kernel */
void kernel_version_get(unsigned int ret_version[3]);

#endif
