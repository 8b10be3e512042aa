/* SPDX-License-Identifier: Apache-2.0 */
/* With keys by openssl(1) and signatures by evmctl(1). */
#include "integrity/keyring.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "ima_value.h"
#include "integrity/revoked_keys.h"
#include "signer.h"

static struct crypto *crypto;
static struct key_complaint complaint;

static void begin(void)
{
	signer_begin();
	cr_assert_eq(crypto_new(&crypto), 0);
	signer_write("file", "content", 7);
}

static void end(void)
{
	crypto_free(crypto);
	signer_end();
}

TestSuite(keyring, .init = begin, .fini = end);

static struct keyring *read_keys(const char *const *paths, size_t count)
{
	struct keyring *keyring = NULL;

	cr_assert_eq(keyring_read(crypto, paths, count, &keyring, &complaint), 0, "%s",
		     complaint.text);
	return keyring;
}

static struct keyring *read_key(const char *path)
{
	return read_keys(&path, 1);
}

/* Of file.sig, which is over "content", unless it is to be another text. */
static int verify_over(const struct keyring *keyring, struct revocation *revocation,
		       const char *content)
{
	uint8_t digest[DIGEST_SIZE_MAX];
	const struct keyring_key *key;
	struct ima_value value;
	size_t length;
	_cleanup_free_ uint8_t *bytes = signer_read("file.sig", &length);

	cr_assert_eq(ima_value_decode(bytes, length, &value), IMA_VALUE_IS_SOUND);
	cr_assert_eq(crypto_digest(crypto, value.algorithm, content, strlen(content), digest), 0);
	struct signature signature = { value.keyid, value.algorithm, digest, value.bytes,
				       value.length };
	int result = keyring_verify(keyring, revocation, &signature, &key);

	cr_expect_eq(key != NULL, result != KEYRING_NO_KEY);
	return result;
}

static int verify(const struct keyring *keyring)
{
	return verify_over(keyring, NULL, "content");
}

static const char *const algorithms[] = { "sha1", "sha224", "sha256", "sha384", "sha512" };

static void expect_all_algorithms(const char *kind, const char *name)
{
	static const char *const files[] = { "a.pem", "a.der", "a.pub" };

	signer_make_key("a", kind);
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		signer_sign("file", "a", algorithms[i]);
		for (size_t j = 0; j < sizeof(files) / sizeof(files[0]); j++) {
			_cleanup_keyring_ struct keyring *keyring = read_key(files[j]);

			cr_expect_eq(verify(keyring), KEYRING_VERIFIED, "%s, %s", files[j],
				     algorithms[i]);
			cr_expect_eq(verify_over(keyring, NULL, "another"), KEYRING_INVALID);
			cr_expect_str_eq(keyring->keys[0].key.kind, name);
			cr_expect_str_eq(keyring->keys[0].path, files[j]);
		}
	}
}

Test(keyring, verifies_rsa_2048)
{
	expect_all_algorithms("rsa:2048", "RSA 2048");
}

Test(keyring, verifies_rsa_4096)
{
	expect_all_algorithms("rsa:4096", "RSA 4096");
}

Test(keyring, verifies_ecdsa_p256)
{
	expect_all_algorithms("prime256v1", "ECDSA P-256");
}

Test(keyring, verifies_ecdsa_p384)
{
	expect_all_algorithms("secp384r1", "ECDSA P-384");
}

Test(keyring, verifies_ecdsa_p521)
{
	expect_all_algorithms("secp521r1", "ECDSA P-521");
}

/* Each byte of the signature itself, once in each way. */
static void expect_no_change(const char *kind)
{
	const struct keyring_key *key;
	struct ima_value value;
	uint8_t digest[DIGEST_SIZE_MAX];
	size_t length;

	signer_make_key("a", kind);
	signer_sign("file", "a", "sha256");
	_cleanup_keyring_ struct keyring *keyring = read_key("a.der");
	_cleanup_free_ uint8_t *bytes = signer_read("file.sig", &length);

	cr_assert_eq(crypto_digest(crypto, DIGEST_SHA256, "content", 7, digest), 0);
	for (size_t i = IMA_SIGNATURE_HEADER; i < length; i++) {
		bytes[i] ^= (uint8_t)(1U << i % 8);
		cr_assert_eq(ima_value_decode(bytes, length, &value), IMA_VALUE_IS_SOUND);
		struct signature signature = { value.keyid, value.algorithm, digest, value.bytes,
					       value.length };

		cr_expect_eq(keyring_verify(keyring, NULL, &signature, &key), KEYRING_INVALID);
		bytes[i] ^= (uint8_t)(1U << i % 8);
		signature.length = i - IMA_SIGNATURE_HEADER;
		cr_expect_eq(keyring_verify(keyring, NULL, &signature, &key), KEYRING_INVALID,
			     "cut");
	}
	cr_expect_eq(verify(keyring), KEYRING_VERIFIED);
}

Test(keyring, notices_a_changed_byte_of_an_rsa_signature)
{
	expect_no_change("rsa:2048");
}

Test(keyring, notices_a_changed_byte_of_an_ecdsa_signature)
{
	expect_no_change("prime256v1");
}

Test(keyring, does_not_know_the_key_of_another)
{
	signer_make_key("a", "rsa:2048");
	signer_make_key("b", "rsa:2048");
	signer_sign("file", "a", "sha256");
	_cleanup_keyring_ struct keyring *keyring = read_key("b.der");

	cr_expect_eq(verify(keyring), KEYRING_NO_KEY);
	_cleanup_keyring_ struct keyring *none = read_keys(NULL, 0);

	cr_expect_eq(verify(none), KEYRING_NO_KEY);
}

Test(keyring, is_not_deceived_by_a_keyid)
{
	signer_make_key("a", "rsa:2048");
	signer_make_key("b", "rsa:2048");
	signer_run("evmctl ima_sign --sigfile -a sha256 --keyid-from-cert b.pem --key a.key file");
	_cleanup_keyring_ struct keyring *keyring = read_key("b.der");

	cr_expect_eq(verify(keyring), KEYRING_INVALID);
}

/* As the kernel has it, and as evmctl has it when it sees the certificate. */
Test(keyring, knows_the_keyid_of_a_certificate_and_that_of_its_key)
{
	signer_make_key("a", "rsa:2048");
	signer_run("openssl req -x509 -new -key a.key -subj /CN=n -days 10 -out n.pem "
		   "-addext subjectKeyIdentifier=0102030405aabbccdd");
	_cleanup_keyring_ struct keyring *keyring = read_key("n.pem");

	cr_expect_eq(keyring->keys[0].key.keyid_count, 2);
	cr_expect_eq(keyring->keys[0].key.keyids[0], 0xaabbccdd);
	signer_run("evmctl ima_sign --sigfile -a sha256 --keyid-from-cert n.pem --key a.key file");
	cr_expect_eq(verify(keyring), KEYRING_VERIFIED);
	signer_sign("file", "a", "sha256");
	cr_expect_eq(verify(keyring), KEYRING_VERIFIED);
	_cleanup_keyring_ struct keyring *usual = read_key("a.pem");

	cr_expect_eq(usual->keys[0].key.keyid_count, 1);
}

Test(keyring, tries_each_key_of_one_keyid)
{
	const char *const paths[] = { "x.pem", "y.pem" };

	signer_make_key("a", "rsa:2048");
	signer_make_key("b", "prime256v1");
	signer_run("openssl req -x509 -new -key a.key -subj /CN=x -days 10 -out x.pem "
		   "-addext subjectKeyIdentifier=01020304 && "
		   "openssl req -x509 -new -key b.key -subj /CN=y -days 10 -out y.pem "
		   "-addext subjectKeyIdentifier=01020304");
	_cleanup_keyring_ struct keyring *keyring = read_keys(paths, 2);

	for (const char *key = "ab"; *key; key++) {
		signer_run("evmctl ima_sign --sigfile -a sha256 --keyid-from-cert x.pem "
			   "--key %c.key file",
			   *key);
		cr_expect_eq(verify(keyring), KEYRING_VERIFIED, "%c", *key);
	}
}

static struct revoked_keys *read_revoked(const char *const *texts, size_t count)
{
	struct revoked_keys *revoked = NULL;

	cr_assert_eq(revoked_keys_read(NULL, texts, count, &revoked, &complaint), 0, "%s",
		     complaint.text);
	return revoked;
}

Test(keyring, does_not_count_revoked_keys)
{
	const char *const paths[] = { "a.der", "b.pub" }, *const revoked[] = { "a.pub" };

	signer_make_key("a", "rsa:2048");
	signer_make_key("b", "rsa:2048");
	_cleanup_keyring_ struct keyring *keyring = read_keys(paths, 2);
	struct revocation *revocation = revocation_new(read_revoked(revoked, 1));

	signer_sign("file", "a", "sha256");
	cr_expect_eq(verify_over(keyring, revocation, "content"), KEYRING_REVOKED,
		     "its key, not its certificate");
	signer_sign("file", "b", "sha256");
	cr_expect_eq(verify_over(keyring, revocation, "content"), KEYRING_VERIFIED);
	revocation_free(revocation);
}

/* Return: whether they are others than before. */
static bool count_revoked(struct revocation *revocation, const char *const *texts, size_t count)
{
	struct revoked_keys *keys = read_revoked(texts, count);

	return revocation_exchange(revocation, keys, revocation_generation_of(revocation, keys));
}

Test(keyring, does_not_count_keys_with_a_revoked_keyid)
{
	char keyid[9];
	const char *const texts[] = { "01234567", keyid };

	signer_make_key("a", "rsa:2048");
	signer_sign("file", "a", "sha256");
	_cleanup_keyring_ struct keyring *keyring = read_key("a.der");
	struct revocation *revocation = revocation_new(read_revoked(texts, 1));
	uint64_t generation = revocation_generation(revocation);

	cr_expect_eq(verify_over(keyring, revocation, "content"), KEYRING_VERIFIED);
	cr_expect_not(count_revoked(revocation, texts, 1));
	cr_expect_eq(revocation_generation(revocation), generation, "nothing has changed");
	snprintf(keyid, sizeof(keyid), "%08X", keyring->keys[0].key.keyids[0]);
	cr_expect(count_revoked(revocation, texts, 2));
	cr_expect_eq(verify_over(keyring, revocation, "content"), KEYRING_REVOKED);
	cr_expect_neq(revocation_generation(revocation), generation);
	count_revoked(revocation, texts, 0);
	cr_expect_eq(verify_over(keyring, revocation, "content"), KEYRING_VERIFIED);
	revocation_free(revocation);
}

/* What a worker has concluded counts for the next one, which reads the same set, and for none that has drawn another number. */
Test(keyring, a_generation_of_revoked_keys_means_one_set_in_all_processes)
{
	const char *const texts[] = { "01234567", "89abcdef" };
	struct revocation *first = revocation_new(read_revoked(texts, 0));
	struct revocation *next = revocation_new(read_revoked(texts, 0));
	uint64_t none = revocation_generation(first);

	cr_expect_neq(none, 0, "that of those who know of no revoked keys");
	cr_expect_neq(revocation_generation(next), none);
	count_revoked(first, texts, 1);
	uint64_t one = revocation_generation(first);

	count_revoked(first, texts, 2);
	count_revoked(first, texts, 1);
	cr_expect_neq(revocation_generation(first), one,
		      "a judgement that began with that set may have gone on with another one");
	cr_expect(revocation_exchange(next, read_revoked(texts, 1), one));
	cr_expect_eq(revocation_generation(next), one, "it is told which");
	cr_expect_not(count_revoked(next, texts, 1));
	cr_expect_eq(revocation_generation(next), one);
	cr_expect_not(revocation_exchange(next, read_revoked(texts, 1), one + 1));
	cr_expect_eq(revocation_generation(next), one + 1);
	count_revoked(next, texts, 0);
	cr_expect_gt(revocation_generation(next), one + 1);
	revocation_free(first);
	revocation_free(next);
}

struct exchange {
	struct revocation *revocation;
	const struct public_key *key;
	atomic_bool is_over;
};

static void *ask_often(void *place)
{
	struct exchange *exchange = place;
	uintptr_t revoked = 0;

	while (!atomic_load(&exchange->is_over) || revoked == 0)
		revoked += revocation_has(exchange->revocation, exchange->key);
	return (void *)revoked;
}

Test(keyring, exchanges_what_is_revoked_while_threads_ask)
{
	const char *const texts[] = { "a.pub" };
	pthread_t threads[3];

	signer_make_key("a", "prime256v1");
	_cleanup_keyring_ struct keyring *keyring = read_key("a.der");
	struct exchange exchange = { revocation_new(read_revoked(texts, 0)), &keyring->keys[0].key,
				     false };

	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, ask_often, &exchange), 0);
	for (size_t i = 0; i < 101; i++)
		count_revoked(exchange.revocation, texts, (i + 1) % 2);
	atomic_store(&exchange.is_over, true);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
	cr_expect(revocation_has(exchange.revocation, exchange.key));
	revocation_free(exchange.revocation);
}

Test(keyring, says_which_revoked_key_cannot_be_read)
{
	const char *const texts[] = { "01234567", "0123456g" };
	struct revoked_keys *revoked = NULL;

	cr_expect_eq(revoked_keys_read(NULL, texts, 2, &revoked, &complaint), -ENOENT);
	cr_expect_str_eq(complaint.text, "0123456g: No such file or directory");
}

Test(keyring, reads_many_of_one_file)
{
	signer_make_key("a", "rsa:2048");
	signer_make_key("b", "prime256v1");
	signer_run("{ echo a text; cat a.pem; echo; cat b.pub; echo an end; } >all.pem");
	_cleanup_keyring_ struct keyring *keyring = read_key("all.pem");

	cr_expect_eq(keyring->count, 2);
	cr_expect_str_eq(keyring->keys[1].key.kind, "ECDSA P-256");
}

/* What is made of the bytes is of these bytes, whatever the file has become. */
Test(keyring, is_of_the_bytes_that_were_read)
{
	static const char *const paths[] = { "a.pem" };
	struct key_files *files = NULL;
	struct keyring *keyring = NULL;

	signer_make_key("a", "rsa:2048");
	signer_make_key("b", "rsa:2048");
	cr_assert_eq(key_files_read(NULL, paths, 1, &files, &complaint), 0);
	signer_run("cp b.pem a.pem");
	cr_assert_eq(keyring_new(crypto, files, &keyring, &complaint), 0);
	signer_sign("file", "a", "sha256");
	cr_expect_eq(verify(keyring), KEYRING_VERIFIED);

	keyring_free(keyring);
}

static void expect_complaint(const char *path, int error, const char *text)
{
	struct keyring *keyring = NULL;

	complaint.text[0] = '\0';
	cr_expect_eq(keyring_read(crypto, &path, 1, &keyring, &complaint), error, "%s", path);
	cr_expect_null(keyring);
	cr_expect(strncmp(complaint.text, path, strlen(path)) == 0 && strstr(complaint.text, text),
		  "%s", complaint.text);
}

Test(keyring, says_what_is_wrong_with_a_file)
{
	signer_make_key("a", "rsa:2048");
	signer_make_key("small", "rsa:512");
	signer_make_key("curve", "secp256k1");
	signer_run("openssl genpkey -algorithm ed25519 -out e.key && "
		   "openssl pkey -in e.key -pubout -out e.pub && "
		   "openssl pkey -in e.key -pubout -outform DER -out e.der && "
		   "openssl genpkey -algorithm rsa-pss -out p.key && "
		   "openssl pkey -in p.key -pubout -out p.pub && "
		   "head -c 500 a.der >cut.der && { cat a.der; echo; } >more.der && "
		   "head -n 5 a.pem >cut.pem && { cat a.pem; cat cut.pem; } >second.pem && "
		   "{ cat a.pem; cat a.key; } >both.pem && : >empty && mkdir folder && "
		   "head -c 300000 /dev/zero >long && mkfifo pipe");
	expect_complaint("none", -ENOENT, "No such file");
	expect_complaint("folder", -EINVAL, "no regular file");
	expect_complaint("pipe", -EINVAL, "no regular file");
	expect_complaint("long", -E2BIG, "more than 262144 bytes");
	expect_complaint("empty", -EINVAL, "no certificate and no public key");
	expect_complaint("file", -EINVAL, "no certificate and no public key");
	expect_complaint("cut.der", -EINVAL, "no certificate and no public key");
	expect_complaint("more.der", -EINVAL, "no certificate and no public key");
	expect_complaint("cut.pem", -EINVAL, "a PEM block that cannot be read");
	expect_complaint("second.pem", -EINVAL, "a PEM block that cannot be read");
	expect_complaint("a.key", -EINVAL, "neither a CERTIFICATE nor a PUBLIC KEY");
	expect_complaint("both.pem", -EINVAL, "neither a CERTIFICATE nor a PUBLIC KEY");
	expect_complaint("small.der", -EINVAL, "1024 to 8192 bits");
	expect_complaint("curve.pem", -EINVAL, "P-256, P-384 or P-521");
	expect_complaint("e.pub", -EINVAL, "neither of RSA nor of ECDSA");
	expect_complaint("e.der", -EINVAL, "neither of RSA nor of ECDSA");
	expect_complaint("p.pub", -EINVAL, "neither of RSA nor of ECDSA");
}

Test(keyring, has_no_key_that_others_can_change)
{
	signer_make_key("a", "prime256v1");
	signer_run(
		"cp a.pub shared.pub && chmod 0666 shared.pub && mkdir open && chmod 0777 open && "
		"cp a.pub open && ln -s open/a.pub link");
	expect_complaint("shared.pub", -EPERM, "every user can change");
	expect_complaint("open/a.pub", -EPERM, "/open, and only ");
	expect_complaint("link", -EPERM, "/open, and only ");
}

Test(keyring, has_a_bound)
{
	struct keyring *keyring = NULL;
	const char *const paths[] = { "many.pem", "a.pub" };

	signer_make_key("a", "prime256v1");
	signer_run("for i in $(seq %d); do cat a.pub; done >many.pem; cat many.pem a.pub >more.pem",
		   KEYRING_KEYS_MAX);
	expect_complaint("more.pem", -EINVAL, "too many keys");
	cr_expect_eq(keyring_read(crypto, paths, 2, &keyring, &complaint), -E2BIG);
	cr_expect_str_eq(complaint.text, "a.pub: there are more than 256 keys");
	keyring = read_key("many.pem");
	cr_expect_eq(keyring->count, KEYRING_KEYS_MAX);
	keyring_free(keyring);
}

static void *verify_often(void *place)
{
	for (int i = 0; i < 50; i++)
		if (verify(place) != KEYRING_VERIFIED)
			return place;
	return NULL;
}

Test(keyring, serves_several_threads)
{
	pthread_t threads[4];
	void *failed;

	signer_make_key("a", "prime256v1");
	signer_sign("file", "a", "sha256");
	_cleanup_keyring_ struct keyring *keyring = read_key("a.der");

	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, verify_often, keyring), 0);
	for (size_t i = 0; i < 4; i++) {
		cr_assert_eq(pthread_join(threads[i], &failed), 0);
		cr_expect_null(failed);
	}
}
