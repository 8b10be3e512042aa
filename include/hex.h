/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HEX_H
#define NSXATTR_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Room for the digits of @size bytes, and a NUL. */
#define HEX_SIZE(size) (2 * (size) + 1)

/** hex_write() - bytes as hexadecimal digits in lower case. @text: HEX_SIZE(@size) */
static inline void hex_write(const uint8_t *bytes, size_t size, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	text[2 * size] = '\0';
}

#endif
