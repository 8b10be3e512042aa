/* SPDX-License-Identifier: Apache-2.0 */
/* Where records go: a file, by a thread that nothing waits for. */
#include "base/audit_log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/syscalls.h"

static char folder[] = "/tmp/nsxattr-audit.XXXXXX";
static char path[64], text[1 << 16];
static struct audit_log *audit;

static void begin(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
}

static void end(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(audit_log, .init = begin, .fini = end);

static void start(void)
{
	cr_assert_eq(audit_log_open(path, &audit), 0);
	audit_log_begin(audit);
	cr_assert_eq(audit_log_start(audit), 0);
}

static void put(uint64_t inode)
{
	uint32_t noted = 0;
	struct audit_record record = { .kind = &syscall_kinds[0],
				       .has_inode = true,
				       .inode = inode };

	audit_log_put(audit, &record, &noted);
}

static struct audit_counts last;

static struct audit_counts counts(void)
{
	if (audit)
		audit_log_count(audit, &last);
	return last;
}

static void finish(void)
{
	cr_expect(audit_log_stop(audit));
	(void)counts();
	audit_log_free(audit);
	audit = NULL;
}

static void await_empty(void)
{
	uint64_t until = clock_milliseconds() + 20000;

	while (counts().waiting > 0 && clock_milliseconds() < until)
		usleep(1000);
	cr_assert_eq(counts().waiting, 0);
}

static const char *content(const char *of)
{
	FILE *file = fopen(of, "r");

	cr_assert_not_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static size_t lines(const char *of)
{
	size_t count = 0;

	for (const char *at = content(of); *at; at++)
		count += *at == '\n';
	return count;
}

Test(audit_log, makes_a_file_for_its_owner_alone)
{
	struct stat stat_of;

	umask(0);
	start();
	cr_assert_eq(stat(path, &stat_of), 0);
	cr_expect_eq(stat_of.st_mode, S_IFREG | 0600);
	finish();
}

Test(audit_log, writes_a_line_for_each_record_behind_what_is_there)
{
	FILE *file = fopen(path, "w");

	fputs("before\n", file);
	fclose(file);
	start();
	for (uint64_t i = 0; i < 100; i++)
		put(i);
	finish();
	cr_expect_eq(lines(path), 101);
	cr_expect_eq(strncmp(text, "before\n{\"time\":", 15), 0);
	cr_expect_not_null(strstr(text, "\"record\":100,"));
	cr_expect_eq(counts().written, 100);
	cr_expect_eq(counts().lost, 0);
}

/* copytruncate of logrotate(8) */
Test(audit_log, goes_on_at_the_beginning_of_a_file_that_was_emptied)
{
	start();
	put(1);
	await_empty();
	cr_assert_eq(truncate(path, 0), 0);
	put(2);
	finish();
	cr_expect_eq(lines(path), 1);
	cr_expect_eq(text[0], '{');
}

Test(audit_log, goes_on_in_another_file_when_it_is_told)
{
	char other[80];

	snprintf(other, sizeof(other), "%s.1", path);
	start();
	put(1);
	await_empty();
	cr_assert_eq(rename(path, other), 0);
	put(2);
	await_empty();
	audit_log_reopen(audit);
	put(3);
	finish();
	cr_expect_eq(lines(other), 2);
	cr_expect_eq(lines(path), 1);
	cr_expect_not_null(strstr(text, "\"inode\":3,"));
}

/* A link that lies there in place of it is not followed. */
Test(audit_log, keeps_its_file_where_there_can_be_no_other)
{
	start();
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink("elsewhere", path), 0);
	audit_log_reopen(audit);
	put(1);
	finish();
	cr_expect_eq(counts().written, 1);
	cr_expect_eq(access(folder, F_OK), 0);
	snprintf(path, sizeof(path), "%s/elsewhere", folder);
	cr_expect_eq(access(path, F_OK), -1);
}

Test(audit_log, takes_nothing_but_a_regular_file)
{
	cr_expect_eq(audit_log_open(folder, &audit), -EINVAL);
	cr_expect_eq(audit_log_open("/dev/full", &audit), -EINVAL);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(audit_log_open(path, &audit), -EINVAL);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink("/etc/passwd", path), 0);
	cr_expect_eq(audit_log_open(path, &audit), -EINVAL);
	cr_expect_eq(audit_log_open("/nowhere/log", &audit), -ENOENT);
	cr_expect_null(audit);
}

/* The file system takes no more: the records are lost, and the next line begins at its own beginning. */
Test(audit_log, counts_what_cannot_be_written)
{
	const struct rlimit little = { 250, RLIM_INFINITY };
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	start();
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
	for (uint64_t i = 0; i < 10; i++)
		put(i);
	await_empty();
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &any), 0);
	cr_expect_eq(counts().written, 1);
	cr_expect_eq(counts().lost, 9);
	put(77);
	finish();
	cr_expect_eq(counts().written, 2);
	cr_expect_not_null(strstr(content(path), "\n{\"time\":0.000000,\"record\":11,"), "%s",
			   text);
}

/* Another process goes on with what one has left. */
Test(audit_log, writes_what_is_there_when_it_starts)
{
	cr_assert_eq(audit_log_open(path, &audit), 0);
	audit_log_begin(audit);
	for (uint64_t i = 0; i < 3; i++)
		put(i);
	cr_expect_eq(counts().waiting, 3);
	cr_assert_eq(audit_log_start(audit), 0);
	finish();
	cr_expect_eq(lines(path), 3);
}

/* As a worker that dies in a line: the next one does not go on in it. */
Test(audit_log, ends_a_line_that_another_process_has_cut)
{
	const struct rlimit little = { 50, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(audit_log_open(path, &audit), 0);
	pid_t child = fork();

	if (child == 0) {
		audit_log_begin(audit);
		(void)setrlimit(RLIMIT_FSIZE, &little);
		(void)audit_log_start(audit);
		put(1);
		_exit(!audit_log_stop(audit));
	}
	cr_assert_eq(waitpid(child, NULL, 0), child);
	audit_log_begin(audit);
	cr_assert_eq(audit_log_start(audit), 0);
	put(77);
	finish();
	cr_expect_eq(lines(path), 2);
	cr_expect_not_null(strstr(text, "\n{\"time\":0.000000,\"record\":2,"), "%s", text);
}
