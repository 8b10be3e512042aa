/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard error is one end of a socket that keeps packets apart: what one write(2) writes is one
 * packet.
 */
#include "base/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int reader, saved_stderr;

static void set_up(void)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	saved_stderr = dup(STDERR_FILENO);
	cr_assert_geq(dup2(pair[1], STDERR_FILENO), 0);
	close(pair[1]);
	reader = pair[0];
}

/* Criterion speaks on standard error after the test. */
static void tear_down(void)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(reader);
}

TestSuite(log, .init = set_up, .fini = tear_down);

/* The next packet as a string, or an empty one. */
static const char *next_write(void)
{
	static char packet[4096];
	ssize_t length = recv(reader, packet, sizeof(packet) - 1, 0);

	packet[length > 0 ? length : 0] = '\0';
	return packet;
}

static void expect_nothing_more(void)
{
	char byte;

	cr_expect_eq(recv(reader, &byte, 1, 0), -1);
	cr_expect_eq(errno, EAGAIN);
}

Test(log, writes_a_line_at_once)
{
	log_error("cannot open %s: %d", "/nowhere", 7);
	cr_expect_str_eq(next_write(), "nsxattr: cannot open /nowhere: 7\n");
	expect_nothing_more();
}

Test(log, writes_line_after_line)
{
	log_error("one");
	log_warning("two");
	cr_expect_str_eq(next_write(), "nsxattr: one\n");
	cr_expect_str_eq(next_write(), "nsxattr: two\n");
	expect_nothing_more();
}

Test(log, is_silent_above_its_level)
{
	static const enum log_level levels[] = { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_VERBOSE,
						 LOG_DEBUG };

	for (size_t level = 0; level < 5; level++) {
		log_set_level(levels[level]);
		for (size_t message = 0; message < 5; message++) {
			bool is_wanted = message <= level;

			cr_expect_eq(log_enabled(levels[message]), is_wanted);
			log_write(levels[message], "m");
			cr_expect_str_eq(next_write(), is_wanted ? "nsxattr: m\n" : "");
		}
	}
}

Test(log, begins_with_notices_and_what_is_worse)
{
	log_verbose("verbose");
	expect_nothing_more();
	log_notice("notice");
	cr_expect_str_eq(next_write(), "nsxattr: notice\n");
}

Test(log, shows_control_bytes_as_question_marks)
{
	log_error("a%sb", "\x01\t\n\r\x1b[2J\x1f\x7f");
	cr_expect_str_eq(next_write(), "nsxattr: a?????[2J??b\n");
}

Test(log, keeps_what_is_printable_ascii_and_nothing_else)
{
	log_error("%s", " !~ \xc3\xa4\x9b");
	cr_expect_str_eq(next_write(), "nsxattr:  !~ ???\n");
}

Test(log, cuts_a_long_message_and_ends_the_line)
{
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_error("%s", text);
	const char *line = next_write();

	cr_expect_geq(strlen(line), 1024);
	cr_expect_leq(strlen(line), strlen("nsxattr: ") + 1024 + 1);
	cr_expect_eq(line[strlen(line) - 1], '\n');
	cr_expect_eq(strspn(line + strlen("nsxattr: "), "x"), strlen(line) - strlen("nsxattr: \n"));
	expect_nothing_more();
}

/* Somewhere in the middle of every length there may be one byte too few. */
Test(log, writes_messages_of_every_length_up_to_the_cut)
{
	char text[1024];

	for (size_t length = 1; length < 1024; length++) {
		memset(text, 'x', length);
		text[length] = '\0';
		log_error("%s", text);
		const char *line = next_write();

		cr_assert_eq(strlen(line), strlen("nsxattr: \n") + length);
		cr_assert_eq(line[strlen(line) - 1], '\n');
	}
}

Test(log, leaves_errno_alone)
{
	errno = EXDEV;
	log_error("shown");
	cr_expect_eq(errno, EXDEV);
	log_debug("not shown");
	cr_expect_eq(errno, EXDEV);
}

Test(log, leaves_errno_alone_without_a_reader)
{
	close(STDERR_FILENO);
	errno = EXDEV;
	log_error("lost");
	cr_expect_eq(errno, EXDEV);
}

Test(log, leaves_out_what_one_source_has_too_much_of)
{
	unsigned int lines = 0;

	for (unsigned int i = 0; i < 1000; i++)
		log_limited(1000, LOG_WARNING, "flood");
	while (next_write()[0])
		lines++;
	cr_expect_geq(lines, 20U);
	cr_expect_lt(lines, 40U);
	log_limited(1001, LOG_WARNING, "of another");
	cr_expect_str_eq(next_write(), "nsxattr: of another\n");
	log_left_out();
	cr_expect(strstr(next_write(), "lines were left out"));
	log_left_out();
	expect_nothing_more();
}

Test(log, what_is_not_shown_costs_no_line)
{
	log_set_level(LOG_ERROR);
	for (unsigned int i = 0; i < 1000; i++)
		log_limited(1000, LOG_WARNING, "unseen");
	log_limited(1000, LOG_ERROR, "seen");
	cr_expect_str_eq(next_write(), "nsxattr: seen\n");
	expect_nothing_more();
}

/* As a service manager names the stream that standard error is; with other numbers if something stands before them. */
static void set_stream(const char *before_device, const char *before_inode)
{
	char text[64];
	struct stat stat;

	cr_assert_eq(fstat(STDERR_FILENO, &stat), 0);
	snprintf(text, sizeof(text), "%s%llu:%s%llu", before_device,
		 (unsigned long long)stat.st_dev, before_inode, (unsigned long long)stat.st_ino);
	setenv("JOURNAL_STREAM", text, 1);
	log_find_journal();
}

Test(log, tells_the_journal_how_important_a_line_is)
{
	log_set_level(LOG_DEBUG);
	set_stream("", "");
	log_error("a");
	log_warning("b");
	log_notice("c");
	log_verbose("d");
	log_debug("e");
	log_limited(7, LOG_WARNING, "f");
	cr_expect_str_eq(next_write(), "<3>nsxattr: a\n");
	cr_expect_str_eq(next_write(), "<4>nsxattr: b\n");
	cr_expect_str_eq(next_write(), "<5>nsxattr: c\n");
	cr_expect_str_eq(next_write(), "<6>nsxattr: d\n");
	cr_expect_str_eq(next_write(), "<7>nsxattr: e\n");
	cr_expect_str_eq(next_write(), "<4>nsxattr: f\n");
}

static void expect_no_priority(void)
{
	log_find_journal();
	log_error("a");
	cr_expect_str_eq(next_write(), "nsxattr: a\n");
}

Test(log, tells_it_to_no_other_reader)
{
	static const char *const others[] = { "", "no", "1", ":" };

	set_stream("1", "");
	expect_no_priority();
	set_stream("", "1");
	expect_no_priority();
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		setenv("JOURNAL_STREAM", others[i], 1);
		expect_no_priority();
	}
	unsetenv("JOURNAL_STREAM");
	expect_no_priority();
}
