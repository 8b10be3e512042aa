/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_TICK_H
#define NSXATTR_KEEP_TICK_H

/*
 * At each tick the loop looks at servers that may hang, or have nothing to do, and at shards that wait for one. As
 * long as there are none of either no tick comes.
 */

struct engine;

/** tick_init() - before the first shard_go_on_ticking() */
void tick_init(struct engine *engine);

#endif
