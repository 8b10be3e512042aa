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

#include "name_list.h"
#include "naming.h"
#include "policy.h"

/* Its index is made when something is looked for in it. */
struct list {
	const char *names;
	size_t length;
	struct name_index index;
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

static bool is_stored(struct list *stored, const char *name)
{
	if (!stored->index.names)
		name_index_make(&stored->index, stored->names, stored->length);
	return name_index_has(&stored->index, name);
}

/* A name on the inode, taken apart. The base is where the policy's rules look. */
struct stored_name {
	const char *name;
	size_t length;
	const char *base;
	struct name_parts parts; /* of what begins at @base */
};

static struct stored_name take_apart(const struct policy *policy, const char *name, size_t length)
{
	size_t prefix = policy->store == STORE_USER ? name_in_user_store(name, length) : 0;

	return (struct stored_name){
		.name = name,
		.length = length,
		.base = name + prefix,
		.parts = name_split(name + prefix, length - prefix),
	};
}

/* The names at which a get of a plain name looks, one after the other. */
struct search {
	const struct user_namespace *at;
	const struct naming *naming;
	bool in_user;
	bool inherits;
	char candidate[NAME_SIZE];
};

static bool search_begin(struct search *search, const struct policy *policy,
			 const struct subject *subject, const struct rule *rule,
			 const struct stored_name *stored)
{
	uint32_t number;

	search->at = subject->userns;
	search->naming = subject->naming;
	search->in_user = policy->store == STORE_USER;
	search->inherits = rule->inherit == INHERIT_CHAIN;
	search->candidate[0] = '\0';
	if (!subject->userns->has_root)
		return false;
	/* Without a number there is no own variant, and no stored name is empty. */
	if (!naming_number(subject->naming, subject->userns->root, &number))
		return search->inherits;
	return name_stored(search->in_user, stored->base, stored->parts.base_length, number,
			   search->candidate) == 0;
}

static bool search_next(struct search *search, const struct stored_name *stored)
{
	return search->inherits &&
	       access_next_ancestor(&search->at, search->naming, search->in_user, stored->base,
				    stored->parts.base_length, search->candidate);
}

static bool is_name(const struct stored_name *stored, const char *name)
{
	return strlen(name) == stored->length && memcmp(name, stored->name, stored->length) == 0;
}

static bool is_candidate(struct search search, const struct stored_name *stored)
{
	do {
		if (is_name(stored, search.candidate))
			return true;
	} while (search_next(&search, stored));
	return false;
}

/*
 * Is this the stored name at which a get of the plain base name ends? Only for one at which it could
 * end the list is searched for those that come before.
 */
static bool answers_plain_get(const struct policy *policy, struct list *list,
			      const struct subject *subject, const struct rule *rule,
			      const struct stored_name *stored)
{
	struct search search;

	if (!search_begin(&search, policy, subject, rule, stored) || !is_candidate(search, stored))
		return false;
	while (!is_name(stored, search.candidate)) {
		if (is_stored(list, search.candidate) || !search_next(&search, stored))
			return false;
	}
	return true;
}

static void show_mapped_variant(struct view *view, const struct policy *policy,
				const struct subject *subject, const struct stored_name *stored)
{
	bool in_its_store = (stored->base != stored->name) == (policy->store == STORE_USER);
	const struct name_parts *parts = &stored->parts;
	char shown[NAME_SIZE];
	uint32_t uid, inside;

	if (!in_its_store || parts->form != NAME_VARIANT ||
	    !naming_uid(subject->naming, parts->uid, &uid) ||
	    !id_map_to_inside(&subject->userns->uids, uid, &inside) || inside == 0)
		return;
	if (name_join(stored->base, parts->base_length, inside, shown) == 0)
		show(view, shown, strlen(shown));
}

static void show_stored(struct view *view, const struct policy *policy, struct list *list,
			const struct subject *subject, const struct rule *rule,
			const struct stored_name *stored)
{
	if (stored->parts.form == NAME_MALFORMED ||
	    name_is_class(stored->base, stored->parts.base_length))
		return;
	if (answers_plain_get(policy, list, subject, rule, stored))
		show(view, stored->base, stored->parts.base_length);
	show_mapped_variant(view, policy, subject, stored);
}

/* What lies in the user store shows as a variant or not at all. */
static void show_natively(struct view *view, const struct stored_name *stored)
{
	if (stored->base == stored->name)
		show(view, stored->name, stored->length);
}

static void show_one(struct view *view, const struct policy *policy, struct list *list,
		     const struct subject *subject, const struct stored_name *stored)
{
	bool sees_trusted = subject->capabilities & (1ULL << CAP_SYS_ADMIN);
	const struct rule *rule = policy_match(policy, stored->base, stored->parts.base_length);
	bool is_trusted = name_is_trusted(stored->base, stored->parts.base_length);

	switch (rule->scheme) {
	case SCHEME_SUFFIX:
		if (sees_trusted || !is_trusted)
			show_stored(view, policy, list, subject, rule, stored);
		break;
	case SCHEME_HOST:
		if (stored->parts.form == NAME_PLAIN ? sees_trusted || !is_trusted : !is_trusted)
			show_natively(view, stored);
		break;
	case SCHEME_KERNEL:
	case SCHEME_DENY:
		/* The kernel itself shows trusted.* to the host's CAP_SYS_ADMIN only. */
		if (!is_trusted)
			show_natively(view, stored);
		break;
	case SCHEME_HIDE:
	default:
		break;
	}
}

size_t view_list(const struct policy *policy, const struct subject *subject, const char *stored,
		 size_t stored_length, uint32_t *index, char *view)
{
	struct list list = {
		.names = stored,
		.length = stored_length,
		.index.offsets = index,
	};
	struct view shown = { .names = view };
	size_t length;

	for (size_t at = 0; (length = name_list_length_at(stored, stored_length, at)) > 0;
	     at += length + 1) {
		struct stored_name name = take_apart(policy, stored + at, length);

		show_one(&shown, policy, &list, subject, &name);
	}
	return shown.length;
}
