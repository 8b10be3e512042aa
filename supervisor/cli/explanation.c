/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explanation.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/outer.h"
#include "count_of.h"
#include "policy.h"
#include "view.h"
#include "yaml/spelling.h"

#define ALL_CAPABILITIES UINT64_MAX

const char *const explanation_operations[] = {
	[OPERATION_SET] = "set",
	[OPERATION_GET] = "get",
	[OPERATION_LIST] = "list",
	[OPERATION_REMOVE] = "remove",
	NULL,
};

static void add_name(struct explanation *explanation, const char *name)
{
	for (size_t i = 0; i < explanation->name_count; i++)
		if (strcmp(explanation->names[i], name) == 0)
			return;
	if (explanation->name_count < EXPLANATION_NAMES_MAX)
		memcpy(explanation->names[explanation->name_count++], name, strlen(name) + 1);
}

static void add_need(struct explanation *explanation, const char *text, const char *word, int error)
{
	if (explanation->need_count < EXPLANATION_NEEDS_MAX)
		explanation->needs[explanation->need_count++] =
			(struct explanation_need){ text, word, error };
}

/* ---- where the value is ---- */

/* The names that a get goes through until it finds one. */
static void collect_names(struct explanation *explanation)
{
	const struct decision *decision = &explanation->decision;
	const struct user_namespace *ancestor = explanation->userns;
	char name[NAME_SIZE];

	if (decision->route != ROUTE_STORED && decision->route != ROUTE_HOST)
		return;
	add_name(explanation, decision->name);
	while (decision->inherits &&
	       access_next_ancestor(&ancestor, &explanation->naming, decision->store,
				    decision->base, decision->base_length, name))
		add_name(explanation, name);
}

/* Is the name listed, where the inode has nothing but @stored? */
static bool is_listed(const struct explanation *explanation, const char *stored,
		      uint64_t capabilities)
{
	struct subject subject = { explanation->userns, capabilities, &explanation->naming };
	char view[VIEW_SIZE(NAME_SIZE)];
	uint32_t index[NAME_LIST_COUNT_MAX(NAME_SIZE)];
	size_t length =
		view_list(explanation->policy, &subject, stored, strlen(stored) + 1, index, view);

	for (size_t at = 0; at < length; at += strlen(view + at) + 1)
		if (strcmp(view + at, explanation->name) == 0)
			return true;
	return false;
}

static void keep_listed(struct explanation *explanation)
{
	size_t kept = 0;

	for (size_t i = 0; i < explanation->name_count; i++) {
		if (!is_listed(explanation, explanation->names[i], ALL_CAPABILITIES))
			continue;
		if (kept != i)
			memcpy(explanation->names[kept], explanation->names[i], NAME_SIZE);
		kept++;
	}
	explanation->name_count = kept;
}

static void fill_list(struct explanation *explanation)
{
	add_name(explanation, explanation->name);
	keep_listed(explanation);
	if (explanation->name_count > 0 &&
	    !is_listed(explanation, explanation->names[0], ~(1ULL << CAP_SYS_ADMIN)))
		add_need(explanation, "CAP_SYS_ADMIN in the namespace", "CAP_SYS_ADMIN", 0);
}

/* ---- what it needs ---- */

static int check(const struct explanation *explanation, uint64_t capabilities,
		 const struct object *object)
{
	struct subject subject = { .userns = explanation->userns, .capabilities = capabilities };

	return access_check(&subject, object, explanation->operation, &explanation->decision).error;
}

/* Return: an id of the host that the map does not have, if there is any. */
static bool find_unmapped(const struct id_map *map, uint32_t *ret_id)
{
	uint32_t candidate = 0, inside;

	for (unsigned int i = 0; i <= map->count; i++) {
		if (!id_map_to_inside(map, candidate, &inside)) {
			*ret_id = candidate;
			return true;
		}
		if (i < map->count)
			candidate = map->extents[i].host + map->extents[i].count;
	}
	return false;
}

static void fill_needs(struct explanation *explanation)
{
	const struct user_namespace *userns = explanation->userns;
	struct object mapped = { userns->uids.extents[0].host, userns->gids.extents[0].host };
	struct object foreign = mapped;
	int error = check(explanation, ~(1ULL << CAP_SYS_ADMIN), &mapped);

	if (error)
		add_need(explanation, "CAP_SYS_ADMIN in the namespace", "CAP_SYS_ADMIN", error);
	error = check(explanation, ~(1ULL << CAP_SETFCAP), &mapped);
	if (error)
		add_need(explanation, "CAP_SETFCAP in the namespace", "CAP_SETFCAP", error);
	if (!find_unmapped(&userns->uids, &foreign.uid))
		return;
	error = check(explanation, ALL_CAPABILITIES, &foreign);
	if (error)
		add_need(explanation, "an inode whose owner and group are mapped in the namespace",
			 "mapped-owner", error);
}

/* ---- what decides ---- */

static const char *find_cause(const struct explanation *explanation)
{
	struct subject subject = { .userns = explanation->userns };

	if (!access_is_virtual(&subject))
		return "root of the namespace is the host's root: all is left to the kernel";
	if (access_is_out_of_reach(explanation->policy, explanation->name,
				   strlen(explanation->name)))
		return "the store: nothing inside reaches the names that it keeps its values in";
	return NULL;
}

/*
 * The classes of xattr(7), and those that only some file systems have. What is not known is left to the kernel, which
 * has no place for it: most often it is a letter too few.
 */
static void suggest_name(struct explanation *explanation)
{
	static const char *const classes[] = { "security", "trusted", "user", "system" };
	static const char *const others[] = { "btrfs", "gnu",  "os2", "osx", "afs", "ceph",
					      "cifs",  "smb3", "mac", "com", "org", NULL };
	size_t length = strcspn(explanation->name, ".");
	char class[NAME_SIZE];
	struct spelling spelling = { .word = class };

	snprintf(class, sizeof(class), "%.*s", (int)length, explanation->name);
	for (size_t i = 0; others[i]; i++)
		if (strcmp(class, others[i]) == 0)
			return;
	for (size_t i = 0; i < COUNT_OF(classes); i++)
		spelling_offer(&spelling, classes[i]);
	if (spelling.nearest && strcmp(spelling.nearest, class) != 0)
		snprintf(explanation->suggestion, sizeof(explanation->suggestion), "%s%s",
			 spelling.nearest, explanation->name + length);
}

void explanation_fill(struct explanation *explanation)
{
	struct explanation *e = explanation;
	struct subject subject = { .userns = e->userns, .naming = &e->naming };
	/* A list shows what a get would find. */
	enum operation decided = e->operation == OPERATION_LIST ? OPERATION_GET : e->operation;

	e->naming = access_naming(e->policy, e->userns);
	e->naming.mount = e->mount;
	e->naming.outer = e->outer && !e->outer->is_host ? &e->outer->uids : NULL;
	e->naming.is_rootless = e->outer && !e->outer->has_host_root;
	suggest_name(e);
	access_decide(e->policy, &subject, decided, e->name, &e->decision);
	access_locate(&subject, decided, &e->decision);
	e->cause = find_cause(e);
	if (e->operation == OPERATION_GET || e->operation == OPERATION_LIST)
		collect_names(e);
	if (!access_is_virtual(&subject))
		return;
	if (e->operation == OPERATION_LIST)
		fill_list(e);
	else if (e->decision.route == ROUTE_STORED || e->decision.route == ROUTE_HOST)
		fill_needs(e);
}
