/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_VALUE_TEXT_H
#define NSXATTR_POLICY_VALUE_TEXT_H

/*
 * An attribute's value as getfattr(1) writes it: 0x and hexadecimal digits, 0s and base64, or else
 * the text itself.
 */

#include <stddef.h>

/**
 * value_text_fault() - Return: what is wrong with a text of @length bytes, and what is allowed, to
 * come behind it in a message; NULL: it can be decoded.
 */
const char *value_text_fault(const char *text, size_t length);

/**
 * value_text_decode() - the bytes that a text stands for
 * @text: a text of @length bytes, without fault
 * @bytes: room for @length bytes
 *
 * Return: how many bytes it stands for, at most HOST_VALUE_MAX.
 */
size_t value_text_decode(const char *text, size_t length, char *bytes);

#endif
