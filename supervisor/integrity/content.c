/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/content.h"

#include <errno.h>
#include <linux/fsverity.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "integrity/crypto.h"

/* So much stays in the processor's cache between the read and the digest. */
#define CHUNK (64 * 1024)

/* Return: 0: go on. */
static int look_around(const struct content *content)
{
	if (content->deadline > 0 && clock_milliseconds() >= content->deadline)
		return -ETIMEDOUT;
	return content->interrupt ? content->interrupt(content->place) : 0;
}

/* Return: how many were read, at least one; -errno. */
static ssize_t read_at(int fd, uint8_t *bytes, size_t size, off_t at)
{
	ssize_t count;

	do
		count = pread(fd, bytes, size, at);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	return count > 0 ? count : -EAGAIN;
}

static int add_all(const struct content *content, off_t size, struct digest *digest)
{
	_cleanup_free_ uint8_t *bytes = malloc(CHUNK);
	ssize_t count;

	if (!bytes)
		return -ENOMEM;
	for (off_t at = 0; at < size; at += count) {
		size_t wanted = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		int error = look_around(content);

		if (error)
			return error;
		count = read_at(content->fd, bytes, wanted, at);
		error = count < 0 ? (int)count : digest_add(digest, bytes, (size_t)count);
		if (error)
			return error;
	}
	return 0;
}

static int make_digest(struct content *content, enum digest_algorithm algorithm)
{
	_cleanup_digest_ struct digest *digest = NULL;
	struct stat status;

	if (fstat(content->fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	int error = digest_new(content->crypto, algorithm, &digest);

	if (!error)
		error = add_all(content, status.st_size, digest);
	return error ? error : digest_finish(digest, content->digest);
}

int content_digest(struct content *content, enum digest_algorithm algorithm,
		   const uint8_t **ret_digest)
{
	if (!content->is_digested || content->algorithm != algorithm) {
		int error = make_digest(content, algorithm);

		if (error)
			return error;
		content->is_digested = true;
		content->algorithm = algorithm;
	}
	*ret_digest = content->digest;
	return 0;
}

/* ---- fs-verity ---- */

static bool find_algorithm(unsigned int number, enum digest_algorithm *ret_algorithm)
{
	*ret_algorithm = number == FS_VERITY_HASH_ALG_SHA512 ? DIGEST_SHA512 : DIGEST_SHA256;
	return number == FS_VERITY_HASH_ALG_SHA256 || number == FS_VERITY_HASH_ALG_SHA512;
}

int content_verity_digest(const struct content *content, enum digest_algorithm *ret_algorithm,
			  uint8_t ret_digest[DIGEST_SIZE_MAX])
{
	_Alignas(struct fsverity_digest)
		uint8_t room[sizeof(struct fsverity_digest) + DIGEST_SIZE_MAX];
	struct fsverity_digest *found = (struct fsverity_digest *)room;
	enum digest_algorithm algorithm;

	found->digest_size = DIGEST_SIZE_MAX;
	if (ioctl(content->fd, FS_IOC_MEASURE_VERITY, found) < 0)
		return errno == ENOTTY || errno == EOPNOTSUPP ? -ENODATA : -errno;
	if (!find_algorithm(found->digest_algorithm, &algorithm) ||
	    found->digest_size != digest_size(algorithm))
		return -EOPNOTSUPP;
	*ret_algorithm = algorithm;
	memcpy(ret_digest, found->digest, digest_size(algorithm));
	return 0;
}
