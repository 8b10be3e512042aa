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

/** struct rewriting - a list, and what is shown of it */
struct rewriting {
	const struct policy *policy;
	const struct subject *subject;
	const char *stored;
	size_t stored_length;
	size_t at; /* where the next name begins */
	struct name_index index; /* of @stored; made when something is looked for in it */
	char *view;
	size_t length; /* of @view */
};

static void show(struct rewriting *list, const char *name, size_t length)
{
	memcpy(list->view + list->length, name, length);
	list->view[list->length + length] = '\0';
	list->length += length + 1;
}

static bool is_stored(struct rewriting *list, const char *name)
{
	if (!list->index.names)
		name_index_make(&list->index, list->stored, list->stored_length);
	return name_index_has(&list->index, name);
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

/* The next name of the list. Return: false at its end. */
static bool next_name(struct rewriting *list, struct listed_name *ret_name)
{
	const char *name = list->stored + list->at;
	size_t length = name_list_length_at(list->stored, list->stored_length, list->at);

	if (length == 0)
		return false;
	struct name_parts parts = name_split(name, length);
	struct stored_name stored = { .base = name, .base_length = parts.base_length };
	bool has_owner = name_split_stored(list->policy->store, name, length, &stored);

	list->at += length + 1;
	*ret_name = (struct listed_name){
		.name = name,
		.length = length,
		.base = stored.base,
		.base_length = stored.base_length,
		.is_plain = !has_owner && parts.form == NAME_PLAIN,
		.has_owner = has_owner,
		.number = stored.number,
	};
	return true;
}

/* The names at which a get of a plain name looks, one after the other. */
struct lookup {
	const struct rewriting *list;
	const struct listed_name *stored; /* whose base it is */
	const struct user_namespace *at;
	bool inherits;
	char candidate[NAME_SIZE];
};

static bool search_begin(struct lookup *search, const struct rule *rule)
{
	const struct subject *subject = search->list->subject;
	uint32_t number;

	search->at = subject->userns;
	search->inherits = rule->inherit == INHERIT_CHAIN;
	search->candidate[0] = '\0';
	/* Without a root, or its number, there is no own variant, and no stored name is empty. */
	if (!subject->userns->has_root ||
	    !naming_number(subject->naming, subject->userns->root, &number))
		return search->inherits;
	return name_join_stored(search->list->policy->store, search->stored->base,
				search->stored->base_length, number, search->candidate) == 0;
}

static bool search_next(struct lookup *search)
{
	return search->inherits &&
	       access_next_ancestor(&search->at, search->list->subject->naming,
				    search->list->policy->store, search->stored->base,
				    search->stored->base_length, search->candidate);
}

static bool is_found(const struct lookup *search)
{
	return strlen(search->candidate) == search->stored->length &&
	       memcmp(search->candidate, search->stored->name, search->stored->length) == 0;
}

static bool will_be_found(struct lookup search)
{
	do {
		if (is_found(&search))
			return true;
	} while (search_next(&search));
	return false;
}

/*
 * Is this the stored name at which a get of the plain base name ends? Only for one at which it could
 * end the list is searched for those that come before.
 */
static bool answers_plain_get(struct rewriting *list, const struct rule *rule,
			      const struct listed_name *stored)
{
	struct lookup search = { .list = list, .stored = stored };

	if (!search_begin(&search, rule) || !will_be_found(search))
		return false;
	while (!is_found(&search))
		if (is_stored(list, search.candidate) || !search_next(&search))
			return false;
	return true;
}

static void show_mapped_variant(struct rewriting *list, const struct listed_name *stored)
{
	char shown[NAME_SIZE];
	uint32_t uid, inside;

	if (!stored->has_owner || !naming_uid(list->subject->naming, stored->number, &uid) ||
	    !id_map_to_inside(&list->subject->userns->uids, uid, &inside) || inside == 0)
		return;
	if (name_join(stored->base, stored->base_length, inside, shown) == 0)
		show(list, shown, strlen(shown));
}

static void show_stored(struct rewriting *list, const struct rule *rule,
			const struct listed_name *stored)
{
	if ((!stored->has_owner && !stored->is_plain) ||
	    name_is_class(stored->base, stored->base_length))
		return;
	if (answers_plain_get(list, rule, stored))
		show(list, stored->base, stored->base_length);
	show_mapped_variant(list, stored);
}

/* What lies below a store shows as a value of a namespace or not at all. */
static bool is_out_of_reach(const struct rewriting *list, const struct listed_name *stored)
{
	return stored->base != stored->name ||
	       access_is_out_of_reach(list->policy, stored->name, stored->length);
}

static void show_one(struct rewriting *list, const struct listed_name *stored)
{
	bool sees_trusted = list->subject->capabilities & (1ULL << CAP_SYS_ADMIN);
	const struct rule *rule = policy_match(list->policy, stored->base, stored->base_length);
	bool is_trusted = name_is_trusted(stored->base, stored->base_length);

	if (!(rule->scheme == SCHEME_SUFFIX && stored->has_owner) && is_out_of_reach(list, stored))
		return;
	switch (rule->scheme) {
	case SCHEME_SUFFIX:
		if (sees_trusted || !is_trusted)
			show_stored(list, rule, stored);
		break;
	case SCHEME_HOST:
		if (stored->is_plain ? sees_trusted || !is_trusted : !is_trusted)
			show(list, stored->name, stored->length);
		break;
	case SCHEME_KERNEL:
	case SCHEME_DENY:
		/* The kernel itself shows trusted.* to the host's CAP_SYS_ADMIN only. */
		if (!is_trusted)
			show(list, stored->name, stored->length);
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
	struct rewriting list = { .policy = policy,
				  .subject = subject,
				  .stored = stored,
				  .stored_length = stored_length,
				  .index.offsets = index,
				  .view = view };
	struct listed_name name;

	while (next_name(&list, &name))
		show_one(&list, &name);
	return list.length;
}

size_t view_list_natively(const struct policy *policy, const char *stored, size_t stored_length,
			  char *view)
{
	struct rewriting list = {
		.policy = policy, .stored = stored, .stored_length = stored_length, .view = view
	};
	struct listed_name name;

	while (next_name(&list, &name))
		if (!scheme_hides(policy_match(policy, name.base, name.base_length)->scheme) &&
		    !is_out_of_reach(&list, &name))
			show(&list, name.name, name.length);
	return list.length;
}

bool view_find_orphan(const struct policy *policy, const struct subject *subject,
		      const char *stored, size_t stored_length, struct stored_name *ret_orphan)
{
	const struct id_map *ids = &access_container(subject->userns)->uids;
	struct rewriting list = { .policy = policy,
				  .subject = subject,
				  .stored = stored,
				  .stored_length = stored_length };
	struct listed_name name;
	bool has_one = false;

	while (next_name(&list, &name)) {
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
