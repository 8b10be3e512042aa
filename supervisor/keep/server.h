/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_SERVER_H
#define NSXATTR_KEEP_SERVER_H

/* The life of a server: a thread that receives requests of a shard, walks and answers them. */

struct engine;
struct server;

/** server_spare_locked() - Return: one that rests, perhaps a new one; NULL: there can be none. */
struct server *server_spare_locked(struct engine *engine);

/**
 * server_start_first_locked() - one that rests until it is needed, so that what cannot work fails at start
 *
 * Return: 0; -errno, a message has been logged.
 */
int server_start_first_locked(struct engine *engine);

#endif
