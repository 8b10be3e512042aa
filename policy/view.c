/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each stored name is looked at once, in order. A name of the suffix scheme can show
 *
 *   - under its plain name, when it is the value that a get of the plain name finds: the own
 *     variant, or else that of the nearest ancestor that has one;
 *   - as BASE@uid=NUMBER, when its root is mapped in the subject's namespace but is not its root.
 *
 * Everything else is foreign and is dropped.
 */
#include "view.h"

#include <linux/capability.h>
#include <string.h>

#include "policy.h"

struct list {
	const char *names;
	size_t length;
};

struct view {
	char *names;
	size_t length;
};

static void show(struct view *view, const char *name, size_t length)
{
	memcpy(view->names + view->length, name, length);
	view->names[view->length + length] = '\0';
	view->length += length + 1;
}

/* The bytes of the name at an offset; 0 at the end of the list. */
static size_t name_length_at(const struct list *list, size_t offset)
{
	size_t rest = list->length - offset;
	size_t length = strnlen(list->names + offset, rest);

	return length < rest ? length : 0;
}

static bool is_stored(const struct list *stored, const char *name)
{
	size_t wanted = strlen(name), length;

	for (size_t at = 0; (length = name_length_at(stored, at)) > 0; at += length + 1)
		if (length == wanted && memcmp(stored->names + at, name, length) == 0)
			return true;
	return false;
}

/* Is this the stored name at which a get of the plain @base ends? */
static bool answers_plain_get(const struct list *stored, const struct user_namespace *userns,
			      const struct rule *rule, const char *name, size_t length,
			      size_t base_length)
{
	const struct user_namespace *ancestor = userns;
	char candidate[NAME_SIZE];

	if (!userns->has_root)
		return false;
	if (name_join(name, base_length, userns->root, candidate) < 0)
		return false;
	do {
		if (strlen(candidate) == length && memcmp(candidate, name, length) == 0)
			return true;
		if (rule->inherit != INHERIT_CHAIN || is_stored(stored, candidate))
			return false;
	} while (access_next_ancestor(&ancestor, name, base_length, candidate));
	return false;
}

static void show_mapped_variant(struct view *view, const struct user_namespace *userns,
				const char *name, const struct name_parts *parts)
{
	char shown[NAME_SIZE];
	uint32_t inside;

	if (parts->form != NAME_VARIANT || parts->uid == 0 ||
	    !id_map_to_inside(&userns->uids, parts->uid, &inside) || inside == 0)
		return;
	if (name_join(name, parts->base_length, inside, shown) == 0)
		show(view, shown, strlen(shown));
}

static void show_stored(struct view *view, const struct list *stored, const struct subject *subject,
			const struct rule *rule, const char *name, size_t length)
{
	struct name_parts parts = name_split(name, length);

	if (parts.form == NAME_MALFORMED)
		return;
	if (answers_plain_get(stored, subject->userns, rule, name, length, parts.base_length))
		show(view, name, parts.base_length);
	show_mapped_variant(view, subject->userns, name, &parts);
}

size_t view_list(const struct policy *policy, const struct subject *subject, const char *stored,
		 size_t stored_length, char *view)
{
	const struct list list = { .names = stored, .length = stored_length };
	bool sees_trusted = subject->capabilities & (1ULL << CAP_SYS_ADMIN);
	struct view shown = { .names = view };
	size_t length;

	for (size_t at = 0; (length = name_length_at(&list, at)) > 0; at += length + 1) {
		const char *name = stored + at;
		size_t base_length = name_split(name, length).base_length;
		const struct rule *rule = policy_match(policy, name, base_length);
		bool is_trusted = name_is_trusted(name, length);

		if (rule->scheme == SCHEME_SUFFIX && (sees_trusted || !is_trusted))
			show_stored(&shown, &list, subject, rule, name, length);
		/* The kernel itself shows trusted.* to the host's CAP_SYS_ADMIN only. */
		if (rule->scheme == SCHEME_KERNEL && !is_trusted)
			show(&shown, name, length);
	}
	return shown.length;
}
