/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/revoked_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "integrity/keyring.h"

#define KEYID_DIGITS 8

bool revoked_key_is_keyid(const char *text, uint32_t *ret_keyid)
{
	if (strlen(text) != KEYID_DIGITS || strspn(text, "0123456789abcdefABCDEF") != KEYID_DIGITS)
		return false;
	*ret_keyid = (uint32_t)strtoul(text, NULL, 16);
	return true;
}

static struct revoked_keys *make_room(size_t keyids, size_t fingerprints)
{
	struct revoked_keys *keys = calloc(1, sizeof(*keys));

	if (!keys)
		return NULL;
	keys->keyids = calloc(keyids + 1, sizeof(keys->keyids[0]));
	keys->fingerprints = calloc(fingerprints + 1, sizeof(keys->fingerprints[0]));
	if (keys->keyids && keys->fingerprints)
		return keys;
	revoked_keys_free(keys);
	return NULL;
}

static int read_files(struct crypto *crypto, const struct trust_root *root,
		      const char *const *texts, size_t count, struct keyring **ret_keyring,
		      struct key_complaint *complaint)
{
	_cleanup_free_ const char **paths = calloc(count + 1, sizeof(*paths));
	struct key_files *files = NULL;
	size_t path_count = 0;
	uint32_t keyid;

	if (!paths)
		return key_complain_errno(complaint, -ENOMEM);
	for (size_t i = 0; i < count; i++)
		if (!revoked_key_is_keyid(texts[i], &keyid))
			paths[path_count++] = texts[i];
	int error = key_files_read(root, paths, path_count, &files, complaint);

	return error ? error : keyring_new(crypto, files, ret_keyring, complaint);
}

static int make_set(const char *const *texts, size_t count, const struct keyring *keyring,
		    struct revoked_keys **ret_keys)
{
	struct revoked_keys *keys = make_room(count, keyring->count);

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (revoked_key_is_keyid(texts[i], &keys->keyids[keys->keyid_count]))
			keys->keyid_count++;
	for (size_t i = 0; i < keyring->count; i++)
		memcpy(keys->fingerprints[keys->fingerprint_count++],
		       keyring->keys[i].key.fingerprint, FINGERPRINT_SIZE);
	*ret_keys = keys;
	return 0;
}

int revoked_keys_read(const struct trust_root *root, const char *const *texts, size_t count,
		      struct revoked_keys **ret_keys, struct key_complaint *ret_complaint)
{
	_cleanup_crypto_ struct crypto *crypto = NULL;
	_cleanup_keyring_ struct keyring *keyring = NULL;
	int error = crypto_new(&crypto);

	ret_complaint->text[0] = '\0';
	if (!error)
		error = read_files(crypto, root, texts, count, &keyring, ret_complaint);
	if (!error)
		error = make_set(texts, count, keyring, ret_keys);
	if (error && ret_complaint->text[0] == '\0')
		(void)key_complain_errno(ret_complaint, error);
	return error;
}

/* ---- as bytes ---- */

/** struct head - what they begin with */
struct head {
	uint64_t keyids, fingerprints;
};

static size_t packed_length(const struct head *head)
{
	return sizeof(*head) + (size_t)head->keyids * sizeof(uint32_t) +
	       (size_t)head->fingerprints * FINGERPRINT_SIZE;
}

int revoked_keys_pack(const struct revoked_keys *keys, char **ret_bytes, size_t *ret_length)
{
	const struct head head = { keys->keyid_count, keys->fingerprint_count };
	size_t keyids_length = keys->keyid_count * sizeof(keys->keyids[0]);
	char *bytes = malloc(packed_length(&head));

	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), keys->keyids, keyids_length);
	memcpy(bytes + sizeof(head) + keyids_length, keys->fingerprints,
	       keys->fingerprint_count * FINGERPRINT_SIZE);
	*ret_bytes = bytes;
	*ret_length = packed_length(&head);
	return 0;
}

static bool read_head(const char *bytes, size_t length, struct head *ret_head)
{
	if (length < sizeof(*ret_head))
		return false;
	memcpy(ret_head, bytes, sizeof(*ret_head));
	return ret_head->keyids <= REVOKED_KEYS_MAX && ret_head->fingerprints <= KEYRING_KEYS_MAX &&
	       length == packed_length(ret_head);
}

int revoked_keys_unpack(const char *bytes, size_t length, struct revoked_keys **ret_keys)
{
	struct head head;

	if (!read_head(bytes, length, &head))
		return -EBADMSG;
	struct revoked_keys *keys = make_room((size_t)head.keyids, (size_t)head.fingerprints);

	if (!keys)
		return -ENOMEM;
	keys->keyid_count = (size_t)head.keyids;
	keys->fingerprint_count = (size_t)head.fingerprints;
	size_t keyids_length = keys->keyid_count * sizeof(keys->keyids[0]);

	memcpy(keys->keyids, bytes + sizeof(head), keyids_length);
	memcpy(keys->fingerprints, bytes + sizeof(head) + keyids_length,
	       keys->fingerprint_count * FINGERPRINT_SIZE);
	*ret_keys = keys;
	return 0;
}
