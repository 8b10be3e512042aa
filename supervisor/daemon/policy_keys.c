/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "integrity.h"

/* Of a list of files, which is bounded where policies are read. */
#define FILES_MAX 4096

/** make() - @files: the keys', or released on failure */
static int make(struct key_files *files, struct policy_keys **ret_keys,
		struct key_complaint *complaint)
{
	struct policy_keys *keys = calloc(1, sizeof(*keys));
	int r = keys ? crypto_new(&keys->crypto) : -ENOMEM;

	if (r == 0) {
		r = keyring_new(keys->crypto, files, &keys->keyring, complaint);
	} else {
		key_files_free(files);
		(void)key_complain_errno(complaint, r);
	}
	if (r < 0)
		policy_keys_free(keys);
	else
		*ret_keys = keys;
	return r;
}

int policy_keys_read(const struct integrity *integrity, const struct trust_root *root,
		     struct policy_keys **ret_keys, struct key_complaint *ret_complaint)
{
	struct key_files *files = NULL;
	int r = key_files_read(root, integrity->keys, integrity->key_count, &files, ret_complaint);

	return r < 0 ? r : make(files, ret_keys, ret_complaint);
}

void policy_keys_free(struct policy_keys *keys)
{
	if (!keys)
		return;
	keyring_free(keys->keyring);
	crypto_free(keys->crypto);
	free(keys);
}

/* ---- as bytes ---- */

static size_t packed_size(const struct key_files *files)
{
	size_t size = sizeof(uint64_t);

	for (size_t i = 0; i < files->count; i++)
		size += 2 * sizeof(uint64_t) + strlen(files->files[i].path) +
			files->files[i].length;
	return size;
}

static char *put(char *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

static char *put_number(char *at, uint64_t number)
{
	return put(at, &number, sizeof(number));
}

int policy_keys_pack(const struct policy_keys *keys, char **ret_bytes, size_t *ret_length)
{
	const struct key_files *files = keys->keyring->files;
	size_t size = packed_size(files);
	char *bytes = malloc(size), *at = bytes;

	if (!bytes)
		return -ENOMEM;
	at = put_number(at, files->count);
	for (size_t i = 0; i < files->count; i++) {
		const struct key_file *file = &files->files[i];

		at = put_number(at, strlen(file->path));
		at = put_number(at, file->length);
		at = put(at, file->path, strlen(file->path));
		at = put(at, file->bytes, file->length);
	}
	*ret_bytes = bytes;
	*ret_length = size;
	return 0;
}

/** struct packed - bytes that are taken apart */
struct packed {
	const char *at;
	size_t left;
};

static bool take(struct packed *packed, void *ret_bytes, size_t length)
{
	if (packed->left < length)
		return false;
	memcpy(ret_bytes, packed->at, length);
	packed->at += length;
	packed->left -= length;
	return true;
}

/* Return: @length bytes and a NUL, the caller's; NULL: there are not so many, or there is no memory. */
static char *take_copy(struct packed *packed, uint64_t length)
{
	char *copy = length <= packed->left ? malloc((size_t)length + 1) : NULL;

	if (copy && take(packed, copy, (size_t)length))
		copy[length] = '\0';
	return copy;
}

static bool take_file(struct packed *packed, struct key_file *file)
{
	uint64_t path_length, length;

	if (!take(packed, &path_length, sizeof(path_length)) ||
	    !take(packed, &length, sizeof(length)))
		return false;
	file->path = take_copy(packed, path_length);
	file->bytes = (uint8_t *)take_copy(packed, length);
	file->length = (size_t)length;
	return file->path && file->bytes;
}

int policy_keys_unpack(const char *bytes, size_t length, struct policy_keys **ret_keys)
{
	struct packed packed = { bytes, length };
	struct key_complaint complaint;
	uint64_t count;

	if (!take(&packed, &count, sizeof(count)) || count > FILES_MAX)
		return -EBADMSG;
	_cleanup_key_files_ struct key_files *files = key_files_new((size_t)count);

	if (!files)
		return -ENOMEM;
	while (files->count < (size_t)count)
		if (!take_file(&packed, &files->files[files->count++]))
			return -EBADMSG;
	return packed.left > 0 ? -EBADMSG : make(TAKE_PTR(files), ret_keys, &complaint);
}
