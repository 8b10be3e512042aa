/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/revocation.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

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

struct revocation *revocation_new(struct revoked_keys *keys)
{
	struct revocation *revocation = calloc(1, sizeof(*revocation));

	if (!revocation) {
		revoked_keys_free(keys);
		return NULL;
	}
	pthread_rwlock_init(&revocation->lock, NULL);
	revocation->keys = keys;
	atomic_init(&revocation->generation, 1);
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

bool revocation_exchange(struct revocation *revocation, struct revoked_keys *keys)
{
	pthread_rwlock_wrlock(&revocation->lock);
	struct revoked_keys *before = revocation->keys;
	bool is_same = is_equal(before, keys);

	revocation->keys = keys;
	if (!is_same)
		atomic_fetch_add(&revocation->generation, 1);
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

/* FNV-1a. */
static uint64_t mix(uint64_t mark, const void *bytes, size_t length)
{
	const unsigned char *each = bytes;

	for (size_t i = 0; i < length; i++)
		mark = (mark ^ each[i]) * 0x100000001b3;
	return mark;
}

uint64_t revocation_mark(struct revocation *revocation)
{
	uint64_t mark = 0xcbf29ce484222325;

	if (!revocation)
		return mark;
	pthread_rwlock_rdlock(&revocation->lock);
	const struct revoked_keys *keys = revocation->keys;

	mark = mix(mark, &keys->keyid_count, sizeof(keys->keyid_count));
	mark = mix(mark, keys->keyids, keys->keyid_count * sizeof(keys->keyids[0]));
	mark = mix(mark, keys->fingerprints,
		   keys->fingerprint_count * sizeof(keys->fingerprints[0]));
	pthread_rwlock_unlock(&revocation->lock);
	return mark;
}

uint64_t revocation_generation(struct revocation *revocation)
{
	return revocation ? atomic_load(&revocation->generation) : 0;
}
