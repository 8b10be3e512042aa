/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tree_owners.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

/* An owner in the tree, with the bytes of its name. */
struct kept {
	struct tree_owner owner; /* the first: it is what is compared */
	char base[];
};

static int compare(const void *left, const void *right)
{
	const struct tree_owner *a = left, *b = right;
	size_t length = a->base_length < b->base_length ? a->base_length : b->base_length;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	int order = length > 0 ? memcmp(a->base, b->base, length) : 0;

	if (order != 0)
		return order;
	return a->base_length < b->base_length ? -1 : a->base_length > b->base_length;
}

static struct kept *kept_new(const struct tree_owner *key)
{
	struct kept *kept = malloc(sizeof(*kept) + key->base_length + 1);

	if (!kept)
		return NULL;
	kept->owner = *key;
	kept->owner.base = key->base ? kept->base : NULL;
	if (key->base)
		memcpy(kept->base, key->base, key->base_length);
	kept->base[key->base_length] = '\0';
	return kept;
}

/* Return: the sum that is there, or a new one; NULL: there is no memory. */
static struct tree_owner *find(struct tree_owners *owners, const struct tree_owner *key)
{
	struct tree_owner *const *found = tfind(key, &owners->root, compare);

	if (found)
		return *found;
	_cleanup_free_ struct kept *kept = kept_new(key);

	if (!kept || !tsearch(kept, &owners->root, compare))
		return NULL;
	owners->count++;
	return &TAKE_PTR(kept)->owner;
}

void tree_owners_begin(struct tree_owners *owners)
{
	owners->inodes++;
}

bool tree_owners_add(struct tree_owners *owners, uint32_t number, const char *base,
		     size_t base_length, size_t bytes)
{
	const struct tree_owner key = {
		.number = number,
		.base = base,
		.base_length = base ? base_length : 0,
	};
	struct tree_owner *owner = find(owners, &key);

	if (!owner)
		return false;
	owner->values++;
	owner->files += owner->inode != owners->inodes;
	owner->inode = owners->inodes;
	owner->bytes += bytes;
	return true;
}

/* What goes over the tree. */
struct way {
	void (*each)(void *place, const struct tree_owner *owner);
	void *place;
};

static void come_to(const void *node, VISIT visit, void *place)
{
	const struct tree_owner *const *owner = node;
	const struct way *way = place;

	if (visit == postorder || visit == leaf) /* between those before it and those behind it */
		way->each(way->place, *owner);
}

void tree_owners_each(const struct tree_owners *owners,
		      void (*each)(void *place, const struct tree_owner *owner), void *place)
{
	struct way way = { each, place };

	twalk_r(owners->root, come_to, &way);
}

void tree_owners_done(struct tree_owners *owners)
{
	tdestroy(owners->root, free);
	*owners = (struct tree_owners){ 0 };
}
