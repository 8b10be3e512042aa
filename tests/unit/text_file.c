/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text_file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/nsxattr-text-file.XXXXXX";

static void enter_folder(void)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
	unlink("file");
	cr_expect_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(folder), 0);
}

TestSuite(text_file, .init = enter_folder, .fini = remove_folder);

static void write_file(const char *bytes, size_t length)
{
	int fd = open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_eq(write(fd, bytes, length), (ssize_t)length);
	cr_assert_eq(close(fd), 0);
}

static void expect_text(size_t limit, const char *bytes, size_t length)
{
	char *text = NULL;
	size_t read_length = 0;

	cr_assert_eq(text_file_read("file", limit, &text, &read_length), TEXT_FILE_READ);
	cr_assert_eq(read_length, length);
	cr_expect_arr_eq(text, bytes, length);
	free(text);
}

Test(text_file, is_read_as_it_is)
{
	write_file("a\0b\n", 4);
	expect_text(100, "a\0b\n", 4);
}

Test(text_file, may_be_empty)
{
	write_file("", 0);
	expect_text(100, "", 0);
}

Test(text_file, is_read_up_to_the_limit)
{
	write_file("abcdef", 6);
	expect_text(6, "abcdef", 6);
	expect_text(5, "abcde", 5);
}

static void expect_unread(const char *path, int expected)
{
	char *text = NULL;
	size_t length = 7;

	cr_expect_eq(text_file_read(path, 100, &text, &length), expected, "%s", path);
	cr_expect_null(text);
	cr_expect_eq(length, 7);
}

Test(text_file, is_neither_a_folder_nor_a_device_nor_a_pipe)
{
	cr_assert_eq(mkfifo("file", 0600), 0);
	expect_unread("file", TEXT_FILE_NOT_REGULAR);
	expect_unread(".", TEXT_FILE_NOT_REGULAR);
	expect_unread("/dev/zero", TEXT_FILE_NOT_REGULAR);
}

/* To open a socket fails. */
Test(text_file, is_not_opened_unless_it_is_regular)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "file" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	expect_unread("file", TEXT_FILE_NOT_REGULAR);
	cr_assert_eq(close(fd), 0);
}

Test(text_file, has_to_be_there)
{
	expect_unread("file", -ENOENT);
	expect_unread("", -ENOENT);
}

Test(text_file, can_be_begun_to_read_as_text)
{
	char text[4] = "xyz";

	write_file("abcdef", 6);
	cr_expect_eq(text_file_read_start("file", text, sizeof(text)), 3);
	cr_expect_str_eq(text, "abc");
	cr_expect_eq(text_file_read_start("none", text, sizeof(text)), -ENOENT);
	cr_expect_gt(text_file_read_start("/proc/self/status", text, sizeof(text)), 0);
}
