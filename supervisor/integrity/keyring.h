/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_KEYRING_H
#define NSXATTR_INTEGRITY_KEYRING_H

/*
 * The public keys that a container's signatures are verified with: what the .ima keyring is to the kernel. It does not
 * change after it has been read; any number of threads can use it at the same time.
 */

#include <stddef.h>
#include <stdint.h>

#include "integrity/crypto.h"

/* Keys of one keyring. */
#define KEYRING_KEYS_MAX 256

/* Bytes of one file of keys. */
#define KEYRING_FILE_SIZE_MAX (256 * 1024)

/** struct keyring_key - one of the keys */
struct keyring_key {
	struct public_key key;
	char *path; /* the file that it is from */
};

struct keyring {
	struct crypto *crypto; /* borrowed */
	size_t count;
	struct keyring_key keys[KEYRING_KEYS_MAX];
};

/** struct keyring_complaint - room for what is wrong with a file of keys */
struct keyring_complaint {
	char text[512];
};

/**
 * keyring_new() - read the keys
 * @crypto: has to outlive the keyring
 * @paths: files of certificates or public keys, DER or PEM; @count of them, 0 will do
 * @ret_keyring: to be freed with keyring_free()
 * @ret_complaint: on failure: which file, and what is wrong with it
 *
 * Return: 0; -EINVAL: a file has something else in it; -E2BIG: there are too many keys, or a file
 * is too long; -errno of open(2) or read(2); -ENOMEM.
 */
int keyring_new(struct crypto *crypto, const char *const *paths, size_t count,
		struct keyring **ret_keyring, struct keyring_complaint *ret_complaint);

/** keyring_free() - NULL is accepted */
void keyring_free(struct keyring *keyring);

static inline void cleanup_keyring(struct keyring **keyring)
{
	keyring_free(*keyring);
}

#define _cleanup_keyring_ __attribute__((cleanup(cleanup_keyring)))

/** struct signature - one that is to be verified; borrowed */
struct signature {
	uint32_t keyid; /* of the key that it says it was made with */
	enum digest_algorithm algorithm;
	const uint8_t *digest;
	const uint8_t *bytes;
	size_t length;
};

enum keyring_result {
	KEYRING_VERIFIED = 1,
	KEYRING_INVALID, /* it was not made with the key, or not over this digest */
	KEYRING_NO_KEY, /* there is no key with that keyid */
	KEYRING_REVOKED, /* there is, but it is revoked */
};

/**
 * keyring_verify() - is there a key, not revoked, with which this signature was made?
 * @revoked: keys that do not count; NULL: none
 * @ret_key: KEYRING_VERIFIED: the key. Otherwise one with that keyid, if there is one; NULL
 *
 * Several keys can have one keyid: each of them is tried.
 *
 * Return: an enum keyring_result; -ENOMEM.
 */
int keyring_verify(const struct keyring *keyring, const struct keyring *revoked,
		   const struct signature *signature, const struct keyring_key **ret_key);

#endif
