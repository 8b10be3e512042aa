/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_LABEL_RIGHTS_H
#define NSXATTR_EXEC_LABEL_RIGHTS_H

#include <linux/xattr.h>
#include <stdbool.h>
#include <string.h>

#include "base/labelling.h"

/**
 * label_rights() - what the kernel asks for an attribute call, of the inode itself
 * @name: of the attribute; NULL: of a list
 *
 * Return: enum label_right, combined.
 */
static inline unsigned int label_rights(bool is_change, const char *name)
{
	unsigned int rights = is_change ? LABEL_SETATTR : LABEL_GETATTR;

	if (name && strncmp(name, XATTR_USER_PREFIX, XATTR_USER_PREFIX_LEN) == 0)
		rights |= is_change ? LABEL_WRITE : LABEL_READ;
	return rights;
}

#endif
