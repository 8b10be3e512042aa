/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_VALUE_TEXT_H
#define NSXATTR_POLICY_VALUE_TEXT_H

/*
 * An attribute's value as getfattr(1) writes it: 0x and hexadecimal digits, 0s and base64, or else
 * the text itself.
 */

#include <stddef.h>

/**
 * value_text_decode() - the bytes that a text stands for
 * @text: @length bytes
 * @bytes: room for @length bytes
 * @ret_size: how many bytes it stands for, at most HOST_VALUE_MAX
 *
 * Return: NULL; or what is wrong with the text, and what is allowed, to come behind it in a message.
 */
const char *value_text_decode(const char *text, size_t length, char *bytes, size_t *ret_size);

#endif
