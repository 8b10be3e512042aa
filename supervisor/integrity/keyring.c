/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/keyring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "integrity/revocation.h"

/* ---- reading ---- */

static int add_file(struct keyring *keyring, const struct key_file *file,
		    struct key_complaint *complaint)
{
	size_t count, room = KEYRING_KEYS_MAX - keyring->count;
	struct public_key keys[KEYRING_KEYS_MAX];
	const char *reason;

	if (room == 0)
		return key_complain(complaint, -E2BIG, "%s: there are more than %d keys",
				    file->path, KEYRING_KEYS_MAX);
	int error = crypto_read_keys(keyring->crypto, file->bytes, file->length, keys, room, &count,
				     &reason);

	if (error)
		return key_complain(complaint, error, "%s: %s", file->path,
				    error == -EINVAL ? reason : strerror(-error));
	/* A certificate, and the key that is in it, may both be there: the certificate can have another keyid. */
	for (size_t i = 0; i < count; i++)
		keyring->keys[keyring->count++] = (struct keyring_key){ keys[i], file->path };
	return 0;
}

int keyring_new(struct crypto *crypto, struct key_files *files, struct keyring **ret_keyring,
		struct key_complaint *ret_complaint)
{
	_cleanup_keyring_ struct keyring *keyring = calloc(1, sizeof(*keyring));

	if (!keyring) {
		key_files_free(files);
		return key_complain_errno(ret_complaint, -ENOMEM);
	}
	keyring->crypto = crypto;
	keyring->files = files;
	for (size_t i = 0; i < files->count; i++) {
		int error = add_file(keyring, &files->files[i], ret_complaint);

		if (error)
			return error;
	}
	*ret_keyring = TAKE_PTR(keyring);
	return 0;
}

int keyring_read(struct crypto *crypto, const char *const *paths, size_t count,
		 struct keyring **ret_keyring, struct key_complaint *ret_complaint)
{
	struct key_files *files = NULL;
	int error = key_files_read(NULL, paths, count, &files, ret_complaint);

	return error ? error : keyring_new(crypto, files, ret_keyring, ret_complaint);
}

void keyring_free(struct keyring *keyring)
{
	if (!keyring)
		return;
	for (size_t i = 0; i < keyring->count; i++)
		public_key_done(&keyring->keys[i].key);
	key_files_free(keyring->files);
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

/* Return: an enum keyring_result, of a key that has the keyid; -ENOMEM. */
static int verify_with(const struct keyring *keyring, struct revocation *revocation,
		       const struct public_key *key, const struct signature *signature)
{
	if (revocation_has(revocation, key))
		return KEYRING_REVOKED;
	int result = public_key_verify(keyring->crypto, key, signature->algorithm,
				       signature->digest, signature->bytes, signature->length);

	if (result < 0)
		return result;
	return result ? KEYRING_VERIFIED : KEYRING_INVALID;
}

int keyring_verify(const struct keyring *keyring, struct revocation *revocation,
		   const struct signature *signature, const struct keyring_key **ret_key)
{
	int result = KEYRING_NO_KEY;

	*ret_key = NULL;
	for (size_t i = 0; i < keyring->count && result != KEYRING_VERIFIED; i++) {
		const struct keyring_key *candidate = &keyring->keys[i];

		if (!has_keyid(&candidate->key, signature->keyid))
			continue;
		result = verify_with(keyring, revocation, &candidate->key, signature);
		*ret_key = candidate;
		if (result < 0)
			break;
	}
	return result;
}
