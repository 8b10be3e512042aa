/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/container_judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "daemon/entries.h"
#include "daemon/shared_policy.h"
#include "integrity/measurements.h"

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

static int fill(struct container_judge *judge, struct entries *entries,
		const struct shared_policy *policy, uint64_t serial)
{
	const struct judge_config config = {
		.integrity = &policy->policy->integrity,
		.means = &judge->means,
		.counters = &judge->counters,
		.label = judge->label,
	};

	judge->means.crypto = policy->keys->crypto;
	judge->means.keyring = policy->keys->keyring;
	int r = serial ? find_list(judge, entries, serial) : begin_list(judge, entries, policy);

	if (r < 0)
		return r;
	judge_means_keep_from_children(&judge->means);
	return judge_new(&config, &judge->judge);
}

int container_judge_new(struct entries *entries, struct revocation *revocation, const char *id,
			const struct shared_policy *policy, uint64_t serial,
			struct container_judge **ret_judge)
{
	if (policy->policy->integrity.mode == INTEGRITY_OFF)
		return 0;
	if (!policy->keys)
		return -ENOKEY;
	struct container_judge *judge = calloc(1, sizeof(*judge));

	if (!judge || asprintf(&judge->label, "container %s: ", id) < 0) {
		free(judge);
		return -ENOMEM;
	}
	judge->means.revocation = revocation;
	int r = fill(judge, entries, policy, serial);

	if (r < 0)
		container_judge_end(judge, entries);
	else
		*ret_judge = judge;
	return r;
}

/* But for its list. */
static void release(struct container_judge *judge)
{
	judge_free(judge->judge);
	free(judge->label);
	free(judge);
}

void container_judge_end(struct container_judge *judge, struct entries *entries)
{
	if (!judge)
		return;
	entries_forget(entries, judge->serial);
	measurements_free(judge->means.measurements);
	release(judge);
}

void container_judge_free(struct container_judge *judge)
{
	if (!judge)
		return;
	measurements_leave(judge->means.measurements);
	release(judge);
}
