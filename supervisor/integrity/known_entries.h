/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_KNOWN_ENTRIES_H
#define NSXATTR_INTEGRITY_KNOWN_ENTRIES_H

/*
 * Which entries a measurement list has, in memory of this process: a table of where they lie, by the digests that
 * they contain. Who writes paths can choose digests that begin alike; the position in the table depends on a
 * number that only this process knows, too.
 *
 * Nothing here locks.
 */

#include <stddef.h>
#include <stdint.h>

#include "integrity/crypto.h"
#include "integrity/measurement.h"

/** struct known_entries - zeroed: of an empty list */
struct known_entries {
	uint32_t *places; /* one more than where an entry begins; 0: free */
	unsigned int bits; /* there are 1 << bits places */
	size_t count; /* of entries in the table */
	size_t learnt; /* so many bytes of the list have been looked at */
	uint64_t secret; /* odd */
};

/**
 * known_entries_learn() - look at what was appended since
 * @crypto: of the calling thread
 * @list: its entries; they may only have grown by whole ones
 * @size: bytes of it, less than 4 GiB
 *
 * Return: 0; -ENOMEM; -EBADMSG: there is something that is no entry.
 */
int known_entries_learn(struct known_entries *known, struct crypto *crypto, const uint8_t *list,
			size_t size);

/** known_entries_find() - is there an equal one that was learnt? Return: 1: there is; 0: there is none; -ENOMEM. */
int known_entries_find(const struct known_entries *known, struct crypto *crypto,
		       const uint8_t *list, const struct measured *entry);

/** known_entries_done() - free what it holds */
void known_entries_done(struct known_entries *known);

#endif
