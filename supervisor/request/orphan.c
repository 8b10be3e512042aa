/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only root of a container can set a value of the container's, and only on an inode that is the
 * container's own. So a value of none of its ids on such an inode was set when the ids, or the owner of
 * the inode, were others. Where the container has values too, containers share the inode, and all is well.
 */
#include "request/orphan.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "exec/inode.h"
#include "exec/store.h"
#include "policy.h"
#include "view.h"

/* A container that starts looks at its files soon, or it has none of before. */
#define LOOKS_MAX 64
#define PATH_SHOWN_MAX 256

void orphans_init(struct orphans *orphans)
{
	atomic_init(&orphans->looks, LOOKS_MAX);
}

static bool take_look(struct orphans *orphans)
{
	unsigned int looks = atomic_load_explicit(&orphans->looks, memory_order_relaxed);

	while (looks > 0)
		if (atomic_compare_exchange_weak(&orphans->looks, &looks, looks - 1))
			return true;
	return false;
}

static bool is_own_inode(const struct user_namespace *container, const struct pinned *inode)
{
	struct inode_stat stat;
	uint32_t inside;

	return inode_stat(inode, &stat) == 0 &&
	       id_map_to_inside(&container->uids, stat.owner.uid, &inside) &&
	       id_map_to_inside(&container->gids, stat.owner.gid, &inside);
}

/* The ids that begin with root of the container, and their numbers. */
static bool find_range(const struct user_namespace *container, const struct naming *naming,
		       uint32_t *ret_first, uint32_t *ret_last)
{
	const struct id_map *uids = &container->uids;

	if (!container->has_root || !naming_number(naming, container->root, ret_first))
		return false;
	*ret_last = *ret_first;
	for (unsigned int i = 0; i < uids->count; i++)
		if (uids->extents[i].inside == 0)
			*ret_last = *ret_first + (uids->extents[i].count - 1);
	return true;
}

static void say(const struct orphan_asker *asker, const struct performer *performer,
		const struct stored_name *orphan, uint32_t first, uint32_t last)
{
	char path[PATH_SHOWN_MAX];

	inode_show_path(performer, path, sizeof(path));
	log_limited(
		asker->log_source, LOG_WARNING,
		"%sthread %d: %s carries %.*s of the number %u, but its container has the numbers %u "
		"to %u, and neither sees nor removes it. If it is the container's, from when its "
		"ids were others: stop it, then 'nsxattr tree rekey --from=%u --to=%u TREE'",
		asker->label, asker->tid, path, (int)orphan->base_length, orphan->base,
		orphan->number, first, last, orphan->number, first);
}

void orphan_note(struct orphans *orphans, const struct orphan_asker *asker,
		 const struct store_context *context)
{
	const struct subject *subject = context->subject;
	const struct user_namespace *container = access_container(subject->userns);
	struct stored_name orphan;
	const char *names;
	uint32_t first, last;

	if (!take_look(orphans))
		return;
	ssize_t length = store_names(context, &names);

	if (length <= 0 ||
	    !view_find_orphan(context->policy, subject, names, (size_t)length, &orphan) ||
	    !is_own_inode(container, context->performer->inode) ||
	    !find_range(container, subject->naming, &first, &last))
		return;
	/* Once: whichever thread has made it 0. */
	if (atomic_exchange(&orphans->looks, 0) > 0)
		say(asker, context->performer, &orphan, first, last);
}
