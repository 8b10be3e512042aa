/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DECIMAL_H
#define NSXATTR_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** decimal_parse() - read @length decimal digits, and nothing else. Return: whether they are a number of 32 bits. */
static inline bool decimal_parse(const char *text, size_t length, uint32_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < length && number <= UINT32_MAX; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	if (length == 0 || number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

/* The digits of a number of 32 bits, without a NUL. */
#define DECIMAL_DIGITS 10

/** decimal_write() - Return: how many digits it has. */
static inline size_t decimal_write(uint32_t number, char digits[DECIMAL_DIGITS])
{
	size_t length = 0;

	for (uint32_t rest = number; length == 0 || rest > 0; rest /= 10)
		length++;
	for (size_t i = length; i > 0; i--, number /= 10)
		digits[i - 1] = (char)('0' + number % 10);
	return length;
}

#endif
