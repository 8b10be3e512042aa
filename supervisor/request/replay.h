/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_REPLAY_H
#define NSXATTR_REQUEST_REPLAY_H

/*
 * What a worker does for a request that a dead worker had begun, or for a change in which it gave up a deputy. The
 * stage replay_change() (request/stages.h) is the first part of it.
 *
 * The kernel may still make a change whose performer waits in it, for a file system that does not answer. Until the
 * performer has ended nothing is concluded, and the inode stays held: the change does not undo what others change
 * after that. They lose nothing: the kernel lets no other process change the inode meanwhile either.
 */

struct changes;
struct client;
struct reception;
struct request;
struct slot;
struct workspace;

/**
 * replay_hold() - before any request is served: a change that a dead worker had begun holds its inode
 *
 * request_run() lets go of the inode, or replay_abandon(). It never waits: two changes to one inode are never under
 * way.
 */
void replay_hold(struct changes *changes, const struct client *client, struct reception *reception);

/** replay_abandon() - the target of an inherited request has ended: hold the inode until its change is over */
void replay_abandon(struct workspace *workspace, struct client *client,
		    struct reception *reception);

/** replay_drop() - empty the slot of a request that no worker will serve, and that holds nothing */
void replay_drop(struct slot *slot);

/** replay_conclude() - if a deputy was given up in the change: find out what has become of it */
void replay_conclude(struct request *request);

#endif
