/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_CRYPTO_H
#define NSXATTR_INTEGRITY_CRYPTO_H

/*
 * What libcrypto does for us. No other file speaks it.
 *
 * A struct crypto belongs to one thread. It has nothing in common with another one, nor with libcrypto's own
 * default state, so that neither the host's openssl.cnf nor what another thread does has a say in it.
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

#endif
