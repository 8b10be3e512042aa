/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_FILE_CAPABILITY_H
#define NSXATTR_FILE_CAPABILITY_H

/*
 * Values of security.capability, as <linux/capability.h> has them. The kernel itself gives each namespace its own: a
 * value of version 3 has, behind the sets of version 2, the host's id of the root whose value it is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a value of any version. */
#define FILE_CAPABILITY_SIZE 24

#define FILE_CAPABILITY_NAME "security.capability"

/** file_capability_is_name() - is it the name of such values? */
bool file_capability_is_name(const char *name, size_t length);

/** file_capability_root() - Return: whether it is a value of version 3; then *ret_root is whose it is. */
bool file_capability_root(const void *value, size_t length, uint32_t *ret_root);

/**
 * file_capability_give() - make the value that a root has of one that is there
 * @value: of version 2, or of version 3 whatever its root
 * @root: the host's id of the new root
 * @ret_value: it, FILE_CAPABILITY_SIZE bytes, of version 3; can be @value
 *
 * Return: whether it is such a value.
 */
bool file_capability_give(const void *value, size_t length, uint32_t root,
			  uint8_t ret_value[FILE_CAPABILITY_SIZE]);

/**
 * file_capability_plain() - make the value of version 2, as the root itself reads it
 * @ret_value: it
 *
 * Return: its length; 0: @value is not of version 3.
 */
size_t file_capability_plain(const void *value, size_t length,
			     uint8_t ret_value[FILE_CAPABILITY_SIZE]);

#endif
