/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_CRYPTO_H
#define NSXATTR_INTEGRITY_CRYPTO_H

/*
 * What libcrypto does for us. No other file speaks it.
 *
 * A struct crypto has nothing in common with another one, nor with libcrypto's own default state, so that the host's
 * openssl.cnf has no say in it. Any number of threads can use one at the same time, and the same keys; a struct digest
 * belongs to one thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "digest_algorithm.h"

struct crypto;
struct digest;

/** crypto_new() - Return: 0, and @ret_crypto is to be freed with crypto_free(); -ENOMEM. */
int crypto_new(struct crypto **ret_crypto);

/** crypto_free() - NULL is accepted. What was made with it has to be freed before. */
void crypto_free(struct crypto *crypto);

static inline void cleanup_crypto(struct crypto **crypto)
{
	crypto_free(*crypto);
}

#define _cleanup_crypto_ __attribute__((cleanup(cleanup_crypto)))

/**
 * crypto_digest() - the digest of bytes in memory
 * @digest: digest_size(@algorithm) bytes, on success
 *
 * Return: 0; -ENOMEM.
 */
int crypto_digest(struct crypto *crypto, enum digest_algorithm algorithm, const void *bytes,
		  size_t length, uint8_t *digest);

/**
 * digest_new() - begin a digest of what comes piece by piece
 *
 * Return: 0, and @ret_digest is to be freed with digest_free(); -ENOMEM.
 */
int digest_new(struct crypto *crypto, enum digest_algorithm algorithm, struct digest **ret_digest);

/** digest_free() - NULL is accepted */
void digest_free(struct digest *digest);

static inline void cleanup_digest(struct digest **digest)
{
	digest_free(*digest);
}

#define _cleanup_digest_ __attribute__((cleanup(cleanup_digest)))

/** digest_add() - Return: 0; -ENOMEM. */
int digest_add(struct digest *digest, const void *bytes, size_t length);

/** digest_finish() - the digest of all that was added; nothing can be added any more. Return: 0; -ENOMEM. */
int digest_finish(struct digest *digest, uint8_t *ret_bytes);

/* ---- keys ---- */

/* RSA keys of fewer bits can be broken, those of more take long. */
#define RSA_BITS_MIN 1024
#define RSA_BITS_MAX 8192

/* What identifies a public key: the SHA-256 of its SubjectPublicKeyInfo. */
#define FINGERPRINT_SIZE 32

/** struct public_key - of a certificate, or a key alone */
struct public_key {
	struct evp_pkey_st *key; /* libcrypto's */
	/*
	 * By which signatures name it: of a certificate the last bytes of its SubjectKeyIdentifier, as the kernel has
	 * it; and the last bytes of the SHA-1 of the key's bits, as evmctl has it and most certificates, too.
	 */
	uint32_t keyids[2];
	unsigned int keyid_count;
	uint8_t fingerprint[FINGERPRINT_SIZE];
	char kind[24]; /* for people, as "RSA 2048" or "ECDSA P-256" */
};

/** public_key_done() - release what it has of libcrypto's; a zeroed one is accepted */
void public_key_done(struct public_key *key);

/**
 * crypto_read_keys() - the public keys of a file: X.509 certificates and SubjectPublicKeyInfos, one in DER or any in PEM
 * @bytes: the file; it may have been written by an enemy
 * @ret_keys: room for @max of them; on success each is to be released with public_key_done()
 * @ret_count: how many there are, at least one
 * @ret_complaint: -EINVAL: what is wrong with it, static
 *
 * Neither the dates of certificates nor who has signed them are looked at, which the kernel's .ima keyring does not do
 * when it has a key, either: that the policy names it makes a key one.
 *
 * Return: 0; -EINVAL; -ENOMEM.
 */
int crypto_read_keys(struct crypto *crypto, const uint8_t *bytes, size_t length,
		     struct public_key *ret_keys, size_t max, size_t *ret_count,
		     const char **ret_complaint);

/**
 * public_key_verify() - is this a signature, made with this key, over this digest?
 * @digest: digest_size(@algorithm) bytes
 * @signature: RSA PKCS#1 v1.5, or ECDSA in DER, over the digest; it may come from an enemy
 *
 * Return: 1: it is; 0: it is not; -ENOMEM.
 */
int public_key_verify(struct crypto *crypto, const struct public_key *key,
		      enum digest_algorithm algorithm, const uint8_t *digest,
		      const uint8_t *signature, size_t length);

#endif
