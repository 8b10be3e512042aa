/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_REVOCATION_H
#define NSXATTR_INTEGRITY_REVOCATION_H

/*
 * Keys that do not count any more, whatever keyring has them. All containers look at one struct revocation, so a set that
 * takes the place of another counts at once for all of them. What was concluded before has another generation.
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

/** revocation_new() - @keys: the revocation's, or released on failure. Return: NULL when there is no memory. */
struct revocation *revocation_new(struct revoked_keys *keys);

/** revocation_free() - NULL is accepted */
void revocation_free(struct revocation *revocation);

/**
 * revocation_exchange() - from now on these are revoked, and no others. Any thread may.
 * @keys: the revocation's
 *
 * Return: whether they are others than before; if not, the generation stays.
 */
bool revocation_exchange(struct revocation *revocation, struct revoked_keys *keys);

/** revocation_has() - is this key revoked? Any thread may ask. @revocation: NULL: none is */
bool revocation_has(struct revocation *revocation, const struct public_key *key);

/** revocation_count() - how many keyids and keys are revoked. Any thread may ask. @revocation: NULL: 0 */
size_t revocation_count(struct revocation *revocation);

/**
 * revocation_mark() - what the set is known by when another process has read it
 *
 * Return: the same number for the same set; another one for another, as far as there are so many. Any thread may ask.
 */
uint64_t revocation_mark(struct revocation *revocation);

/** revocation_generation() - another number after each exchange. @revocation: NULL: 0 */
uint64_t revocation_generation(struct revocation *revocation);

#endif
