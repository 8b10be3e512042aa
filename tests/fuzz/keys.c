/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a file of keys can be used, and nothing is lost of what is not. The input is such a file. */
#include "fuzz.h"
#include "integrity/crypto.h"

#define KEYS_MAX 8

static void require_usable(struct crypto *crypto, const struct public_key *key)
{
	const uint8_t digest[DIGEST_SIZE_MAX] = { 0 }, signature[64] = { 0x30, 62, 2, 1, 1 };

	require(key->keyid_count == 1 || key->keyid_count == 2);
	require(strncmp(key->kind, "RSA ", 4) == 0 || strncmp(key->kind, "ECDSA P-", 8) == 0);
	require(public_key_verify(crypto, key, DIGEST_SHA256, digest, signature,
				  sizeof(signature)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crypto *crypto;
	struct public_key keys[KEYS_MAX];
	const char *complaint = NULL;
	size_t count = 0;

	require(crypto || crypto_new(&crypto) == 0);
	int r = crypto_read_keys(crypto, data, size, keys, KEYS_MAX, &count, &complaint);

	require(r == 0 ? count > 0 && count <= KEYS_MAX : count == 0);
	require(r == 0 || complaint);
	for (size_t i = 0; i < count; i++) {
		require_usable(crypto, &keys[i]);
		public_key_done(&keys[i]);
	}
	return 0;
}
