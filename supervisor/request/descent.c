/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Without privilege where we are we can change no id there, but in a namespace that we, or an ancestor of it
 * that we, own, we have all capabilities: user_namespaces(7).
 *
 * An id that no namespace below ours maps is shown to us as 65534, or what kernel.overflowgid says. A target
 * has such a group only if it came with it, as we did. So two lists that look the same are the same, unless
 * our own namespace has a 65534 that its processes take on in just as many places as ours has others.
 */
#include "request/descent.h"

#include <errno.h>
#include <linux/capability.h>

#include "request/userns.h"

/* CAP_SYS_ADMIN, too: another user than the namespace's owner needs it to go on. */
static bool has_privilege(const struct credential *ours)
{
	const uint64_t needed = 1ULL << CAP_SETUID | 1ULL << CAP_SETGID | 1ULL << CAP_SYS_ADMIN;

	return (ours->capabilities & needed) == needed;
}

static bool may_set_groups_in(const struct credential *ours, const struct userns *userns)
{
	return userns->may_set_groups && (!userns->ids.is_host || has_privilege(ours));
}

bool descent_may_set_groups(const struct credential *ours, const struct userns *userns)
{
	while (userns && !may_set_groups_in(ours, userns))
		userns = userns_parent(userns);
	return userns;
}

/* Numbers of ours are those of our own namespace already. */
static bool translate(const struct userns *userns, const struct id_map *map, id_t *id)
{
	return userns->ids.is_host || id_map_to_inside(map, *id, id);
}

static int translate_groups(const struct credential *ours, const struct userns *userns,
			    struct credential *credential)
{
	if (!may_set_groups_in(ours, userns))
		return -EPERM;
	for (uint32_t i = 0; i < credential->group_count; i++)
		if (!translate(userns, &userns->ids.gids, &credential->groups[i]))
			return -EINVAL;
	return 0;
}

/* What is ours already needs no number. */
static bool translate_id(const struct userns *userns, const struct id_map *map, id_t ours, id_t *id)
{
	if (*id != ours)
		return translate(userns, map, id);
	*id = CREDENTIAL_SAME;
	return true;
}

static bool changes_nothing(const struct credential_change *change)
{
	return change->keeps_groups && change->credential.fsuid == CREDENTIAL_SAME &&
	       change->credential.fsgid == CREDENTIAL_SAME;
}

static int plan_in(const struct credential *ours, const struct userns *userns,
		   struct credential_change *change)
{
	struct credential *credential = &change->credential;

	change->through = userns->ids.is_host ? -1 : userns->fd;
	if (!translate_id(userns, &userns->ids.uids, ours->fsuid, &credential->fsuid) ||
	    !translate_id(userns, &userns->ids.gids, ours->fsgid, &credential->fsgid))
		return -EINVAL;
	int r = change->keeps_groups ? 0 : translate_groups(ours, userns, credential);

	if (r == 0 && userns->ids.is_host && !has_privilege(ours) && !changes_nothing(change))
		r = -EINVAL;
	return r;
}

/* Where no namespace is entered none gives capabilities: a stand-in has those that we have, too. */
static void stay(const struct credential *ours, struct credential_change *change)
{
	change->is_here = true;
	change->credential.capabilities &= ours->capabilities;
}

/* The depth is bounded: the kernel nests 32 namespaces at most. */
int descent_plan(const struct credential *ours, const struct userns *userns,
		 const struct credential *credential, struct credential_change *ret_change)
{
	const struct userns *parent = userns_parent(userns);
	int above = parent ? descent_plan(ours, parent, credential, ret_change) : -EINVAL;
	int here = 0;

	if (above < 0) {
		*ret_change = (struct credential_change){
			.credential = *credential,
			.keeps_groups = credential_has_groups_of(credential, ours),
		};
		here = plan_in(ours, userns, ret_change);
	}
	/* The child goes on to this namespace from the one above in which it takes on the ids. */
	ret_change->is_here = false;
	ret_change->credential.capabilities = credential->capabilities;
	ret_change->userns = userns->fd;
	if (userns->ids.is_host)
		stay(ours, ret_change);
	return here < 0 && above == -EPERM ? above : here;
}
