/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of the signatures of one text with one RSA key there is one, and with an ECDSA key none that is made without it. The
 * input: 'r' or 'e' for the key, the number of an algorithm, and what may be a signature of "hallo\n".
 */
#include "fuzz.h"
#include "integrity/crypto.h"

/* Of keys that have been thrown away. */
static const char rsa_text[] = "-----BEGIN PUBLIC KEY-----\n"
			       "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwFsh4V6jzzHbO7nQRyAS\n"
			       "k28f52en1XPibaFR6o0/pW9tiVB+hajNUMqpOhuqeJJ/P9WRwXpS7sY85zSGmelC\n"
			       "VxuEtocH1XtXAesJyJuNrmuuNhu/MVJypwWaHN+s/jynezoqFDvvWMWFA0EWl9rt\n"
			       "ew/1baY7sjai+DQFcfuuLrehyguqHB84NEo3uusb4g2zSIl9DC7AG7uOATlPwePU\n"
			       "k5apqx6dqRcUClIqhT341MStLDKjt4SNaSlcGLD1qb/41MA+XMZTuzcFPrLpBVKk\n"
			       "DYiUGKw7nF8w4J7oWoYSGHNBHHij8QVr72DmO4/Q+540HbB8xJERiO847Es45XDv\n"
			       "kQIDAQAB\n"
			       "-----END PUBLIC KEY-----\n";

static const char ecdsa_text[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZLRBYfkakQVqmp14qeAmGGm3gXae\n"
	"0A7rxcDUZs1TxPMyFNXJdVaCrarSYJpaRkuxEzne/rQqgus+uK0A8swxqA==\n"
	"-----END PUBLIC KEY-----\n";

static void read_key(struct crypto *crypto, const char *text, struct public_key *ret_key)
{
	const char *complaint;
	size_t count;

	require(crypto_read_keys(crypto, (const uint8_t *)text, strlen(text), ret_key, 1, &count,
				 &complaint) == 0);
}

static void prepare(struct crypto **ret_crypto, struct public_key *ret_rsa,
		    struct public_key *ret_ecdsa)
{
	require(crypto_new(ret_crypto) == 0);
	read_key(*ret_crypto, rsa_text, ret_rsa);
	read_key(*ret_crypto, ecdsa_text, ret_ecdsa);
}

/* The one that has been found first; another one with the same key is a forgery. */
static void require_is_the_one(enum digest_algorithm algorithm, const uint8_t *bytes, size_t length)
{
	static uint8_t known[DIGEST_ALGORITHM_END][256];
	static bool is_known[DIGEST_ALGORITHM_END];

	require(length == sizeof(known[0]));
	if (!is_known[algorithm])
		memcpy(known[algorithm], bytes, length);
	is_known[algorithm] = true;
	require(memcmp(known[algorithm], bytes, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crypto *crypto;
	static struct public_key rsa, ecdsa;
	uint8_t digest[DIGEST_SIZE_MAX];

	if (!crypto)
		prepare(&crypto, &rsa, &ecdsa);
	if (size < 2 || digest_size(data[1]) == 0)
		return 0;
	enum digest_algorithm algorithm = (enum digest_algorithm)data[1];
	bool is_rsa = data[0] == 'r';

	require(crypto_digest(crypto, algorithm, "hallo\n", 6, digest) == 0);
	int r = public_key_verify(crypto, is_rsa ? &rsa : &ecdsa, algorithm, digest, data + 2,
				  size - 2);

	require(r == 0 || r == 1);
	if (r == 1 && is_rsa)
		require_is_the_one(algorithm, data + 2, size - 2);
	return 0;
}
