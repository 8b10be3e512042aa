/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/content.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "integrity/crypto.h"

static struct crypto *crypto;
static uint8_t *bytes;
static int file;

#define SIZE (300 * 1000)

static void begin(void)
{
	cr_assert_eq(crypto_new(&crypto), 0);
	bytes = malloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 1000);
	file = memfd_create("content", MFD_CLOEXEC);
	cr_assert_eq(write(file, bytes, SIZE), SIZE);
}

static void end(void)
{
	crypto_free(crypto);
	free(bytes);
	close(file);
}

TestSuite(content, .init = begin, .fini = end);

static void expect_digest(struct content *content, enum digest_algorithm algorithm, size_t size)
{
	uint8_t expected[DIGEST_SIZE_MAX];
	const uint8_t *digest;

	cr_assert_eq(crypto_digest(crypto, algorithm, bytes, size, expected), 0);
	cr_assert_eq(content_digest(content, algorithm, &digest), 0);
	cr_expect_eq(memcmp(digest, expected, digest_size(algorithm)), 0);
}

Test(content, is_digested_whole_whatever_its_size)
{
	static const size_t sizes[] = { SIZE, 65537, 65536, 65535, 1, 0 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct content content = { .crypto = crypto, .fd = file };

		cr_assert_eq(ftruncate(file, (off_t)sizes[i]), 0);
		expect_digest(&content, DIGEST_SHA256, sizes[i]);
	}
}

Test(content, is_read_once_for_an_algorithm)
{
	struct content content = { .crypto = crypto, .fd = file };

	expect_digest(&content, DIGEST_SHA256, SIZE);
	cr_assert_eq(ftruncate(file, 10), 0);
	expect_digest(&content, DIGEST_SHA256, SIZE);
	expect_digest(&content, DIGEST_SHA512, 10);
	expect_digest(&content, DIGEST_SHA256, 10);
}

Test(content, is_read_from_its_beginning_whatever_the_position)
{
	struct content content = { .crypto = crypto, .fd = file };

	cr_assert_eq(lseek(file, 1000, SEEK_SET), 1000);
	expect_digest(&content, DIGEST_SHA1, SIZE);
	cr_expect_eq(lseek(file, 0, SEEK_CUR), 1000);
}

static int grow_or_shrink(void *place)
{
	return ftruncate(file, *(off_t *)place) < 0 ? -errno : 0;
}

Test(content, is_what_it_was_when_it_began_to_be_read)
{
	off_t size = SIZE + 1000000;
	struct content content = {
		.crypto = crypto, .fd = file, .interrupt = grow_or_shrink, .place = &size
	};
	const uint8_t *digest;

	expect_digest(&content, DIGEST_SHA256, SIZE);
	size = 1000;
	cr_expect_eq(content_digest(&content, DIGEST_SHA512, &digest), -EAGAIN);
}

static int count_down(void *place)
{
	return --*(int *)place ? 0 : -ESRCH;
}

Test(content, is_not_read_on_when_a_function_says_so)
{
	int left = 3;
	struct content content = {
		.crypto = crypto, .fd = file, .interrupt = count_down, .place = &left
	};
	const uint8_t *digest;

	cr_expect_eq(content_digest(&content, DIGEST_SHA256, &digest), -ESRCH);
	cr_expect_eq(left, 0);
	content.interrupt = NULL;
	expect_digest(&content, DIGEST_SHA256, SIZE);
}

Test(content, is_not_read_after_the_deadline)
{
	struct content content = { .crypto = crypto, .fd = file, .deadline = 1 };
	const uint8_t *digest;

	cr_expect_eq(content_digest(&content, DIGEST_SHA256, &digest), -ETIMEDOUT);
	content.deadline = clock_milliseconds() + 100000;
	expect_digest(&content, DIGEST_SHA256, SIZE);
}

Test(content, is_that_of_a_regular_file_open_for_reading)
{
	_cleanup_fd_ int folder = open("/", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int path = open("/etc/passwd", O_PATH | O_CLOEXEC);
	const int wrong[] = { folder, null };
	const uint8_t *digest;

	for (size_t i = 0; i < 2; i++) {
		struct content content = { .crypto = crypto, .fd = wrong[i] };

		cr_expect_eq(content_digest(&content, DIGEST_SHA256, &digest), -EINVAL);
	}
	struct content content = { .crypto = crypto, .fd = path };

	cr_expect_eq(content_digest(&content, DIGEST_SHA256, &digest), -EBADF);
}

Test(content, has_no_fs_verity_where_there_is_none)
{
	struct content content = { .crypto = crypto, .fd = file };
	enum digest_algorithm algorithm;
	uint8_t digest[DIGEST_SIZE_MAX];

	cr_expect_eq(content_verity_digest(&content, &algorithm, digest), -ENODATA);
}
