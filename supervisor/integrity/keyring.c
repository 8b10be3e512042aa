/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/keyring.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text_file.h"

/* ---- reading ---- */

/* Return: @error. */
static int complain(struct keyring_complaint *complaint, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int complain(struct keyring_complaint *complaint, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(complaint->text, sizeof(complaint->text), format, arguments);
	va_end(arguments);
	return error;
}

static int read_bytes(const char *path, uint8_t **ret_bytes, size_t *ret_length,
		      struct keyring_complaint *complaint)
{
	_cleanup_free_ char *bytes = NULL;
	size_t length;
	int result = text_file_read(path, KEYRING_FILE_SIZE_MAX + 1, &bytes, &length);

	if (result < 0)
		return complain(complaint, result, "%s: %s", path, strerror(-result));
	if (result == TEXT_FILE_NOT_REGULAR)
		return complain(complaint, -EINVAL, "%s: it is no regular file", path);
	if (length > KEYRING_FILE_SIZE_MAX)
		return complain(complaint, -E2BIG, "%s: it has more than %d bytes", path,
				KEYRING_FILE_SIZE_MAX);
	*ret_bytes = (uint8_t *)TAKE_PTR(bytes);
	*ret_length = length;
	return 0;
}

/* A certificate, and the key that is in it, may both be there: the certificate can have another keyid. */
static int add_key(struct keyring *keyring, const char *path, struct public_key *key,
		   struct keyring_complaint *complaint)
{
	_cleanup_free_ char *own_path = strdup(path);

	if (!own_path)
		return complain(complaint, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	keyring->keys[keyring->count++] = (struct keyring_key){ *key, TAKE_PTR(own_path) };
	*key = (struct public_key){ 0 };
	return 0;
}

static int add_keys(struct keyring *keyring, const char *path, struct public_key *keys,
		    size_t count, struct keyring_complaint *complaint)
{
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		if (!error)
			error = add_key(keyring, path, &keys[i], complaint);
		public_key_done(&keys[i]);
	}
	return error;
}

static int add_file(struct keyring *keyring, const char *path, struct keyring_complaint *complaint)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t length, count, room = KEYRING_KEYS_MAX - keyring->count;
	struct public_key keys[KEYRING_KEYS_MAX];
	const char *reason;
	int error = read_bytes(path, &bytes, &length, complaint);

	if (error)
		return error;
	if (room == 0)
		return complain(complaint, -E2BIG, "%s: there are more than %d keys", path,
				KEYRING_KEYS_MAX);
	error = crypto_read_keys(keyring->crypto, bytes, length, keys, room, &count, &reason);
	if (error)
		return complain(complaint, error, "%s: %s", path,
				error == -EINVAL ? reason : strerror(-error));
	return add_keys(keyring, path, keys, count, complaint);
}

int keyring_new(struct crypto *crypto, const char *const *paths, size_t count,
		struct keyring **ret_keyring, struct keyring_complaint *ret_complaint)
{
	_cleanup_keyring_ struct keyring *keyring = calloc(1, sizeof(*keyring));

	if (!keyring)
		return complain(ret_complaint, -ENOMEM, "%s", strerror(ENOMEM));
	keyring->crypto = crypto;
	for (size_t i = 0; i < count; i++) {
		int error = add_file(keyring, paths[i], ret_complaint);

		if (error)
			return error;
	}
	*ret_keyring = TAKE_PTR(keyring);
	return 0;
}

void keyring_free(struct keyring *keyring)
{
	if (!keyring)
		return;
	for (size_t i = 0; i < keyring->count; i++) {
		public_key_done(&keyring->keys[i].key);
		free(keyring->keys[i].path);
	}
	free(keyring);
}

/* ---- verifying ---- */

static bool has_keyid(const struct public_key *key, uint32_t keyid)
{
	for (unsigned int i = 0; i < key->keyid_count; i++)
		if (key->keyids[i] == keyid)
			return true;
	return false;
}

/* The key itself counts, not what it came in, nor a keyid, which is chosen by those who make signatures. */
static bool has_key(const struct keyring *keyring, const struct public_key *key)
{
	for (size_t i = 0; i < keyring->count; i++)
		if (memcmp(keyring->keys[i].key.fingerprint, key->fingerprint, FINGERPRINT_SIZE) ==
		    0)
			return true;
	return false;
}

/* Return: an enum keyring_result, of a key that has the keyid; -ENOMEM. */
static int verify_with(const struct keyring *keyring, const struct keyring *revoked,
		       const struct public_key *key, const struct signature *signature)
{
	if (revoked && has_key(revoked, key))
		return KEYRING_REVOKED;
	int result = public_key_verify(keyring->crypto, key, signature->algorithm,
				       signature->digest, signature->bytes, signature->length);

	if (result < 0)
		return result;
	return result ? KEYRING_VERIFIED : KEYRING_INVALID;
}

int keyring_verify(const struct keyring *keyring, const struct keyring *revoked,
		   const struct signature *signature, const struct keyring_key **ret_key)
{
	int result = KEYRING_NO_KEY;

	*ret_key = NULL;
	for (size_t i = 0; i < keyring->count && result != KEYRING_VERIFIED; i++) {
		const struct keyring_key *candidate = &keyring->keys[i];

		if (!has_keyid(&candidate->key, signature->keyid))
			continue;
		result = verify_with(keyring, revoked, &candidate->key, signature);
		*ret_key = candidate;
		if (result < 0)
			break;
	}
	return result;
}
