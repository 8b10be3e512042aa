/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/changes.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* There are never more than there are threads, and seldom more than one. */
struct changes {
	pthread_mutex_t lock;
	pthread_cond_t left;
	struct change end; /* of the list */
	struct change *first;
};

int changes_new(struct changes **ret_changes)
{
	struct changes *changes = calloc(1, sizeof(*changes));

	if (!changes)
		return -ENOMEM;
	pthread_mutex_init(&changes->lock, NULL);
	pthread_cond_init(&changes->left, NULL);
	changes->first = &changes->end;
	*ret_changes = changes;
	return 0;
}

void changes_free(struct changes *changes)
{
	if (!changes)
		return;
	pthread_cond_destroy(&changes->left);
	pthread_mutex_destroy(&changes->lock);
	free(changes);
}

/* With the lock held. */
static bool is_under_way(const struct changes *changes, dev_t device, ino_t inode)
{
	for (const struct change *change = changes->first; change->next; change = change->next)
		if (change->device == device && change->inode == inode)
			return true;
	return false;
}

/* With the lock held. */
static void add(struct changes *changes, struct change *change, dev_t device, ino_t inode)
{
	*change = (struct change){ device, inode, changes->first, true };
	changes->first = change;
}

void changes_enter(struct changes *changes, struct change *change, dev_t device, ino_t inode)
{
	pthread_mutex_lock(&changes->lock);
	while (is_under_way(changes, device, inode))
		pthread_cond_wait(&changes->left, &changes->lock);
	add(changes, change, device, inode);
	pthread_mutex_unlock(&changes->lock);
}

bool changes_try_enter(struct changes *changes, struct change *change, dev_t device, ino_t inode)
{
	pthread_mutex_lock(&changes->lock);
	bool is_free = !is_under_way(changes, device, inode);

	if (is_free)
		add(changes, change, device, inode);
	pthread_mutex_unlock(&changes->lock);
	return is_free;
}

void changes_leave(struct changes *changes, struct change *change)
{
	if (!change->is_under_way)
		return;
	pthread_mutex_lock(&changes->lock);
	struct change **place = &changes->first;

	while (*place != change)
		place = &(*place)->next;
	*place = change->next;
	*change = (struct change){ 0 };
	pthread_cond_broadcast(&changes->left);
	pthread_mutex_unlock(&changes->lock);
}
