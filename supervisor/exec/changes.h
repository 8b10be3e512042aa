/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_CHANGES_H
#define NSXATTR_EXEC_CHANGES_H

/*
 * Changes to one inode come one after another, those to different inodes do not wait for each other.
 * So what a change has looked at (a limit, what the view shows) is still so when it is made; and when
 * this process dies in one, nobody has built upon it (exec/effect.h).
 */

#include <stdbool.h>
#include <sys/types.h>

/** struct change - one that is being made, or waits for its turn; its place stays until it is left */
struct change {
	dev_t device;
	ino_t inode;
	struct change *next;
	bool is_under_way; /* for whoever makes it alone; the others change next */
};

struct changes;

/** changes_new() - Return: 0; -ENOMEM. */
int changes_new(struct changes **ret_changes);

/** changes_free() - none may be under way; NULL is accepted. */
void changes_free(struct changes *changes);

/** changes_enter() - wait until nobody else changes the inode. Any thread. */
void changes_enter(struct changes *changes, struct change *change, dev_t device, ino_t inode);

/** changes_try_enter() - the same, but return false rather than wait */
bool changes_try_enter(struct changes *changes, struct change *change, dev_t device, ino_t inode);

/** changes_leave() - let the next one change it; one that was not entered is accepted */
void changes_leave(struct changes *changes, struct change *change);

#endif
