/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/container_judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "daemon/entries.h"
#include "daemon/shared_policy.h"
#include "integrity/measurements.h"
#include "judge/fence.h"

static int begin_list(struct container_judge *judge, struct entries *entries,
		      const struct shared_policy *policy)
{
	const struct integrity *integrity = &policy->policy->integrity;
	_cleanup_measurements_ struct measurements *list = NULL;
	uint8_t aggregate[DIGEST_SIZE_MAX];
	int r = judge_means_aggregate(policy->keys->keyring, policy->file, aggregate);

	if (r == 0)
		r = measurements_new(policy->keys->crypto, integrity->template, integrity->entries,
				     aggregate, &list);
	if (r == 0)
		r = entries_keep(entries, measurements_fd(list), ENTRY_MEASUREMENTS, NULL, 0,
				 &judge->serial);
	if (r == 0)
		judge->means.measurements = TAKE_PTR(list);
	return r;
}

static int find_list(struct container_judge *judge, const struct entries *entries, uint64_t serial)
{
	const struct entry *entry = journal_find_serial(entries->journal, serial);

	if (!entry || atomic_load(&entry->kind) != ENTRY_MEASUREMENTS ||
	    measurements_open(entry->fd, &judge->means.measurements) < 0)
		return -ENOENT;
	judge->serial = serial;
	return 0;
}

static int have_list(struct container_judge *judge, const struct container_judge_config *config)
{
	judge->means.crypto = config->policy->keys->crypto;
	judge->means.keyring = config->policy->keys->keyring;
	judge->means.revocation = config->revocation;
	int r = config->serial ? find_list(judge, config->entries, config->serial) :
				 begin_list(judge, config->entries, config->policy);

	if (r == 0)
		judge_means_keep_from_children(&judge->means);
	return r;
}

/* The list comes first, for its serial is in the entries of the fence. */
static int have_fence(struct container_judge *judge, const struct container_judge_config *config,
		      int *userns)
{
	if (judge->integrity->mode != INTEGRITY_ENFORCE)
		return 0;
	if (!config->gate)
		return -ENODEV;
	return config->serial ?
		       container_fence_restore(&judge->fence, config->entries, config->gate,
					       judge->serial) :
		       container_fence_new(&judge->fence, config->entries, config->gate,
					   judge->integrity, judge->serial, TAKE_FD(*userns));
}

static int fill(struct container_judge *judge, const struct container_judge_config *config,
		int *userns)
{
	int r = have_list(judge, config);

	if (r == 0)
		r = have_fence(judge, config, userns);
	if (r < 0)
		return r;
	return judge_new(&(struct judge_config){ .integrity = judge->integrity,
						 .means = &judge->means,
						 .fence = judge->fence.fence,
						 .counters = &judge->counters,
						 .label = judge->label },
			 &judge->judge);
}

/* But for its list. */
static void release(struct container_judge *judge)
{
	judge_free(judge->judge);
	free(judge->label);
	free(judge);
}

/* With its list, which is kept no more. */
static void discard(struct container_judge *judge, struct entries *entries)
{
	entries_forget(entries, judge->serial);
	measurements_free(judge->means.measurements);
	release(judge);
}

/*
 * Of one that was there before processes may run: what keeps them from executing stays, and becomes what
 * container_fence_set_aside() finds.
 */
static void give_up(struct container_judge *judge, const struct container_judge_config *config)
{
	if (!config->serial && !judge->fence.was_shut) {
		container_judge_end(judge, config->entries);
		return;
	}
	container_fence_leave(&judge->fence);
	discard(judge, config->entries);
}

int container_judge_new(const struct container_judge_config *config,
			struct container_judge **ret_judge)
{
	_cleanup_fd_ int userns = config->userns;

	if (config->policy->policy->integrity.mode == INTEGRITY_OFF)
		return 0;
	if (!config->policy->keys)
		return -ENOKEY;
	struct container_judge *judge = calloc(1, sizeof(*judge));

	if (!judge || asprintf(&judge->label, "container %s: ", config->id) < 0) {
		free(judge);
		return -ENOMEM;
	}
	judge->integrity = &config->policy->policy->integrity;
	int r = fill(judge, config, &userns);

	if (r < 0)
		give_up(judge, config);
	else
		*ret_judge = judge;
	return r;
}

int container_judge_enter(struct container_judge *judge)
{
	return judge->fence.fence ? container_fence_enter(&judge->fence, judge->integrity) : 0;
}

void container_judge_end(struct container_judge *judge, struct entries *entries)
{
	if (!judge)
		return;
	container_fence_end(&judge->fence, entries, judge->label);
	discard(judge, entries);
}

void container_judge_free(struct container_judge *judge)
{
	if (!judge)
		return;
	container_fence_leave(&judge->fence);
	measurements_leave(judge->means.measurements);
	release(judge);
}
