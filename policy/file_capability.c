/* SPDX-License-Identifier: Apache-2.0 */
#include "file_capability.h"

#include <linux/capability.h>
#include <string.h>

#define ROOT_OFFSET XATTR_CAPS_SZ_2

_Static_assert(FILE_CAPABILITY_SIZE == XATTR_CAPS_SZ_3, "a value of version 3 has this size");

/* All numbers of a value are little-endian. */
static uint32_t read_number(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static void write_number(uint8_t *bytes, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
}

/* Return: the value's revision; 0: it is none that the kernel would take. */
static uint32_t revision_of(const void *value, size_t length)
{
	uint32_t revision;

	if (length < XATTR_CAPS_SZ_2)
		return 0;
	revision = read_number(value) & VFS_CAP_REVISION_MASK;
	if ((revision == VFS_CAP_REVISION_2 && length == XATTR_CAPS_SZ_2) ||
	    (revision == VFS_CAP_REVISION_3 && length == XATTR_CAPS_SZ_3))
		return revision;
	return 0;
}

static void set_revision(uint8_t *value, uint32_t revision)
{
	write_number(value, (read_number(value) & ~(uint32_t)VFS_CAP_REVISION_MASK) | revision);
}

bool file_capability_is_name(const char *name, size_t length)
{
	return length == strlen(FILE_CAPABILITY_NAME) &&
	       memcmp(name, FILE_CAPABILITY_NAME, length) == 0;
}

bool file_capability_root(const void *value, size_t length, uint32_t *ret_root)
{
	if (revision_of(value, length) != VFS_CAP_REVISION_3)
		return false;
	*ret_root = read_number((const uint8_t *)value + ROOT_OFFSET);
	return true;
}

bool file_capability_give(const void *value, size_t length, uint32_t root,
			  uint8_t ret_value[FILE_CAPABILITY_SIZE])
{
	if (revision_of(value, length) == 0)
		return false;
	memmove(ret_value, value, XATTR_CAPS_SZ_2);
	set_revision(ret_value, VFS_CAP_REVISION_3);
	write_number(ret_value + ROOT_OFFSET, root);
	return true;
}

size_t file_capability_plain(const void *value, size_t length,
			     uint8_t ret_value[FILE_CAPABILITY_SIZE])
{
	if (revision_of(value, length) != VFS_CAP_REVISION_3)
		return 0;
	memmove(ret_value, value, XATTR_CAPS_SZ_2);
	set_revision(ret_value, VFS_CAP_REVISION_2);
	return XATTR_CAPS_SZ_2;
}
