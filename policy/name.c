/* SPDX-License-Identifier: Apache-2.0 */
#include "name.h"

#include <errno.h>
#include <linux/xattr.h>
#include <string.h>

#include "decimal.h"

static const char variant_mark[] = "@uid=";

/* Below which names a store keeps its values. */
static const char *const store_prefixes[STORE_COUNT] = {
	[STORE_SECURITY] = "",
	[STORE_USER] = "user.nsxattr.",
	[STORE_TRUSTED] = "trusted.nsxattr.",
};

/* Canonical decimal only: each number then has exactly one name. */
static bool parse_canonical(const char *text, size_t length, uint32_t *ret_number)
{
	return length > 0 && (length == 1 || text[0] != '0') &&
	       decimal_parse(text, length, ret_number);
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

int name_join(const char *base, size_t base_length, uint32_t uid, char ret_name[NAME_SIZE])
{
	const size_t mark = sizeof(variant_mark) - 1;
	char digits[DECIMAL_DIGITS];
	size_t digit_count = decimal_write(uid, digits);

	if (base_length + mark + digit_count > XATTR_NAME_MAX)
		return -ERANGE;
	memcpy(ret_name, base, base_length);
	memcpy(ret_name + base_length, variant_mark, mark);
	memcpy(ret_name + base_length + mark, digits, digit_count);
	ret_name[base_length + mark + digit_count] = '\0';
	return 0;
}

bool name_is_below_store(enum store store, const char *name, size_t length)
{
	return store_prefixes[store][0] != '\0' &&
	       name_has_prefix(name, length, store_prefixes[store]);
}

/* A name of the container's, of a class in which containers have values. */
static bool is_base(const char *base, size_t length)
{
	return (name_has_prefix(base, length, XATTR_SECURITY_PREFIX) ||
		name_is_trusted(base, length)) &&
	       !name_is_class(base, length) && !memchr(base, '@', length) &&
	       !name_is_below_store(STORE_TRUSTED, base, length);
}

/* PREFIX NUMBER . BASE */
static int join_below(const char *prefix, const char *base, size_t base_length, uint32_t number,
		      char ret_name[NAME_SIZE])
{
	char digits[DECIMAL_DIGITS];
	size_t prefix_length = strlen(prefix), digit_count = decimal_write(number, digits);

	if (prefix_length + digit_count + 1 + base_length > XATTR_NAME_MAX)
		return -ERANGE;
	char *end = mempcpy(mempcpy(ret_name, prefix, prefix_length), digits, digit_count);

	*end++ = '.';
	end = mempcpy(end, base, base_length);
	*end = '\0';
	return 0;
}

static bool split_below(const char *prefix, const char *name, size_t length,
			struct stored_name *ret_parts)
{
	size_t prefix_length = strlen(prefix);
	const char *digits = name + prefix_length, *dot;

	if (!name_has_prefix(name, length, prefix))
		return false;
	dot = memchr(digits, '.', length - prefix_length);
	if (!dot || !parse_canonical(digits, (size_t)(dot - digits), &ret_parts->number))
		return false;
	ret_parts->base = dot + 1;
	ret_parts->base_length = (size_t)(name + length - ret_parts->base);
	return true;
}

static bool split_variant(const char *name, size_t length, struct stored_name *ret_parts)
{
	struct name_parts parts = name_split(name, length);

	*ret_parts = (struct stored_name){ name, parts.base_length, parts.uid };
	return parts.form == NAME_VARIANT;
}

int name_join_stored(enum store store, const char *base, size_t base_length, uint32_t number,
		     char ret_name[NAME_SIZE])
{
	if (!is_base(base, base_length))
		return -EINVAL;
	if (store == STORE_SECURITY)
		return name_join(base, base_length, number, ret_name);
	return join_below(store_prefixes[store], base, base_length, number, ret_name);
}

bool name_split_stored(enum store store, const char *name, size_t length,
		       struct stored_name *ret_stored)
{
	struct stored_name parts;
	bool is_split = store == STORE_SECURITY ?
				split_variant(name, length, &parts) :
				split_below(store_prefixes[store], name, length, &parts);

	if (!is_split || !is_base(parts.base, parts.base_length))
		return false;
	*ret_stored = parts;
	return true;
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
