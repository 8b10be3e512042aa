/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/known_entries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#define BITS_AT_FIRST 8

static size_t place_count(const struct known_entries *known)
{
	return (size_t)1 << known->bits;
}

/* The beginning of a digest of the data. */
static int key_of(struct crypto *crypto, const struct measured *entry, uint64_t *ret_key)
{
	uint8_t digest[DIGEST_SIZE_MAX];
	int r = 0;

	if (measured_is_violation(entry))
		r = crypto_digest(crypto, DIGEST_SHA1, entry->data, entry->data_size, digest);
	else
		memcpy(digest, entry->digest, MEASUREMENT_TEMPLATE_DIGEST_SIZE);
	if (r == 0)
		memcpy(ret_key, digest, sizeof(*ret_key));
	return r;
}

static bool is_equal(const uint8_t *list, uint32_t place, const struct measured *entry)
{
	struct measured other;

	/* Of the same template, as long, with the same digest and data: they are equal from first to last. */
	return measurement_parse(list + place - 1, entry->size, &other) &&
	       other.size == entry->size && other.data_size == entry->data_size &&
	       other.pcr == entry->pcr &&
	       memcmp(other.digest, entry->digest, MEASUREMENT_TEMPLATE_DIGEST_SIZE) == 0 &&
	       memcmp(other.template, entry->template, entry->template_length) == 0 &&
	       memcmp(other.data, entry->data, entry->data_size) == 0;
}

/* The highest bits of a product depend on all bits of the key. Return: the place of an equal entry, or a free one. */
static uint32_t *find(const struct known_entries *known, uint64_t key, const uint8_t *list,
		      const struct measured *entry)
{
	size_t at = (size_t)((key * known->secret) >> (64 - known->bits));

	while (known->places[at] && !is_equal(list, known->places[at], entry))
		at = (at + 1) % place_count(known);
	return &known->places[at];
}

/* Twice as many places, and all is learnt again. */
static int grow(struct known_entries *known)
{
	unsigned int bits = known->places ? known->bits + 1 : BITS_AT_FIRST;
	uint64_t secret;

	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return -ENOMEM;
	uint32_t *places = calloc((size_t)1 << bits, sizeof(*places));

	if (!places)
		return -ENOMEM;
	free(known->places);
	*known = (struct known_entries){ .places = places, .bits = bits, .secret = secret | 1 };
	return 0;
}

/* Return: bytes of the entry that is learnt; 0: there has to be more room first; -ENOMEM, -EBADMSG. */
static ssize_t learn_one(struct known_entries *known, struct crypto *crypto, const uint8_t *list,
			 size_t size)
{
	struct measured entry;
	uint64_t key;

	if (!known->places || 2 * known->count >= place_count(known))
		return grow(known);
	if (!measurement_parse(list + known->learnt, size - known->learnt, &entry))
		return -EBADMSG;
	int r = key_of(crypto, &entry, &key);

	if (r < 0)
		return r;
	*find(known, key, list, &entry) = (uint32_t)known->learnt + 1;
	known->count++;
	return (ssize_t)entry.size;
}

int known_entries_learn(struct known_entries *known, struct crypto *crypto, const uint8_t *list,
			size_t size)
{
	while (known->learnt < size) {
		ssize_t r = learn_one(known, crypto, list, size);

		if (r < 0)
			return (int)r;
		known->learnt += (size_t)r;
	}
	return 0;
}

int known_entries_find(const struct known_entries *known, struct crypto *crypto,
		       const uint8_t *list, const struct measured *entry)
{
	uint64_t key;
	int r = key_of(crypto, entry, &key);

	if (r < 0 || !known->places)
		return r;
	return *find(known, key, list, entry) != 0;
}

void known_entries_done(struct known_entries *known)
{
	free(known->places);
	*known = (struct known_entries){ 0 };
}
