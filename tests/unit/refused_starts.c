/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/refused_starts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define FILE_NAME "nsxattr-refused-starts"

static char path[] = "/tmp/refused_starts.XXXXXX";
static int folder = -1;
static struct refused_starts starts;

static void make_folder(void)
{
	cr_assert_not_null(mkdtemp(path));
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(folder, 0);
}

static void remove_folder(void)
{
	refused_starts_done(&starts);
	(void)unlinkat(folder, FILE_NAME, 0);
	(void)unlinkat(folder, FILE_NAME ".old", 0);
	(void)unlinkat(folder, "other", 0);
	fd_close(&folder);
	(void)rmdir(path);
}

TestSuite(refused_starts, .init = make_folder, .fini = remove_folder, .timeout = 60);

static void keep(const char *container, const char *reason)
{
	cr_assert_eq(refused_starts_keep_in(folder, container, reason), 0);
}

static void read_all(void)
{
	refused_starts_done(&starts);
	refused_starts_add_from(folder, geteuid(), geteuid(), &starts);
}

static void write_file(const char *name, const char *text)
{
	_cleanup_fd_ int file = openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
}

Test(refused_starts, are_kept_with_name_and_reason)
{
	keep("web", "there is no policy 'x\"y'");
	keep(NULL, "nsxattrd\ndoes not listen");
	read_all();
	cr_assert_eq(starts.count, 2);
	cr_expect_str_eq(starts.all[0].container, "web");
	cr_expect_str_eq(starts.all[0].reason, "there is no policy 'x\"y'");
	cr_expect_str_eq(starts.all[1].container, "");
	cr_expect_str_eq(starts.all[1].reason, "nsxattrd\ndoes not listen");
	cr_expect_eq(starts.all[1].user, geteuid());
	cr_expect_gt(starts.all[1].time, 0);
}

Test(refused_starts, of_one_user_are_told_as_far_as_there_is_room)
{
	char name[16];

	for (int i = 0; i < 3 * REFUSED_STARTS_OF_USER; i++) {
		snprintf(name, sizeof(name), "%d", i);
		keep(name, "no");
	}
	read_all();
	cr_assert_eq(starts.count, REFUSED_STARTS_OF_USER);
	for (int i = 0; i < REFUSED_STARTS_OF_USER; i++) {
		snprintf(name, sizeof(name), "%d", 2 * REFUSED_STARTS_OF_USER + i);
		cr_expect_str_eq(starts.all[i].container, name);
	}
}

Test(refused_starts, of_all_users_are_bounded_and_in_the_order_of_time)
{
	write_file(FILE_NAME, "{\"time\": 1, \"container\": \"a\", \"reason\": \"no\"}\n"
			      "{\"time\": 3, \"container\": \"b\", \"reason\": \"no\"}\n");
	write_file(FILE_NAME ".old", "{\"time\": 2, \"container\": \"c\", \"reason\": \"no\"}\n");
	for (uid_t user = 0; user < REFUSED_STARTS_MAX; user++)
		refused_starts_add_from(folder, geteuid(), user, &starts);
	cr_assert_eq(starts.count, REFUSED_STARTS_MAX);
	for (size_t i = 1; i < starts.count; i++)
		cr_expect_leq(starts.all[i - 1].time, starts.all[i].time);
	cr_expect_eq(starts.all[REFUSED_STARTS_MAX - 1].time, 3);
}

Test(refused_starts, of_the_reader_have_their_room)
{
	write_file(FILE_NAME, "{\"time\": 1, \"container\": \"own\", \"reason\": \"no\"}\n");
	starts.reader = 7;
	refused_starts_add_from(folder, geteuid(), 7, &starts);
	cr_assert_eq(unlinkat(folder, FILE_NAME, 0), 0);
	write_file(FILE_NAME, "{\"time\": 2, \"container\": \"other\", \"reason\": \"no\"}\n");
	for (uid_t user = 1000; user < 1000 + 2 * REFUSED_STARTS_MAX; user++)
		refused_starts_add_from(folder, geteuid(), user, &starts);
	cr_assert_eq(starts.count, REFUSED_STARTS_MAX);
	cr_expect_str_eq(starts.all[0].container, "own");
	cr_expect_eq(starts.all[REFUSED_STARTS_MAX - 1].user, 1000 + 2 * REFUSED_STARTS_MAX - 1);
}

Test(refused_starts, never_take_more_than_two_files)
{
	char reason[3000];
	struct stat stat;

	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	for (int i = 0; i < 100; i++) {
		keep("long", reason);
		cr_assert_eq(fstatat(folder, FILE_NAME, &stat, 0), 0);
		cr_assert_leq(stat.st_size, 64 << 10);
	}
	read_all();
	cr_assert_eq(starts.count, REFUSED_STARTS_OF_USER);
	cr_expect_eq(strlen(starts.all[0].reason), 2000);
}

Test(refused_starts, are_kept_whatever_bytes_they_have)
{
	char controls[2001];

	keep("a\xff"
	     "b\xc3",
	     "c\xe2\x82 \xc0\x80 \xe2\x82\xac");
	memset(controls, '\033', sizeof(controls) - 1);
	controls[sizeof(controls) - 1] = '\0';
	keep("controls", controls);
	read_all();
	cr_assert_eq(starts.count, 2);
	cr_expect_str_eq(starts.all[0].container, "a?b?");
	cr_expect_str_eq(starts.all[0].reason, "c?? ?? \xe2\x82\xac");
	cr_expect_str_eq(starts.all[1].reason, controls);
}

Test(refused_starts, are_cut_between_characters)
{
	char reason[2010];

	memset(reason, 'x', sizeof(reason));
	memcpy(reason + 1999, "\xc3\xa4", 3);
	keep("cut", reason);
	read_all();
	cr_assert_eq(starts.count, 1);
	cr_expect_eq(strlen(starts.all[0].reason), 1999);
}

Test(refused_starts, were_not_before_time_began)
{
	write_file(FILE_NAME, "{\"time\": -5, \"reason\": \"no\"}\n");
	read_all();
	cr_assert_eq(starts.count, 1);
	cr_expect_eq(starts.all[0].time, 0);
}

Test(refused_starts, skip_what_is_no_record)
{
	write_file(FILE_NAME, "\n{\n[]\n{\"time\": \"x\"}\nnull\n{\"reason\": 1}\n\xff\n"
			      "{\"time\": 99999999999999, \"reason\": \"no\"}\n{\"reas");
	read_all();
	cr_assert_eq(starts.count, 1);
	cr_expect_lt(starts.all[0].time, 99999999999999);
	cr_expect_str_eq(starts.all[0].container, "");
}

Test(refused_starts, are_not_written_through_links)
{
	write_file("other", "");
	cr_assert_eq(symlinkat("other", folder, FILE_NAME), 0);
	cr_expect_eq(refused_starts_keep_in(folder, "web", "no"), -ELOOP);
	cr_assert_eq(unlinkat(folder, FILE_NAME, 0), 0);
	cr_assert_eq(linkat(folder, "other", folder, FILE_NAME, 0), 0);
	cr_expect_eq(refused_starts_keep_in(folder, "web", "no"), -EPERM);
	cr_assert_eq(unlinkat(folder, FILE_NAME, 0), 0);
	cr_assert_eq(mkfifoat(folder, FILE_NAME, 0600), 0);
	cr_expect_eq(refused_starts_keep_in(folder, "web", "no"), -ENXIO);
}

Test(refused_starts, are_not_written_into_a_folder_of_others)
{
	cr_assert_eq(fchmod(folder, 0777), 0);
	cr_expect_eq(refused_starts_keep_in(folder, "web", "no"), -EPERM);
}

Test(refused_starts, of_another_owner_are_not_read)
{
	keep("web", "no");
	refused_starts_add_from(folder, geteuid() + 1, geteuid() + 1, &starts);
	cr_expect_eq(starts.count, 0);
	cr_assert_eq(unlinkat(folder, FILE_NAME, 0), 0);
	write_file("other", "{\"reason\": \"no\"}\n");
	cr_assert_eq(symlinkat("other", folder, FILE_NAME), 0);
	read_all();
	cr_expect_eq(starts.count, 0);
}
