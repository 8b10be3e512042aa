/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list must be exactly what gets would find, in the order of the inode, and nothing twice: the
 * expected list is made of gets, which know nothing of lists. tests/lib/fuzz.h has the format of the
 * input; its names are those that lie on the inode.
 */
#include "view.h"

#include "fuzz.h"

#define NAMES_SIZE 4096

struct names {
	char bytes[VIEW_SIZE(NAMES_SIZE)];
	size_t length;
};

static void append(struct names *names, const char *name)
{
	size_t size = strlen(name) + 1;

	require(names->length + size <= sizeof(names->bytes));
	memcpy(names->bytes + names->length, name, size);
	names->length += size;
}

/* An inode has no name twice. */
static void read_inode(struct cursor text, struct names *ret_names)
{
	char name[NAME_SIZE];

	ret_names->length = 0;
	while (next_name(&text, name)) {
		struct simulated_inode so_far = { ret_names->bytes, ret_names->length };

		if (ret_names->length + NAME_SIZE <= NAMES_SIZE &&
		    simulated_find(&so_far, name) < 0)
			append(ret_names, name);
	}
}

/* Append a name if a get of it ends at the stored name that lies at @at. */
static void append_if_got(const struct scenario *scenario, const struct simulated_inode *inode,
			  size_t at, const char *name, struct names *expected)
{
	if (strlen(name) <= XATTR_NAME_MAX &&
	    simulated_get(scenario->policy, &scenario->subject, inode, name) == (long)at)
		append(expected, name);
}

/*
 * The names under which a stored one may be got: the plain one; the variant with the number that its
 * root has inside, but that B@uid=0 gets what B gets, which is how it is listed; and the literal one,
 * if it is another.
 */
static void append_gettable(const struct scenario *scenario, const struct simulated_inode *inode,
			    size_t at, struct names *expected)
{
	const char *stored = inode->names + at;
	size_t length = strlen(stored);
	struct stored_name parts = { stored, name_split(stored, length).base_length, 0 };
	char plain[NAME_SIZE], variant[NAME_SIZE + 32] = "";
	uint32_t uid, inside = 0;

	if (name_split_stored(scenario->policy->store, stored, length, &parts) &&
	    naming_uid(&scenario->naming, parts.number, &uid))
		(void)id_map_to_inside(&scenario->subject.userns->uids, uid, &inside);
	snprintf(plain, sizeof(plain), "%.*s", (int)parts.base_length, parts.base);
	append_if_got(scenario, inode, at, plain, expected);
	if (inside > 0) {
		snprintf(variant, sizeof(variant), "%s@uid=%u", plain, inside);
		append_if_got(scenario, inode, at, variant, expected);
	}
	struct name_parts literal = name_split(stored, length);

	/* An alias of the plain one. */
	if (literal.form == NAME_VARIANT && literal.uid == 0 &&
	    policy_match(scenario->policy, plain, strlen(plain))->scheme == SCHEME_SUFFIX)
		return;
	if (strcmp(stored, plain) != 0 && strcmp(stored, variant) != 0)
		append_if_got(scenario, inode, at, stored, expected);
}

static void require_no_name_twice(const struct simulated_inode *view)
{
	for (size_t at = 0; at < view->length; at += strlen(view->names + at) + 1)
		require(simulated_find(view, view->names + at) == (long)at);
}

static void *bytes_new(size_t length)
{
	void *bytes = malloc(length > 0 ? length : 1);

	require(bytes);
	return bytes;
}

/* Between buffers of the sizes that are promised, so that a sanitizer sees a step beyond them. */
static void list(const struct scenario *scenario, const struct names *stored,
		 struct names *ret_view)
{
	char *from = bytes_new(stored->length), *to = bytes_new(VIEW_SIZE(stored->length));
	uint32_t *index = bytes_new(NAME_LIST_COUNT_MAX(stored->length) * sizeof(*index));

	memcpy(from, stored->bytes, stored->length);
	ret_view->length =
		view_list(scenario->policy, &scenario->subject, from, stored->length, index, to);
	require(ret_view->length <= VIEW_SIZE(stored->length));
	memcpy(ret_view->bytes, to, ret_view->length);
	free(from);
	free(index);
	free(to);
}

/* Each name is in its place, and in the place that sorting gives it. */
static void require_sorted(const struct names *view)
{
	static struct names sorted;
	static uint32_t offsets[NAME_LIST_COUNT_MAX(sizeof(sorted.bytes))];
	const struct simulated_inode shown = { view->bytes, view->length };
	const char *before = NULL;

	sorted.length =
		name_list_sort(view->bytes, view->length, NAME_LIST_RISING, offsets, sorted.bytes);
	require(sorted.length == view->length);
	for (size_t at = 0; at < sorted.length; at += strlen(sorted.bytes + at) + 1) {
		const char *name = sorted.bytes + at;

		require(simulated_find(&shown, name) >= 0);
		if (before && !name_has_prefix(before, strlen(before), "system."))
			require(strcmp(before, name) < 0);
		before = name;
	}
}

static void require_view(const struct scenario *scenario, const struct names *stored)
{
	static struct names expected, view;
	const struct simulated_inode inode = { stored->bytes, stored->length };

	expected.length = 0;
	for (size_t at = 0; at < inode.length; at += strlen(inode.names + at) + 1)
		append_gettable(scenario, &inode, at, &expected);
	list(scenario, stored, &view);
	const struct simulated_inode shown = { view.bytes, view.length };

	require(view.length == expected.length);
	require(memcmp(view.bytes, expected.bytes, view.length) == 0);
	require_no_name_twice(&shown);
	require_sorted(&view);
}

/* A last name whose NUL is missing is as good as not there. */
static void require_view_without_the_last_nul(const struct scenario *scenario, struct names *stored)
{
	static struct names cut, without;

	stored->length--;
	list(scenario, stored, &cut);
	while (stored->length > 0 && stored->bytes[stored->length - 1] != '\0')
		stored->length--;
	list(scenario, stored, &without);
	require(cut.length == without.length);
	require(memcmp(cut.bytes, without.bytes, cut.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scenario scenario;
	static struct names stored;

	if (!read_scenario(data, size, &scenario) || !access_is_virtual(&scenario.subject))
		return 0;
	read_inode(scenario.names, &stored);
	require_view(&scenario, &stored);
	if (stored.length > 0)
		require_view_without_the_last_nul(&scenario, &stored);
	return 0;
}
