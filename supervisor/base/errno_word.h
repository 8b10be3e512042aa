/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_ERRNO_WORD_H
#define NSXATTR_BASE_ERRNO_WORD_H

#include <stdio.h>
#include <string.h>

#define ERRNO_WORD_SIZE 16

/**
 * errno_word() - an error as programs are to read it: "EPERM", or "E4095" where it has no name
 * @error: an errno
 * @number: for one without a name
 *
 * Return: static, or @number.
 */
static inline const char *errno_word(unsigned int error, char number[ERRNO_WORD_SIZE])
{
	const char *name = strerrorname_np((int)error);

	if (name)
		return name;
	snprintf(number, ERRNO_WORD_SIZE, "E%u", error);
	return number;
}

#endif
