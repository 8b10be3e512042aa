/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_REVOKED_KEYS_H
#define NSXATTR_INTEGRITY_REVOKED_KEYS_H

/* How settings name revoked keys: a keyid, in eight hexadecimal digits, or the absolute path of a file of keys. */

#include "integrity/key_files.h"
#include "integrity/revocation.h"

/* Of one file of settings. */
#define REVOKED_KEYS_MAX 256

/** revoked_key_is_keyid() - Return: is it a keyid? */
bool revoked_key_is_keyid(const char *text, uint32_t *ret_keyid);

/**
 * revoked_keys_read() - make a set of what settings name
 * @root: where paths begin; NULL: where they do for this process
 * @texts: @count of them, 0 will do
 * @ret_keys: to be freed with revoked_keys_free()
 * @ret_complaint: on failure: which file, and what is wrong with it
 *
 * Return: 0; as key_files_read() and keyring_new().
 */
int revoked_keys_read(const struct trust_root *root, const char *const *texts, size_t count,
		      struct revoked_keys **ret_keys, struct key_complaint *ret_complaint);

/**
 * revoked_keys_pack() - a set as bytes, with numbers of 64 bits of this machine: count of keyids, count of keys,
 *                       keyids, fingerprints of keys
 * @ret_bytes: the caller's to free(3)
 *
 * Return: 0; -ENOMEM.
 */
int revoked_keys_pack(const struct revoked_keys *keys, char **ret_bytes, size_t *ret_length);

/** revoked_keys_unpack() - the set of such bytes. Return: 0; -EBADMSG: they are none; -ENOMEM. */
int revoked_keys_unpack(const char *bytes, size_t length, struct revoked_keys **ret_keys);

#endif
