/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_CONTENT_H
#define NSXATTR_INTEGRITY_CONTENT_H

/* What a file contains: its digest, made once for all who ask. */

#include <stdbool.h>
#include <stdint.h>

#include "digest_algorithm.h"

struct crypto;

/** struct content - of one file; all before is_digested is the caller's to set, the rest is zero at first */
struct content {
	struct crypto *crypto;
	int fd; /* a regular file, open for reading */
	uint64_t deadline; /* clock_milliseconds(): when reading it has to have ended; 0: never */
	int (*interrupt)(
		void *place); /* asked between reads; not 0: what to return; NULL: not asked */
	void *place;
	bool is_digested;
	enum digest_algorithm algorithm;
	uint8_t digest[DIGEST_SIZE_MAX];
};

/**
 * content_digest() - the digest of the whole file
 * @ret_digest: digest_size(@algorithm) bytes, @content's, until another algorithm is asked for
 *
 * The file is read from its beginning as far as its size was then, as the kernel does it. Between reads, of at most
 * 64 KiB, the deadline is looked at: a file system that does not answer a read keeps the thread.
 *
 * Return: 0; -ETIMEDOUT; -EAGAIN: the file has become shorter meanwhile; -EINVAL: it is no regular file; -errno of
 * pread(2); what the function said that interrupts.
 */
int content_digest(struct content *content, enum digest_algorithm algorithm,
		   const uint8_t **ret_digest);

/**
 * content_verity_digest() - the digest that fs-verity has of a file, which is not read for it
 * @ret_digest: digest_size(@ret_algorithm) bytes
 *
 * Return: 0; -ENODATA: the file, or its file system, has no fs-verity; -EOPNOTSUPP: an algorithm that is none of ours;
 * -errno of ioctl(2).
 */
int content_verity_digest(const struct content *content, enum digest_algorithm *ret_algorithm,
			  uint8_t ret_digest[DIGEST_SIZE_MAX]);

#endif
