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
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "count_of.h"

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

/* ---- public keys ---- */

static void cleanup_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

static void cleanup_info(X509_PUBKEY **info)
{
	X509_PUBKEY_free(*info);
}

static void cleanup_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void cleanup_verification(EVP_PKEY_CTX **verification)
{
	EVP_PKEY_CTX_free(*verification);
}

void public_key_done(struct public_key *key)
{
	EVP_PKEY_free(key->key);
	*key = (struct public_key){ 0 };
}

static bool has_run_out_of_memory(void)
{
	return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE;
}

/* Has memory run out, or is it what was read? Return: -ENOMEM; -EINVAL with @complaint. */
static int read_error(const char *complaint, const char **ret_complaint)
{
	if (has_run_out_of_memory())
		return drained(-ENOMEM);
	*ret_complaint = complaint;
	return drained(-EINVAL);
}

static const struct {
	const char *group; /* libcrypto's name */
	const char *name;
} curves[] = {
	{ SN_X9_62_prime256v1, "P-256" },
	{ SN_secp384r1, "P-384" },
	{ SN_secp521r1, "P-521" },
};

static const char *curve_of(const EVP_PKEY *key)
{
	char group[32];

	if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL))
		for (size_t i = 0; i < COUNT_OF(curves); i++)
			if (strcmp(group, curves[i].group) == 0)
				return curves[i].name;
	return NULL;
}

/* Write down of which kind it is. Return: NULL; what is wrong with it. */
static const char *describe_kind(struct public_key *key)
{
	int bits = EVP_PKEY_get_bits(key->key);
	const char *curve = NULL;

	switch (EVP_PKEY_get_base_id(key->key)) {
	case EVP_PKEY_RSA:
		if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
			return "an RSA key has to have 1024 to 8192 bits";
		snprintf(key->kind, sizeof(key->kind), "RSA %d", bits);
		return NULL;
	case EVP_PKEY_EC:
		curve = curve_of(key->key);
		if (!curve)
			return "an ECDSA key has to be on the curve P-256, P-384 or P-521";
		snprintf(key->kind, sizeof(key->kind), "ECDSA %s", curve);
		return NULL;
	default:
		return "the key is neither of RSA nor of ECDSA";
	}
}

static uint32_t last_bytes(const uint8_t *end)
{
	return (uint32_t)end[-4] << 24 | (uint32_t)end[-3] << 16 | (uint32_t)end[-2] << 8 | end[-1];
}

static void add_keyid(struct public_key *key, const uint8_t *end)
{
	uint32_t keyid = last_bytes(end);

	if (key->keyid_count == 0 || key->keyids[0] != keyid)
		key->keyids[key->keyid_count++] = keyid;
}

/* The keyid of the key's bits, and its fingerprint. */
static int identify(struct crypto *crypto, X509_PUBKEY *info, struct public_key *key)
{
	uint8_t digest[DIGEST_SIZE_MAX];
	const uint8_t *bits = NULL;
	uint8_t *der = NULL;
	int length = 0;

	X509_PUBKEY_get0_param(NULL, &bits, &length, NULL, info);
	int error = crypto_digest(crypto, DIGEST_SHA1, bits, (size_t)length, digest);

	if (error)
		return error;
	add_keyid(key, digest + digest_size(DIGEST_SHA1));
	length = i2d_X509_PUBKEY(info, &der);
	if (length < 0)
		return drained(-ENOMEM);
	error = crypto_digest(crypto, DIGEST_SHA256, der, (size_t)length, key->fingerprint);
	OPENSSL_free(der);
	return error;
}

/* @ret_key already has the keyid of its certificate. It is to be released whatever the result. */
static int take_key(struct crypto *crypto, X509_PUBKEY *info, struct public_key *ret_key,
		    const char **ret_complaint)
{
	ret_key->key = X509_PUBKEY_get(info);
	if (!ret_key->key)
		return read_error("its key cannot be read, or is of an unknown kind",
				  ret_complaint);
	const char *complaint = describe_kind(ret_key);

	return complaint ? read_error(complaint, ret_complaint) : identify(crypto, info, ret_key);
}

static X509 *parse_certificate(struct crypto *crypto, const uint8_t *der, size_t length)
{
	X509 *certificate = X509_new_ex(crypto->library, NULL);
	const uint8_t *end = der;

	if (certificate && d2i_X509(&certificate, &end, (long)length) && end == der + length)
		return certificate;
	X509_free(certificate);
	return NULL;
}

static int read_certificate(struct crypto *crypto, const uint8_t *der, size_t length,
			    struct public_key *ret_key, const char **ret_complaint)
{
	__attribute__((cleanup(cleanup_certificate)))
	X509 *certificate = parse_certificate(crypto, der, length);

	if (!certificate)
		return read_error("it has a certificate that cannot be read", ret_complaint);
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(certificate);

	if (id && ASN1_STRING_length(id) >= (int)sizeof(uint32_t))
		add_keyid(ret_key, ASN1_STRING_get0_data(id) + ASN1_STRING_length(id));
	return take_key(crypto, X509_get_X509_PUBKEY(certificate), ret_key, ret_complaint);
}

static int read_info(struct crypto *crypto, const uint8_t *der, size_t length,
		     struct public_key *ret_key, const char **ret_complaint)
{
	__attribute__((cleanup(cleanup_info)))
	X509_PUBKEY *info = X509_PUBKEY_new_ex(crypto->library, NULL);
	const uint8_t *end = der;

	if (!info)
		return drained(-ENOMEM);
	if (!d2i_X509_PUBKEY(&info, &end, (long)length) || end != der + length)
		return read_error("it has no certificate and no public key that can be read",
				  ret_complaint);
	return take_key(crypto, info, ret_key, ret_complaint);
}

typedef int read_one_key(struct crypto *crypto, const uint8_t *der, size_t length,
			 struct public_key *ret_key, const char **ret_complaint);

static int read_one(read_one_key *read, struct crypto *crypto, const uint8_t *der, size_t length,
		    struct public_key *ret_key, const char **ret_complaint)
{
	*ret_key = (struct public_key){ 0 };
	int error = read(crypto, der, length, ret_key, ret_complaint);

	if (error)
		public_key_done(ret_key);
	return error;
}

/* ---- files of keys ---- */

static int read_der(struct crypto *crypto, const uint8_t *der, size_t length,
		    struct public_key *ret_key, const char **ret_complaint)
{
	X509 *certificate = parse_certificate(crypto, der, length);

	X509_free(certificate);
	ERR_clear_error();
	return read_one(certificate ? read_certificate : read_info, crypto, der, length, ret_key,
			ret_complaint);
}

static read_one_key *reader_of(const char *label)
{
	if (strcmp(label, PEM_STRING_X509) == 0)
		return read_certificate;
	return strcmp(label, PEM_STRING_PUBLIC) == 0 ? read_info : NULL;
}

static int read_block(struct crypto *crypto, const char *label, const uint8_t *der, long length,
		      struct public_key *ret_key, const char **ret_complaint)
{
	read_one_key *read = reader_of(label);

	if (!read)
		return read_error("it has a PEM block that is neither a CERTIFICATE nor a "
				  "PUBLIC KEY",
				  ret_complaint);
	return read_one(read, crypto, der, (size_t)length, ret_key, ret_complaint);
}

/* Return: as read_block(); -ENOENT: there are no more. */
static int read_next_block(struct crypto *crypto, BIO *text, struct public_key *ret_key,
			   const char **ret_complaint)
{
	char *label = NULL, *header = NULL;
	unsigned char *der = NULL;
	long length = 0;

	if (!PEM_read_bio(text, &label, &header, &der, &length)) {
		bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;

		return is_end ? drained(-ENOENT) :
				read_error("it has a PEM block that cannot be read", ret_complaint);
	}
	int error = read_block(crypto, label, der, length, ret_key, ret_complaint);

	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(der);
	return error;
}

/* What was read before a failure is the caller's to release: @ret_count. */
static int read_pem(struct crypto *crypto, const uint8_t *bytes, size_t length,
		    struct public_key *ret_keys, size_t max, size_t *ret_count,
		    const char **ret_complaint)
{
	__attribute__((cleanup(cleanup_bio))) BIO *text = BIO_new_mem_buf(bytes, (int)length);

	if (!text)
		return drained(-ENOMEM);
	for (;;) {
		struct public_key key;
		int error = read_next_block(crypto, text, &key, ret_complaint);

		if (error)
			return error == -ENOENT ? 0 : error;
		if (*ret_count == max) {
			public_key_done(&key);
			return read_error("it has too many keys", ret_complaint);
		}
		ret_keys[(*ret_count)++] = key;
	}
}

static int read_any(struct crypto *crypto, const uint8_t *bytes, size_t length,
		    struct public_key *ret_keys, size_t max, size_t *count,
		    const char **ret_complaint)
{
	static const char begin[] = "-----BEGIN ";
	int error;

	if (length > INT_MAX || max == 0)
		return read_error("it is too long, or there are too many keys", ret_complaint);
	if (memmem(bytes, length, begin, strlen(begin)))
		return read_pem(crypto, bytes, length, ret_keys, max, count, ret_complaint);
	error = read_der(crypto, bytes, length, ret_keys, ret_complaint);
	*count = error ? 0 : 1;
	return error;
}

int crypto_read_keys(struct crypto *crypto, const uint8_t *bytes, size_t length,
		     struct public_key *ret_keys, size_t max, size_t *ret_count,
		     const char **ret_complaint)
{
	size_t count = 0;
	int error = read_any(crypto, bytes, length, ret_keys, max, &count, ret_complaint);

	if (!error && count == 0)
		error = read_error("it has neither a certificate nor a public key", ret_complaint);
	if (!error)
		*ret_count = count;
	for (size_t i = 0; error && i < count; i++)
		public_key_done(&ret_keys[i]);
	return error;
}

/* ---- signatures ---- */

static bool prepare(EVP_PKEY_CTX *verification, const EVP_PKEY *key, const EVP_MD *algorithm)
{
	return EVP_PKEY_verify_init(verification) > 0 &&
	       (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
		EVP_PKEY_CTX_set_rsa_padding(verification, RSA_PKCS1_PADDING) > 0) &&
	       EVP_PKEY_CTX_set_signature_md(verification, algorithm) > 0;
}

int public_key_verify(struct crypto *crypto, const struct public_key *key,
		      enum digest_algorithm algorithm, const uint8_t *digest,
		      const uint8_t *signature, size_t length)
{
	__attribute__((cleanup(cleanup_verification)))
	EVP_PKEY_CTX *verification = EVP_PKEY_CTX_new_from_pkey(crypto->library, key->key, NULL);

	if (!verification || !prepare(verification, key->key, crypto->algorithms[algorithm]))
		return drained(-ENOMEM);
	if (EVP_PKEY_verify(verification, signature, length, digest, digest_size(algorithm)) == 1)
		return 1;
	return drained(has_run_out_of_memory() ? -ENOMEM : 0);
}
