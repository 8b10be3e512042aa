/* SPDX-License-Identifier: Apache-2.0 */
#include "name.h"

#include <errno.h>
#include <linux/xattr.h>
#include <string.h>

static const char variant_mark[] = "@uid=";
static const char user_store[] = "user.nsxattr.";

/* Canonical decimal only: each number then has exactly one name. */
static bool parse_canonical(const char *text, size_t length, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (length == 0 || length > 10 || (text[0] == '0' && length > 1))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	if (number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

struct name_parts name_split(const char *name, size_t length)
{
	const size_t mark = sizeof(variant_mark) - 1;
	const char *at = memchr(name, '@', length);
	struct name_parts parts = { .form = NAME_PLAIN, .base_length = length };

	if (!at)
		return parts;
	parts.base_length = (size_t)(at - name);
	parts.form = NAME_MALFORMED;
	if (name_has_prefix(at, length - parts.base_length, variant_mark) &&
	    parse_canonical(at + mark, length - parts.base_length - mark, &parts.uid))
		parts.form = NAME_VARIANT;
	return parts;
}

static size_t write_decimal(uint32_t number, char digits[10])
{
	size_t length = 0;

	for (uint32_t rest = number; length == 0 || rest > 0; rest /= 10)
		length++;
	for (size_t i = length; i > 0; i--, number /= 10)
		digits[i - 1] = (char)('0' + number % 10);
	return length;
}

int name_join(const char *base, size_t base_length, uint32_t uid, char ret_name[NAME_SIZE])
{
	const size_t mark = sizeof(variant_mark) - 1;
	char digits[10];
	size_t digit_count = write_decimal(uid, digits);

	if (base_length + mark + digit_count > XATTR_NAME_MAX)
		return -ERANGE;
	memcpy(ret_name, base, base_length);
	memcpy(ret_name + base_length, variant_mark, mark);
	memcpy(ret_name + base_length + mark, digits, digit_count);
	ret_name[base_length + mark + digit_count] = '\0';
	return 0;
}

int name_stored(bool in_user, const char *base, size_t base_length, uint32_t root,
		char ret_name[NAME_SIZE])
{
	size_t prefix = in_user ? sizeof(user_store) - 1 : 0;
	char name[NAME_SIZE];

	if (prefix + base_length > XATTR_NAME_MAX)
		return -ERANGE;
	memcpy(name, user_store, prefix);
	memcpy(name + prefix, base, base_length);
	return name_join(name, prefix + base_length, root, ret_name);
}

size_t name_in_user_store(const char *name, size_t length)
{
	return name_has_prefix(name, length, user_store) ? sizeof(user_store) - 1 : 0;
}

bool name_has_prefix(const char *name, size_t length, const char *prefix)
{
	size_t prefix_length = strlen(prefix);

	return length >= prefix_length && memcmp(name, prefix, prefix_length) == 0;
}

bool name_is_trusted(const char *name, size_t length)
{
	return name_has_prefix(name, length, XATTR_TRUSTED_PREFIX);
}

bool name_is_class(const char *name, size_t length)
{
	return (length == XATTR_SECURITY_PREFIX_LEN &&
		name_has_prefix(name, length, XATTR_SECURITY_PREFIX)) ||
	       (length == XATTR_TRUSTED_PREFIX_LEN && name_is_trusted(name, length));
}
