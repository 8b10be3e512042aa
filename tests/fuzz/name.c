/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a name. It comes apart in exactly one way, and what comes apart as a variant is what
 * is joined from its parts, byte for byte.
 */
#include "name.h"

#include "fuzz.h"

/* With the printf(3) of libc as another pair of eyes: is @text the decimal of some uid? */
static bool is_canonical(const char *text, size_t length, uint32_t *ret_uid)
{
	char copy[16], printed[16];

	if (length == 0 || length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	unsigned long long number = strtoull(copy, NULL, 10);

	snprintf(printed, sizeof(printed), "%u", (unsigned int)number);
	*ret_uid = (uint32_t)number;
	return number <= UINT32_MAX && strlen(copy) == length && strcmp(copy, printed) == 0;
}

static void require_form(const char *name, size_t length, const struct name_parts *parts)
{
	const char *rest = name + parts->base_length;
	size_t rest_length = length - parts->base_length;
	uint32_t uid = 0;

	require(parts->base_length <= length);
	require(!memchr(name, '@', parts->base_length));
	if (rest_length == 0) {
		require(parts->form == NAME_PLAIN);
		return;
	}
	require(*rest == '@');
	bool is_variant = rest_length > 5 && memcmp(rest, "@uid=", 5) == 0 &&
			  is_canonical(rest + 5, rest_length - 5, &uid);

	require(parts->form == (is_variant ? NAME_VARIANT : NAME_MALFORMED));
	require(!is_variant || parts->uid == uid);
}

static void require_joined_again(const char *name, size_t length, const struct name_parts *parts)
{
	char joined[NAME_SIZE];
	int r = name_join(name, parts->base_length, parts->uid, joined);

	require(r == (length > XATTR_NAME_MAX ? -ERANGE : 0));
	require(r < 0 ||
		(strlen(joined) == strnlen(name, length) && memcmp(joined, name, length) == 0));
}

/* Join the base and some number, and split it. */
static void require_split_again(const char *name, size_t base_length, uint32_t uid)
{
	char joined[NAME_SIZE] = "untouched", digits[16];
	size_t expected =
		base_length + strlen("@uid=") + (size_t)snprintf(digits, sizeof(digits), "%u", uid);
	int r = name_join(name, base_length, uid, joined);

	require(r == (expected > XATTR_NAME_MAX ? -ERANGE : 0));
	if (r < 0) {
		require(strcmp(joined, "untouched") == 0);
		return;
	}
	require(joined[expected] == '\0');
	require(memcmp(joined, name, base_length) == 0);
	struct name_parts parts = name_split(joined, expected);

	require(parts.form == NAME_VARIANT);
	require(parts.base_length == base_length && parts.uid == uid);
}

static bool begins_with(const char *name, size_t length, const char *prefix)
{
	return length >= strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0;
}

/* What is no name of a value in any store, and otherwise is made of its parts, byte for byte. */
static void require_stored_again(enum store store, const char *name, size_t length)
{
	struct stored_name stored;
	char joined[NAME_SIZE];

	if (!name_split_stored(store, name, length, &stored))
		return;
	require(stored.base >= name && stored.base + stored.base_length <= name + length);
	require(begins_with(stored.base, stored.base_length, "security.") ||
		begins_with(stored.base, stored.base_length, "trusted."));
	require(!memchr(stored.base, '@', stored.base_length));
	int r = name_join_stored(store, stored.base, stored.base_length, stored.number, joined);

	require(r == (length > XATTR_NAME_MAX ? -ERANGE : 0));
	require(r < 0 || memcmp(joined, name, length) == 0);
	for (enum store other = 0; other < STORE_COUNT; other++)
		require(other == store || !name_split_stored(other, name, length, &stored));
}

/* Store the name and take that apart. */
static void require_split_stored_again(enum store store, const char *base, size_t length,
				       uint32_t number)
{
	struct stored_name stored;
	char joined[NAME_SIZE];

	if (memchr(base, '\0', length) || name_join_stored(store, base, length, number, joined) < 0)
		return;
	require(name_split_stored(store, joined, strlen(joined), &stored));
	require(stored.number == number && stored.base_length == length);
	require(memcmp(stored.base, base, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *name = (const char *)data;
	struct name_parts parts = name_split(name, size);
	uint32_t uid = 0;

	require_form(name, size, &parts);
	if (parts.form == NAME_VARIANT && !memchr(name, '\0', size))
		require_joined_again(name, size, &parts);
	/* some number, another for each name */
	for (size_t i = 0; i < size; i++)
		uid = uid * 31 + data[i];
	for (unsigned int shift = 0; shift < 32; shift += 5) {
		require_split_again(name, parts.base_length, uid >> shift);
		for (enum store store = 0; store < STORE_COUNT; store++)
			require_split_stored_again(store, name, parts.base_length, uid >> shift);
	}
	for (enum store store = 0; store < STORE_COUNT; store++)
		require_stored_again(store, name, size);
	require(name_is_trusted(name, size) == begins_with(name, size, "trusted."));
	require(name_is_class(name, size) == ((size == 8 && begins_with(name, size, "trusted.")) ||
					      (size == 9 && begins_with(name, size, "security."))));
	return 0;
}
