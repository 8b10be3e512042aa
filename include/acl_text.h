/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ACL_TEXT_H
#define NSXATTR_ACL_TEXT_H

/*
 * POSIX access control lists: the value of system.posix_acl_access and system.posix_acl_default as a text, as
 * acl_to_text(3) has it, with numbers for users and groups. Archives have them so.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the text of a value of so many bytes, and a NUL. */
#define ACL_TEXT_SIZE(length) ((length) / 8 * 24 + 1)

/**
 * acl_text_write() - write a list, its entries with a comma between
 * @value: of the attribute
 * @shift: what an id becomes; false: its entry is left out; @place is the caller's
 * @ret_text: ACL_TEXT_SIZE(@length) bytes
 *
 * Return: bytes of the text; 0: it is no list of a known version.
 */
size_t acl_text_write(const void *value, size_t length, bool (*shift)(void *place, uint32_t *id),
		      void *place, char *ret_text);

#endif
