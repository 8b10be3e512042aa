/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/revocation.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void revoked_keys_free(struct revoked_keys *keys)
{
	if (!keys)
		return;
	free(keys->keyids);
	free(keys->fingerprints);
	free(keys);
}

static bool has_keyid(const struct revoked_keys *keys, uint32_t keyid)
{
	for (size_t i = 0; i < keys->keyid_count; i++)
		if (keys->keyids[i] == keyid)
			return true;
	return false;
}

/* The keyids are those of the key, and not that of a signature, which its maker chooses. */
static bool has(const struct revoked_keys *keys, const struct public_key *key)
{
	for (unsigned int i = 0; i < key->keyid_count; i++)
		if (has_keyid(keys, key->keyids[i]))
			return true;
	for (size_t i = 0; i < keys->fingerprint_count; i++)
		if (memcmp(keys->fingerprints[i], key->fingerprint, FINGERPRINT_SIZE) == 0)
			return true;
	return false;
}

static bool is_equal(const struct revoked_keys *left, const struct revoked_keys *right)
{
	return left->keyid_count == right->keyid_count &&
	       left->fingerprint_count == right->fingerprint_count &&
	       memcmp(left->keyids, right->keyids, left->keyid_count * sizeof(left->keyids[0])) ==
		       0 &&
	       memcmp(left->fingerprints, right->fingerprints,
		      left->fingerprint_count * sizeof(left->fingerprints[0])) == 0;
}

struct revocation {
	pthread_rwlock_t lock; /* over keys; none waits for anything while it has it */
	struct revoked_keys *keys;
	atomic_ullong generation;
};

/* No process gives one in each nanosecond: so what another process has given since the machine was started is another one. */
static uint64_t next_generation(uint64_t last)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	uint64_t now = (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;

	return now > last ? now : last + 1;
}

struct revocation *revocation_new(struct revoked_keys *keys)
{
	struct revocation *revocation = calloc(1, sizeof(*revocation));

	if (!revocation) {
		revoked_keys_free(keys);
		return NULL;
	}
	pthread_rwlock_init(&revocation->lock, NULL);
	revocation->keys = keys;
	atomic_init(&revocation->generation, next_generation(0));
	return revocation;
}

void revocation_free(struct revocation *revocation)
{
	if (!revocation)
		return;
	pthread_rwlock_destroy(&revocation->lock);
	revoked_keys_free(revocation->keys);
	free(revocation);
}

uint64_t revocation_generation_of(struct revocation *revocation, const struct revoked_keys *keys)
{
	pthread_rwlock_rdlock(&revocation->lock);
	bool is_same = is_equal(revocation->keys, keys);
	uint64_t today = atomic_load(&revocation->generation);

	pthread_rwlock_unlock(&revocation->lock);
	return is_same ? today : next_generation(today);
}

bool revocation_exchange(struct revocation *revocation, struct revoked_keys *keys,
			 uint64_t generation)
{
	pthread_rwlock_wrlock(&revocation->lock);
	struct revoked_keys *before = revocation->keys;
	bool is_same = is_equal(before, keys);

	revocation->keys = keys;
	atomic_store(&revocation->generation, generation);
	pthread_rwlock_unlock(&revocation->lock);
	revoked_keys_free(before);
	return !is_same;
}

bool revocation_has(struct revocation *revocation, const struct public_key *key)
{
	if (!revocation)
		return false;
	pthread_rwlock_rdlock(&revocation->lock);
	bool is_revoked = has(revocation->keys, key);

	pthread_rwlock_unlock(&revocation->lock);
	return is_revoked;
}

size_t revocation_count(struct revocation *revocation)
{
	if (!revocation)
		return 0;
	pthread_rwlock_rdlock(&revocation->lock);
	size_t count = revocation->keys->keyid_count + revocation->keys->fingerprint_count;

	pthread_rwlock_unlock(&revocation->lock);
	return count;
}

uint64_t revocation_generation(struct revocation *revocation)
{
	return revocation ? atomic_load(&revocation->generation) : 0;
}
