/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DIGEST_ALGORITHM_H
#define NSXATTR_DIGEST_ALGORITHM_H

/* The hash algorithms that values of security.ima, rules and measurement lists can name. */

#include <stdbool.h>
#include <stddef.h>

/* The numbers are those of the kernel's enum hash_algo, which values of security.ima have. */
enum digest_algorithm {
	DIGEST_SHA1 = 2,
	DIGEST_SHA256 = 4,
	DIGEST_SHA384 = 5,
	DIGEST_SHA512 = 6,
	DIGEST_SHA224 = 7,
};

/* More than the number of any of them: what is indexed by them has as many elements. */
#define DIGEST_ALGORITHM_END 8

/* Bytes of the longest digest. */
#define DIGEST_SIZE_MAX 64

/* An algorithm as a bit of a set. */
#define DIGEST_BIT(algorithm) (1U << (algorithm))

/** digest_size() - of an algorithm, by its number, which may be any. Return: bytes; 0: it is none of ours. */
size_t digest_size(unsigned int number);

/** digest_name() - of an algorithm: the kernel's word, as "sha256" */
const char *digest_name(enum digest_algorithm algorithm);

/**
 * digest_algorithm_find() - find the algorithm of a name
 * @name: the kernel's word
 * @length: bytes of @name; it need not end with a NUL
 * @ret_algorithm: where there is one
 *
 * Return: is there one?
 */
bool digest_algorithm_find(const char *name, size_t length, enum digest_algorithm *ret_algorithm);

#endif
