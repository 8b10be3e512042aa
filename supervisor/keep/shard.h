/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_SHARD_H
#define NSXATTR_KEEP_SHARD_H

/*
 * A shard serves one listener: it receives notifications, walks each through the request spine, and
 * answers, until no target is left.
 */

#include "exec/standin.h"

struct policy;

/** struct shard_config - what a shard needs to know; the pointers outlive the shard */
struct shard_config {
	const struct policy *policy;
	enum standin_kind standins; /* how paths are opened */
};

struct shard;

/**
 * shard_new() - build a shard; everything that can fail at start fails here
 * @config: what it needs to know
 * @procfs: of proc_open(), borrowed: it outlives the shard
 * @listener: the seccomp listener, borrowed: it outlives the shard
 * @ret_shard: the shard, the caller's to free with shard_free()
 *
 * Return: 0; -errno of what failed (a message has been logged).
 */
int shard_new(const struct shard_config *config, int procfs, int listener,
	      struct shard **ret_shard);

/** shard_free() - release a shard that is not being served; NULL is accepted. */
void shard_free(struct shard *shard);

/**
 * shard_serve() - answer notifications until no target of the listener is left
 *
 * Blocks. Nothing that a target does makes it return early.
 *
 * Return: 0 when the last target has gone; -errno when the listener itself fails.
 */
int shard_serve(struct shard *shard);

#endif
