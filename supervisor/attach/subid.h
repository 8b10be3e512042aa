/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_SUBID_H
#define NSXATTR_ATTACH_SUBID_H

/* The ranges of ids that are set aside for a user: subuid(5), subgid(5). */

#include <stdint.h>

#include "idmap.h"

#define SUBUID_FILE "/etc/subuid"
#define SUBGID_FILE "/etc/subgid"

enum subid_result {
	SUBID_FOUND = 1,
	SUBID_NONE, /* no line for this user, or no such file */
	SUBID_MALFORMED, /* there is one, but it has no numbers */
};

/**
 * subid_find() - the first range of a user
 * @path: SUBUID_FILE or SUBGID_FILE
 * @name: the user's name; NULL if there is none
 * @uid: the user's number: a line may begin with either
 * @ret_extent: SUBID_FOUND: the range, which begins at 0 inside
 * @ret_line: SUBID_MALFORMED: which line
 *
 * Return: a subid_result; -errno when the file cannot be read.
 */
int subid_find(const char *path, const char *name, uint32_t uid, struct id_extent *ret_extent,
	       unsigned int *ret_line);

#endif
