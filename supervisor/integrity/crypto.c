/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcrypto by its EVP interface. What fails in it leaves errors in a queue of the thread, which would grow: each
 * function here that can fail drains it.
 *
 * Contexts of the library's own (OSSL_LIB_CTX) do not read openssl.cnf, which could have it load other code. The
 * algorithms are looked up once for each: a look-up takes longer than the digest of a short text.
 */
#include "integrity/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/fd.h"

struct crypto {
	OSSL_LIB_CTX *library;
	EVP_MD *algorithms[DIGEST_ALGORITHM_END];
};

/* Return: @error, and the thread's queue of errors is empty. */
static int drained(int error)
{
	ERR_clear_error();
	return error;
}

/* ---- a context ---- */

void crypto_free(struct crypto *crypto)
{
	if (!crypto)
		return;
	for (unsigned int i = 0; i < DIGEST_ALGORITHM_END; i++)
		EVP_MD_free(crypto->algorithms[i]);
	OSSL_LIB_CTX_free(crypto->library);
	free(crypto);
}

static int fetch_algorithms(struct crypto *crypto)
{
	for (unsigned int i = 0; i < DIGEST_ALGORITHM_END; i++) {
		if (digest_size(i) == 0)
			continue;
		crypto->algorithms[i] =
			EVP_MD_fetch(crypto->library, digest_name((enum digest_algorithm)i), NULL);
		if (!crypto->algorithms[i])
			return drained(-ENOMEM);
	}
	return 0;
}

int crypto_new(struct crypto **ret_crypto)
{
	/* What ends the process ends the library's memory, too, and a forked child runs no handlers of ours. */
	if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL))
		return drained(-ENOMEM);
	_cleanup_crypto_ struct crypto *crypto = calloc(1, sizeof(*crypto));

	if (!crypto)
		return -ENOMEM;
	crypto->library = OSSL_LIB_CTX_new();
	if (!crypto->library)
		return drained(-ENOMEM);
	int error = fetch_algorithms(crypto);

	if (error)
		return error;
	*ret_crypto = TAKE_PTR(crypto);
	return 0;
}

/* ---- digests ---- */

int crypto_digest(struct crypto *crypto, enum digest_algorithm algorithm, const void *bytes,
		  size_t length, uint8_t *digest)
{
	return EVP_Digest(bytes, length, digest, NULL, crypto->algorithms[algorithm], NULL) ?
		       0 :
		       drained(-ENOMEM);
}

/* A digest under way is nothing but the library's own state of it. */
static EVP_MD_CTX *state_of(struct digest *digest)
{
	return (EVP_MD_CTX *)digest;
}

int digest_new(struct crypto *crypto, enum digest_algorithm algorithm, struct digest **ret_digest)
{
	EVP_MD_CTX *state = EVP_MD_CTX_new();

	if (!state || !EVP_DigestInit_ex2(state, crypto->algorithms[algorithm], NULL)) {
		EVP_MD_CTX_free(state);
		return drained(-ENOMEM);
	}
	*ret_digest = (struct digest *)state;
	return 0;
}

void digest_free(struct digest *digest)
{
	EVP_MD_CTX_free(state_of(digest));
}

int digest_add(struct digest *digest, const void *bytes, size_t length)
{
	return EVP_DigestUpdate(state_of(digest), bytes, length) ? 0 : drained(-ENOMEM);
}

int digest_finish(struct digest *digest, uint8_t *ret_bytes)
{
	return EVP_DigestFinal_ex(state_of(digest), ret_bytes, NULL) ? 0 : drained(-ENOMEM);
}
