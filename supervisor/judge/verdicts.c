/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of sets, each of a few ways: a key can be in one set only, and a new one takes the place of the one that
 * came first there.
 */
#include "judge/verdicts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "integrity.h"

#define WAYS 4
#define SETS (VERDICTS_MAX / WAYS)
/* The kernel's tick is 10 ms at most. */
#define TICK_NS 20000000

_Static_assert(INTEGRITY_KIND_COUNT == 3, "each kind of rule is part of the key");

struct kept {
	bool is_there;
	struct verdict_key key;
	struct verdict verdict;
	enum form_kind kind;
	char interpreter[VERDICT_PATH_MAX];
};

struct set {
	struct kept ways[WAYS];
	unsigned int next;
};

struct verdicts {
	pthread_mutex_t lock;
	struct set sets[SETS];
};

struct verdicts *verdicts_new(void)
{
	struct verdicts *verdicts = calloc(1, sizeof(*verdicts));

	if (verdicts)
		pthread_mutex_init(&verdicts->lock, NULL);
	return verdicts;
}

void verdicts_free(struct verdicts *verdicts)
{
	if (!verdicts)
		return;
	pthread_mutex_destroy(&verdicts->lock);
	free(verdicts);
}

static int64_t nanoseconds(int64_t seconds, uint32_t rest)
{
	return seconds * 1000000000 + rest;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return nanoseconds(time.tv_sec, (uint32_t)time.tv_nsec);
}

static void set_rules(struct verdict_key *key, const struct integrity_actions *actions)
{
	for (size_t i = 0; i < INTEGRITY_KIND_COUNT; i++)
		key->rules[i] = actions->decisions[i].rule;
}

bool verdict_key_make(const struct statx *stat, unsigned int func,
		      const struct integrity_actions *actions, struct verdict_key *ret_key)
{
	*ret_key = (struct verdict_key){
		.device = makedev(stat->stx_dev_major, stat->stx_dev_minor),
		.inode = stat->stx_ino,
		.size = stat->stx_size,
		.changed = nanoseconds(stat->stx_ctime.tv_sec, stat->stx_ctime.tv_nsec),
		.modified = nanoseconds(stat->stx_mtime.tv_sec, stat->stx_mtime.tv_nsec),
		.func = func,
	};
	set_rules(ret_key, actions);
	return ret_key->changed + TICK_NS < now();
}

void verdict_key_of_version(uint64_t version, unsigned int func,
			    const struct integrity_actions *actions, struct verdict_key *ret_key)
{
	*ret_key = (struct verdict_key){ .version = version, .func = func };
	set_rules(ret_key, actions);
}

/* The multiplier is 2^64 divided by the golden ratio. */
static struct set *set_of(struct verdicts *verdicts, const struct verdict_key *key)
{
	uint64_t mixed =
		(key->version ^ key->inode ^ key->device << 32 ^ key->func) * 0x9e3779b97f4a7c15;

	return &verdicts->sets[(mixed >> 32) % SETS];
}

static struct kept *find(struct verdicts *verdicts, const struct verdict_key *key)
{
	struct set *set = set_of(verdicts, key);

	for (size_t i = 0; i < WAYS; i++)
		if (set->ways[i].is_there && memcmp(&set->ways[i].key, key, sizeof(*key)) == 0)
			return &set->ways[i];
	return NULL;
}

bool verdicts_find(struct verdicts *verdicts, const struct verdict_key *key,
		   struct verdict *ret_verdict, struct form *ret_form)
{
	pthread_mutex_lock(&verdicts->lock);
	const struct kept *kept = find(verdicts, key);

	if (kept) {
		*ret_verdict = kept->verdict;
		ret_form->kind = kept->kind;
		memcpy(ret_form->interpreter, kept->interpreter, sizeof(kept->interpreter));
	}
	pthread_mutex_unlock(&verdicts->lock);
	return kept;
}

static struct kept *make_room(struct verdicts *verdicts, const struct verdict_key *key)
{
	struct set *set = set_of(verdicts, key);
	struct kept *kept = &set->ways[set->next];

	set->next = (set->next + 1) % WAYS;
	return kept;
}

/*
 * Does it follow from what the key tells? Writers come and go, a list has no room, and fs-verity is enabled for a file without
 * that its times or its version become others.
 */
static bool follows_from_key(const struct verdict *verdict)
{
	return verdict->cause < CAUSE_WRITERS && verdict->cause != CAUSE_NO_VERITY &&
	       !verdict->is_not_listed;
}

void verdicts_keep(struct verdicts *verdicts, const struct verdict_key *key,
		   const struct verdict *verdict, const struct form *form)
{
	size_t length = strlen(form->interpreter);

	if (length >= VERDICT_PATH_MAX || !follows_from_key(verdict))
		return;
	pthread_mutex_lock(&verdicts->lock);
	struct kept *kept = find(verdicts, key);

	if (!kept)
		kept = make_room(verdicts, key);
	kept->is_there = true;
	kept->key = *key;
	kept->verdict = *verdict;
	kept->kind = form->kind;
	memcpy(kept->interpreter, form->interpreter, length + 1);
	pthread_mutex_unlock(&verdicts->lock);
}
