/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_KEY_FILES_H
#define NSXATTR_INTEGRITY_KEY_FILES_H

/*
 * The files of keys that a policy names. Each is read once: keys (integrity/keyring.h) and boot_aggregate
 * (integrity/measurements.h) are made of the same bytes. Who can change such a file decides what a container executes:
 * so only root may be able to, or the user who we are (base/trust.h).
 */

#include <stddef.h>
#include <stdint.h>

struct trust_root;

/* Bytes of one file. */
#define KEY_FILE_SIZE_MAX (1 << 18)

/** struct key_file - one of them */
struct key_file {
	char *path; /* as it was named */
	uint8_t *bytes;
	size_t length;
};

/** struct key_files - in the order of the policy; its members are of malloc(3) */
struct key_files {
	size_t count;
	struct key_file files[];
};

/** struct key_complaint - room for what is wrong with a file of keys */
struct key_complaint {
	char text[1024];
};

/** key_complain() - printf(3). Return: @error. */
int key_complain(struct key_complaint *complaint, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** key_complain_errno() - with the words of errno(3) alone. @error: -errno. Return: @error. */
int key_complain_errno(struct key_complaint *complaint, int error);

/** key_files_new() - room for @count files, to be filled; count is 0 at first. Return: NULL when there is no memory. */
struct key_files *key_files_new(size_t count);

/**
 * key_files_read() - read them
 * @root: where their paths begin; NULL: where they do for this process
 * @paths: @count of them, 0 will do
 * @ret_files: to be freed with key_files_free()
 * @ret_complaint: on failure: which file, and what is wrong with it
 *
 * Return: 0; -EPERM: others can change it; -EINVAL: it is no regular file; -E2BIG: it is too long; -errno of open(2)
 * or read(2); -ENOMEM.
 */
int key_files_read(const struct trust_root *root, const char *const *paths, size_t count,
		   struct key_files **ret_files, struct key_complaint *ret_complaint);

/** key_files_free() - NULL is accepted */
void key_files_free(struct key_files *files);

static inline void cleanup_key_files(struct key_files **files)
{
	key_files_free(*files);
}

#define _cleanup_key_files_ __attribute__((cleanup(cleanup_key_files)))

#endif
