/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_REVOCATION_H
#define NSXATTR_INTEGRITY_REVOCATION_H

/*
 * Keys that do not count any more, whatever keyring has them. All containers look at one struct revocation, so a set that
 * takes the place of another counts at once for all of them. What was concluded before has another generation: a number
 * that means one set, for all processes that follow one another, and is given once. What is concluded names it, so it counts
 * for as long as that set does, whoever looks when.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "integrity/crypto.h"

/** struct revoked_keys - a set of keys; it does not change after it was made */
struct revoked_keys {
	size_t keyid_count;
	size_t fingerprint_count;
	uint32_t *keyids; /* of malloc(3): each key is meant that has one of them */
	uint8_t (*fingerprints)[FINGERPRINT_SIZE]; /* of malloc(3): the key itself is meant */
};

/** revoked_keys_free() - NULL is accepted */
void revoked_keys_free(struct revoked_keys *keys);

static inline void cleanup_revoked_keys(struct revoked_keys **keys)
{
	revoked_keys_free(*keys);
}

#define _cleanup_revoked_keys_ __attribute__((cleanup(cleanup_revoked_keys)))

struct revocation;

/**
 * revocation_new() - these are revoked, with a generation of their own
 * @keys: the revocation's, or released on failure
 *
 * Return: NULL when there is no memory.
 */
struct revocation *revocation_new(struct revoked_keys *keys);

/** revocation_free() - NULL is accepted */
void revocation_free(struct revocation *revocation);

/**
 * revocation_generation_of() - of keys that are about to be revoked. One thread at a time may ask for a new one.
 *
 * Return: today's, if they are those that are revoked today; else one that was never given.
 */
uint64_t revocation_generation_of(struct revocation *revocation, const struct revoked_keys *keys);

/**
 * revocation_exchange() - from now on these are revoked, and no others. Any thread may.
 * @keys: the revocation's
 * @generation: of these keys: of revocation_generation_of(), here or in a process before
 *
 * Return: whether they are others than before.
 */
bool revocation_exchange(struct revocation *revocation, struct revoked_keys *keys,
			 uint64_t generation);

/** revocation_has() - is this key revoked? Any thread may ask. @revocation: NULL: none is */
bool revocation_has(struct revocation *revocation, const struct public_key *key);

/** revocation_count() - how many keyids and keys are revoked. Any thread may ask. @revocation: NULL: 0 */
size_t revocation_count(struct revocation *revocation);

/** revocation_generation() - of the set that counts. Any thread may ask. @revocation: NULL: 0 */
uint64_t revocation_generation(struct revocation *revocation);

#endif
