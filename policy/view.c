/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each stored name is looked at once, in order. A name of the suffix scheme can show
 *
 *   - under its plain name, when it is the value that a get of the plain name finds: the own
 *     variant, or else that of the nearest ancestor that has one;
 *   - as BASE@uid=NUMBER, when its owner is mapped in the subject's namespace but is not its root.
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
	size_t at; /* where the next name begins */
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
struct listed_name {
	const char *name;
	size_t length;
	const char *base;
	size_t base_length;
	bool is_plain; /* nothing but the base */
	bool has_owner; /* a value of a namespace, in the policy's store */
	uint32_t number; /* of the owner, if so */
};

static struct listed_name take_apart(const struct policy *policy, const char *name, size_t length)
{
	struct name_parts parts = name_split(name, length);
	struct stored_name stored = { .base = name, .base_length = parts.base_length };
	bool has_owner = name_split_stored(policy->store, name, length, &stored);

	return (struct listed_name){
		.name = name,
		.length = length,
		.base = stored.base,
		.base_length = stored.base_length,
		.is_plain = !has_owner && parts.form == NAME_PLAIN,
		.has_owner = has_owner,
		.number = stored.number,
	};
}

/* The next name of the list. Return: false at its end. */
static bool next_name(const struct policy *policy, struct list *list, struct listed_name *ret_name)
{
	const char *name = list->names + list->at;
	size_t length = name_list_length_at(list->names, list->length, list->at);

	if (length == 0)
		return false;
	list->at += length + 1;
	*ret_name = take_apart(policy, name, length);
	return true;
}

/* The names at which a get of a plain name looks, one after the other. */
struct lookup {
	const struct user_namespace *at;
	const struct naming *naming;
	enum store store;
	bool inherits;
	char candidate[NAME_SIZE];
};

static bool search_begin(struct lookup *search, const struct policy *policy,
			 const struct subject *subject, const struct rule *rule,
			 const struct listed_name *stored)
{
	uint32_t number;

	search->at = subject->userns;
	search->naming = subject->naming;
	search->store = policy->store;
	search->inherits = rule->inherit == INHERIT_CHAIN;
	search->candidate[0] = '\0';
	/* Without a root, or its number, there is no own variant, and no stored name is empty. */
	if (!subject->userns->has_root ||
	    !naming_number(subject->naming, subject->userns->root, &number))
		return search->inherits;
	return name_join_stored(search->store, stored->base, stored->base_length, number,
				search->candidate) == 0;
}

static bool search_next(struct lookup *search, const struct listed_name *stored)
{
	return search->inherits &&
	       access_next_ancestor(&search->at, search->naming, search->store, stored->base,
				    stored->base_length, search->candidate);
}

static bool is_name(const struct listed_name *stored, const char *name)
{
	return strlen(name) == stored->length && memcmp(name, stored->name, stored->length) == 0;
}

static bool is_candidate(struct lookup search, const struct listed_name *stored)
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
			      const struct listed_name *stored)
{
	struct lookup search;

	if (!search_begin(&search, policy, subject, rule, stored) || !is_candidate(search, stored))
		return false;
	while (!is_name(stored, search.candidate)) {
		if (is_stored(list, search.candidate) || !search_next(&search, stored))
			return false;
	}
	return true;
}

static void show_mapped_variant(struct view *view, const struct subject *subject,
				const struct listed_name *stored)
{
	char shown[NAME_SIZE];
	uint32_t uid, inside;

	if (!stored->has_owner || !naming_uid(subject->naming, stored->number, &uid) ||
	    !id_map_to_inside(&subject->userns->uids, uid, &inside) || inside == 0)
		return;
	if (name_join(stored->base, stored->base_length, inside, shown) == 0)
		show(view, shown, strlen(shown));
}

static void show_stored(struct view *view, const struct policy *policy, struct list *list,
			const struct subject *subject, const struct rule *rule,
			const struct listed_name *stored)
{
	if ((!stored->has_owner && !stored->is_plain) ||
	    name_is_class(stored->base, stored->base_length))
		return;
	if (answers_plain_get(policy, list, subject, rule, stored))
		show(view, stored->base, stored->base_length);
	show_mapped_variant(view, subject, stored);
}

/* What lies below a store shows as a value of a namespace or not at all. */
static bool is_out_of_reach(const struct policy *policy, const struct rule *rule,
			    const struct listed_name *stored)
{
	if (rule->scheme == SCHEME_SUFFIX && stored->has_owner)
		return false;
	return stored->base != stored->name ||
	       access_is_out_of_reach(policy, stored->name, stored->length);
}

static void show_one(struct view *view, const struct policy *policy, struct list *list,
		     const struct subject *subject, const struct listed_name *stored)
{
	bool sees_trusted = subject->capabilities & (1ULL << CAP_SYS_ADMIN);
	const struct rule *rule = policy_match(policy, stored->base, stored->base_length);
	bool is_trusted = name_is_trusted(stored->base, stored->base_length);

	if (is_out_of_reach(policy, rule, stored))
		return;
	switch (rule->scheme) {
	case SCHEME_SUFFIX:
		if (sees_trusted || !is_trusted)
			show_stored(view, policy, list, subject, rule, stored);
		break;
	case SCHEME_HOST:
		if (stored->is_plain ? sees_trusted || !is_trusted : !is_trusted)
			show(view, stored->name, stored->length);
		break;
	case SCHEME_KERNEL:
	case SCHEME_DENY:
		/* The kernel itself shows trusted.* to the host's CAP_SYS_ADMIN only. */
		if (!is_trusted)
			show(view, stored->name, stored->length);
		break;
	case SCHEME_HIDE:
	case SCHEME_UNSUPPORTED:
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
	struct listed_name name;

	while (next_name(policy, &list, &name))
		show_one(&shown, policy, &list, subject, &name);
	return shown.length;
}

size_t view_list_natively(const struct policy *policy, const char *stored, size_t stored_length,
			  char *view)
{
	struct list list = { .names = stored, .length = stored_length };
	struct view shown = { .names = view };
	struct listed_name name;

	while (next_name(policy, &list, &name))
		if (!scheme_hides(policy_match(policy, name.base, name.base_length)->scheme) &&
		    name.base == name.name &&
		    !access_is_out_of_reach(policy, name.name, name.length))
			show(&shown, name.name, name.length);
	return shown.length;
}

bool view_find_orphan(const struct policy *policy, const struct subject *subject,
		      const char *stored, size_t stored_length, struct stored_name *ret_orphan)
{
	const struct id_map *ids = &access_container(subject->userns)->uids;
	struct list list = { .names = stored, .length = stored_length };
	struct listed_name name;
	bool has_one = false;

	while (next_name(policy, &list, &name)) {
		if (!name.has_owner ||
		    policy_match(policy, name.base, name.base_length)->scheme != SCHEME_SUFFIX)
			continue;
		/* Where the container has values, those of others are others'. */
		if (naming_covers(subject->naming, ids, name.number))
			return false;
		if (!has_one || name.number < ret_orphan->number)
			*ret_orphan =
				(struct stored_name){ name.base, name.base_length, name.number };
		has_one = true;
	}
	return has_one;
}
