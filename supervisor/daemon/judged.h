/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_JUDGED_H
#define NSXATTR_DAEMON_JUDGED_H

/* What concerns all judged containers (daemon/container_judge.h) of a registry at a time. */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/registry.h"

struct entries;

/** judged_find() - Return: the container that passes our gate and has this user namespace, or one above it; NULL. */
const struct container *judged_find(const struct registry *registry, uint64_t number);

/** judged_enter_gate() - those that were restored are ours to serve: they pass our gate. Return: whether all of them do. */
bool judged_enter_gate(const struct registry *registry);

/** judged_set_aside() - what fences of containers have left that are not served: see container_fence_set_aside() */
void judged_set_aside(const struct registry *registry, struct entries *entries);

/** judged_forget_unused_lists() - of containers whose listener a worker before us has not kept any more, for it has died */
void judged_forget_unused_lists(const struct registry *registry, struct entries *entries);

/** judged_bar_lists() - another daemon is to append to the measurement lists; false: it has not taken over */
void judged_bar_lists(const struct registry *registry, bool are_barred);

#endif
