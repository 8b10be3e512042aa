/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_CHANGES_H
#define NSXATTR_EXEC_CHANGES_H

/*
 * Changes to one inode come one after another, in the order in which they were asked for; those to
 * different inodes do not wait for each other. So what a change has looked at (a limit, what the view
 * shows) is still so when it is made; and when this process dies in one, no other change has built upon
 * it (exec/effect.h).
 *
 * A change that waits holds nothing, and what was so before the wait may not be so after it. A container
 * that may not change an inode never has a turn that others wait for.
 */

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

/** struct change_key - changes of one key come one after another */
struct change_key {
	dev_t device;
	ino_t inode;
	const void *
		scope; /* the container that alone heeds the turn; compared, never followed; NULL: all do */
};

/** struct change - one that is being made, or waits for its turn; its place stays until it is left */
struct change {
	struct change_key key;
	struct change *next; /* of those to inodes of the same bucket, in the order of their coming */
	pthread_cond_t called;
	bool is_entered; /* for the thread that makes it; other threads change @next */
};

/** struct changes_wait - how long to wait for a turn */
struct changes_wait {
	unsigned int milliseconds; /* at most */
	bool (*is_wanted)(void *place); /* asked each second: is the change to be made still? */
	void *place;
};

struct changes;

/** changes_new() - Return: 0; -ENOMEM. */
int changes_new(struct changes **ret_changes);

/** changes_free() - none may be under way; NULL is accepted. */
void changes_free(struct changes *changes);

enum changes_result {
	CHANGES_ENTERED = 1,
	CHANGES_WAITED, /* entered, but it took a while: what was so before is to be asked again */
};

/**
 * changes_enter() - wait until no other change of this key is under way. Any thread.
 *
 * Return: an enum changes_result, and changes_leave() must follow; -ETIMEDOUT; -ECANCELED: it is not
 * wanted any more.
 */
int changes_enter(struct changes *changes, struct change *change, const struct change_key *key,
		  const struct changes_wait *wait);

/** changes_try_enter() - the same, but return false rather than wait */
bool changes_try_enter(struct changes *changes, struct change *change,
		       const struct change_key *key);

/** changes_leave() - let the next one change it; one that was not entered is accepted */
void changes_leave(struct changes *changes, struct change *change);

#endif
