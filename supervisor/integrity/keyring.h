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
#include "integrity/key_files.h"

struct revocation;

/* Keys of one keyring. */
#define KEYRING_KEYS_MAX 256

/** struct keyring_key - one of the keys */
struct keyring_key {
	struct public_key key;
	const char *path; /* of the file that it is from */
};

struct keyring {
	struct crypto *crypto; /* borrowed */
	struct key_files *files;
	size_t count;
	struct keyring_key keys[KEYRING_KEYS_MAX];
};

/**
 * keyring_new() - make keys of files
 * @crypto: has to outlive the keyring
 * @files: certificates or public keys, DER or PEM; they are the keyring's, or released on failure
 * @ret_keyring: to be freed with keyring_free()
 * @ret_complaint: on failure: which file, and what is wrong with it
 *
 * Return: 0; -EINVAL: a file has something else in it; -E2BIG: there are too many keys; -ENOMEM.
 */
int keyring_new(struct crypto *crypto, struct key_files *files, struct keyring **ret_keyring,
		struct key_complaint *ret_complaint);

/** keyring_read() - read files of this process, and make keys of them. Return: as key_files_read() and keyring_new(). */
int keyring_read(struct crypto *crypto, const char *const *paths, size_t count,
		 struct keyring **ret_keyring, struct key_complaint *ret_complaint);

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
 * @revocation: of keys that do not count; NULL: of none
 * @ret_key: KEYRING_VERIFIED: the key. Otherwise one with that keyid, if there is one; NULL
 *
 * Several keys can have one keyid: each of them is tried.
 *
 * Return: an enum keyring_result; -ENOMEM.
 */
int keyring_verify(const struct keyring *keyring, struct revocation *revocation,
		   const struct signature *signature, const struct keyring_key **ret_key);

#endif
