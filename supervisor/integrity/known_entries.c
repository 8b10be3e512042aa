/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/known_entries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BITS_AT_FIRST 8

static size_t place_count(const struct known_entries *known)
{
	return (size_t)1 << known->bits;
}

/* The highest bits of a product depend on all bits of the digest's beginning. */
static size_t first_place(const struct known_entries *known, const struct measured *entry)
{
	uint64_t key;

	memcpy(&key, entry->digest, sizeof(key));
	return (size_t)((key * known->secret) >> (64 - known->bits));
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

/* Return: the place of an equal entry, or the free one that it would have. */
static uint32_t *find(const struct known_entries *known, const uint8_t *list,
		      const struct measured *entry)
{
	size_t at = first_place(known, entry);

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

int known_entries_learn(struct known_entries *known, const uint8_t *list, size_t size)
{
	struct measured entry;

	while (known->learnt < size || !known->places) {
		if (!known->places || 2 * known->count >= place_count(known)) {
			int r = grow(known);

			if (r < 0)
				return r;
			continue;
		}
		if (!measurement_parse(list + known->learnt, size - known->learnt, &entry))
			return -EBADMSG;
		if (!measured_is_violation(&entry)) {
			*find(known, list, &entry) = (uint32_t)known->learnt + 1;
			known->count++;
		}
		known->learnt += entry.size;
	}
	return 0;
}

bool known_entries_has(const struct known_entries *known, const uint8_t *list,
		       const struct measured *entry)
{
	return !measured_is_violation(entry) && *find(known, list, entry) != 0;
}

void known_entries_done(struct known_entries *known)
{
	free(known->places);
	*known = (struct known_entries){ 0 };
}
