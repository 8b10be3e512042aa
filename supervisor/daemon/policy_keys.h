/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_POLICY_KEYS_H
#define NSXATTR_DAEMON_POLICY_KEYS_H

/*
 * The keys of a policy that judges what is executed. They are read with the policy, and are the policy's from then on: a
 * container keeps the keys that it began with, whatever becomes of their files. So the bytes of these files are kept
 * behind the text of the policy (daemon/entries.h), in this form, with numbers of 64 bits of this machine:
 *
 *	count of files; of each: length of the path, length of the content, path, content
 */

#include <stddef.h>
#include <stdint.h>

#include "integrity/crypto.h"
#include "integrity/keyring.h"

struct integrity;
struct trust_root;

/** struct policy_keys - any thread may use them */
struct policy_keys {
	struct crypto *crypto;
	struct keyring *keyring;
};

/**
 * policy_keys_read() - read the files that a policy names
 * @root: where paths begin
 * @ret_keys: policy_keys_free() them
 * @ret_complaint: on failure: what is wrong, and with which file
 *
 * Return: 0; -errno.
 */
int policy_keys_read(const struct integrity *integrity, const struct trust_root *root,
		     struct policy_keys **ret_keys, struct key_complaint *ret_complaint);

/** policy_keys_free() - NULL is accepted. */
void policy_keys_free(struct policy_keys *keys);

/**
 * policy_keys_pack() - the files as bytes
 * @ret_bytes: the caller's to free(3)
 *
 * Return: 0; -ENOMEM.
 */
int policy_keys_pack(const struct policy_keys *keys, char **ret_bytes, size_t *ret_length);

/** policy_keys_unpack() - the keys of such bytes. Return: 0; -EBADMSG: they are none; -errno as policy_keys_read(). */
int policy_keys_unpack(const char *bytes, size_t length, struct policy_keys **ret_keys);

#endif
