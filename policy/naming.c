/* SPDX-License-Identifier: Apache-2.0 */
#include "naming.h"

#include <stddef.h>

static bool to_outer(const struct id_map *outer, uint32_t uid, uint32_t *ret_number)
{
	if (outer)
		return id_map_to_host(outer, uid, ret_number);
	*ret_number = uid;
	return true;
}

static bool from_outer(const struct id_map *outer, uint32_t number, uint32_t *ret_uid)
{
	if (outer)
		return id_map_to_inside(outer, number, ret_uid);
	*ret_uid = number;
	return true;
}

static bool to_owners(const struct naming *naming, uint32_t uid, uint32_t *ret_number)
{
	uint32_t inside;

	if (!id_map_to_inside(naming->range, uid, &inside) || inside >= UINT32_MAX - naming->owner)
		return false;
	*ret_number = naming->owner + inside;
	return true;
}

bool naming_is_host_root(const struct naming *naming, uint32_t uid)
{
	uint32_t number;

	if (naming && naming->outer && naming->is_rootless)
		return false;
	return to_outer(naming ? naming->outer : NULL, uid, &number) && number == 0;
}

bool naming_number(const struct naming *naming, uint32_t uid, uint32_t *ret_number)
{
	if (naming_is_host_root(naming, uid))
		return false;
	if (naming && naming->range)
		return to_owners(naming, uid, ret_number);
	if (naming && naming->mount)
		return id_map_to_inside(naming->mount, uid, ret_number);
	return to_outer(naming ? naming->outer : NULL, uid, ret_number);
}

static bool find_uid(const struct naming *naming, uint32_t number, uint32_t *ret_uid)
{
	if (naming && naming->range)
		return number >= naming->owner &&
		       id_map_to_host(naming->range, number - naming->owner, ret_uid);
	if (naming && naming->mount)
		return id_map_to_host(naming->mount, number, ret_uid);
	return from_outer(naming ? naming->outer : NULL, number, ret_uid);
}

bool naming_uid(const struct naming *naming, uint32_t number, uint32_t *ret_uid)
{
	uint32_t uid;

	if (!find_uid(naming, number, &uid) || naming_is_host_root(naming, uid))
		return false;
	*ret_uid = uid;
	return true;
}

bool naming_covers(const struct naming *naming, const struct id_map *ids, uint32_t number)
{
	uint32_t uid, inside;

	return naming_uid(naming, number, &uid) && id_map_to_inside(ids, uid, &inside);
}
