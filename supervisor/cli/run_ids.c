/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_ids.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "attach/free_ids.h"
#include "attach/idmap_arg.h"
#include "attach/run.h"
#include "attach/subid.h"
#include "base/log.h"
#include "base/outer.h"
#include "base/sandbox.h"
#include "cli/run_request.h"

/* One of the two sorts of ids: words for messages, and who we are. */
struct id_sort {
	const char *noun;
	const char *file;
	const char *option;
	bool is_asked_for; /* the range that is set aside */
	bool is_inside; /* we are in a user namespace ourselves */
	uint32_t self;
	const struct id_map *ours; /* the ids that there are where we are */
};

/** log_no_range() - what was looked for, where, and what helps */
static void log_no_range(const struct id_sort *sort, const char *name)
{
	char command[FREE_IDS_COMMAND_SIZE];
	uint32_t first;

	if (!sort->is_asked_for)
		log_error("%s is missing, and for its default there is no range for %s in %s",
			  sort->option, name, sort->file);
	else if (sort->is_inside)
		log_error(
			"there is no range of %s ids for %s in %s, and this user namespace has no ids "
			"but its own; without an option your own is mapped",
			sort->noun, name, sort->file);
	else if (!free_ids_command(name, &first, command))
		log_error("there is no range of %s ids for %s in %s, and none is free", sort->noun,
			  name, sort->file);
	else
		log_error(
			"there is no range of %s ids for %s in %s; let root set a free one aside: "
			"'%s'",
			sort->noun, name, sort->file, command);
}

/** find_range() - the range that is set aside for the current user. Return: whether it was found. */
static bool find_range(const struct id_sort *sort, struct id_extent *ret_extent)
{
	const struct passwd *user = getpwuid(geteuid());
	unsigned int line = 0;
	int r = subid_find(sort->file, user ? user->pw_name : NULL, geteuid(), ret_extent, &line);

	if (r == SUBID_FOUND)
		return true;
	if (r == SUBID_NONE)
		log_no_range(sort, user ? user->pw_name : "the current user");
	else if (r == SUBID_MALFORMED)
		log_error("%s:%u: is not of the form USER:FIRST:COUNT", sort->file, line);
	else
		log_error("cannot read %s: %s", sort->file, strerror(-r));
	return false;
}

/* Behind what is in the map already. */
static bool add_range(const struct id_sort *sort, uint32_t inside, struct id_map *map)
{
	struct id_extent extent;

	if (!find_range(sort, &extent))
		return false;
	extent.inside = inside;
	const char *complaint = idmap_arg_add(map, &extent);

	if (complaint)
		log_error("the range for the current user in %s %s", sort->file, complaint);
	return !complaint;
}

typedef bool find_map(const struct map_request *request, const struct id_sort *sort,
		      struct id_map *ret_map);

/** map_as_told() - what was asked for, or the range that is set aside */
static bool map_as_told(const struct map_request *request, const struct id_sort *sort,
			struct id_map *ret_map)
{
	*ret_map = request->map;
	return (request->is_given && !request->is_auto) || add_range(sort, 0, ret_map);
}

/** map_self_first() - our own id as 0, and behind it the range that is set aside, if asked for */
static bool map_self_first(const struct map_request *request, const struct id_sort *sort,
			   struct id_map *ret_map)
{
	*ret_map = (struct id_map){ 1, { { 0, sort->self, 1 } } };
	return !request->is_auto || add_range(sort, 1, ret_map);
}

/** map_all() - each id of ours under its own number, besides what was asked for */
static bool map_all(const struct map_request *request, const struct id_sort *sort,
		    struct id_map *ret_map)
{
	const char *complaint = NULL;

	*ret_map = request->map;
	if (request->is_given && !request->is_auto)
		return true;
	for (unsigned int i = 0; i < sort->ours->count && !complaint; i++) {
		const uint32_t first = sort->ours->extents[i].inside;
		const struct id_extent same = { first, first, sort->ours->extents[i].count };

		complaint = idmap_arg_add(ret_map, &same);
	}
	if (complaint)
		log_error("%s=auto: the ids of this user namespace: one %s", sort->option,
			  complaint);
	return !complaint;
}

/* This, and what follows, the kernel would answer with a bare EPERM. */
static bool check_root(const struct id_map *users)
{
	uint32_t inside;

	if (!id_map_to_inside(users, 0, &inside) || sandbox_may_map_root())
		return true;
	log_error("uid 0 cannot be mapped: root needs CAP_SETFCAP for that, and has it not");
	return false;
}

/* Who has no id where we are makes no user namespace there. */
static bool check_self(const struct id_sort *sort)
{
	uint32_t outside;

	if (id_map_to_host(sort->ours, sort->self, &outside))
		return true;
	log_error(
		"the user namespace that we are in has no %s id of ours, and so the kernel makes none "
		"in it: let it have one, as 'unshare -r' does",
		sort->noun);
	return false;
}

/* @spelt: so many of the extents are what an option says; the others come from the range that is set aside */
static bool check_ids(const struct id_sort *sort, const struct id_map *map, unsigned int spelt)
{
	uint32_t outside;

	for (unsigned int i = 0; i < map->count; i++) {
		const uint32_t first = map->extents[i].host;
		const uint32_t last = first + (map->extents[i].count - 1);
		bool has_first = id_map_to_host(sort->ours, first, &outside);

		if (has_first && id_map_to_host(sort->ours, last, &outside))
			continue;
		log_error("%s: the user namespace that we are in has no %s id %u",
			  i < spelt ? sort->option : sort->file, sort->noun,
			  has_first ? last : first);
		return false;
	}
	return true;
}

static find_map *choose(const struct run_request *request, const struct outer *outer,
			const struct run_options *options)
{
	bool is_default = !request->users.is_given && !request->groups.is_given;
	bool is_alone = request->map_root_user && is_default;

	if (!outer->is_host && options->writes_maps && geteuid() == 0 && !is_alone)
		return map_all;
	if (request->map_root_user || (is_default && (options->is_plain || !outer->is_host)))
		return map_self_first;
	return map_as_told;
}

/* With neither option the default is what was asked for. */
static bool is_asked_for(const struct run_request *request, const struct map_request *sort)
{
	return sort->is_given || (!request->users.is_given && !request->groups.is_given);
}

bool run_ids_resolve(const struct run_request *request, const struct outer *outer,
		     struct run_options *options)
{
	const struct id_sort users = {
		.noun = "user",
		.file = SUBUID_FILE,
		.option = "--map-users",
		.is_asked_for = is_asked_for(request, &request->users),
		.is_inside = !outer->is_host,
		.self = geteuid(),
		.ours = &outer->uids,
	};
	const struct id_sort groups = {
		.noun = "group",
		.file = SUBGID_FILE,
		.option = "--map-groups",
		.is_asked_for = is_asked_for(request, &request->groups),
		.is_inside = !outer->is_host,
		.self = getegid(),
		.ours = &outer->gids,
	};

	if (request->options.keep_namespaces)
		return true;
	if (!check_self(&users) || !check_self(&groups))
		return false;
	options->writes_maps = sandbox_may_map_ids();
	find_map *find = choose(request, outer, options);

	options->deny_setgroups = !outer->may_set_groups ||
				  (find == map_self_first && !request->groups.is_auto);
	return find(&request->users, &users, &options->users) &&
	       find(&request->groups, &groups, &options->groups) && check_root(&options->users) &&
	       check_ids(&users, &options->users, request->users.map.count) &&
	       check_ids(&groups, &options->groups, request->groups.map.count);
}
