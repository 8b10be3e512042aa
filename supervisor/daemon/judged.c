/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/judged.h"

#include <string.h>

#include "base/log.h"
#include "daemon/container_judge.h"
#include "daemon/entries.h"
#include "integrity/measurements.h"
#include "judge/fence.h"

const struct container *judged_find(const struct registry *registry, uint64_t number)
{
	const struct container *container = NULL;

	while ((container = registry_next(registry, container)) != NULL)
		if (container->judge && container->judge->fence.fence &&
		    fence_surrounds(container->judge->fence.fence, number))
			return container;
	return NULL;
}

bool judged_enter_gate(const struct registry *registry)
{
	const struct container *container = NULL;
	bool is_complete = true;

	while ((container = registry_next(registry, container)) != NULL) {
		int r = container->judge ? container_judge_enter(container->judge) : 0;

		if (r == 0)
			continue;
		is_complete = false;
		log_error("container %s cannot be had pass the gate: %s", container->key.id,
			  strerror(-r));
	}
	return is_complete;
}

/* @place: the registry */
static bool is_used(const void *place, uint64_t list)
{
	const struct registry *registry = place;
	const struct container *container = NULL;

	while ((container = registry_next(registry, container)) != NULL)
		if (container->judge && container->judge->serial == list)
			return true;
	return false;
}

void judged_set_aside(const struct registry *registry, struct entries *entries)
{
	container_fence_set_aside(entries, is_used, registry);
}

void judged_forget_unused_lists(const struct registry *registry, struct entries *entries)
{
	const struct entry *entry = NULL;

	while ((entry = journal_next_of(entries->journal, ENTRY_MEASUREMENTS, entry)) != NULL)
		if (!is_used(registry, entry->serial))
			entries_drop(entries, entry);
}

void judged_bar_lists(const struct registry *registry, bool are_barred)
{
	const struct container *container = NULL;

	while ((container = registry_next(registry, container)) != NULL)
		if (container->judge)
			measurements_bar(container->judge->means.measurements, are_barred);
}
