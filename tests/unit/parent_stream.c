/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/parent_stream.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What podman does: a child with /dev/null for standard error. Return: whether it saw that it is needed. */
static bool run_child(const char *line)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDERR_FILENO);
		if (!parent_stream_is_needed())
			_exit(1);
		parent_stream_write(line);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Test(parent_stream, is_written_where_the_parent_writes)
{
	int file = memfd_create("errors", MFD_CLOEXEC), before = dup(STDERR_FILENO);
	char text[64] = "";

	cr_assert_geq(file, 0);
	dup2(file, STDERR_FILENO);
	bool is_needed = run_child("of the child\n");
	ssize_t written = write(STDERR_FILENO, "of the parent\n", 14);

	dup2(before, STDERR_FILENO);
	close(before);
	cr_expect(is_needed);
	cr_expect_eq(written, 14);
	cr_expect_gt(pread(file, text, sizeof(text) - 1, 0), 0);
	cr_expect_str_eq(text, "of the child\nof the parent\n");
	close(file);
}

Test(parent_stream, is_not_waited_for_when_it_is_full)
{
	int ends[2], before = dup(STDERR_FILENO);

	cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(ends[1], "x", 1) == 1)
		;
	dup2(ends[1], STDERR_FILENO);
	bool is_needed = run_child("of the child\n");

	dup2(before, STDERR_FILENO);
	close(before);
	cr_expect(is_needed);
	close(ends[0]);
	close(ends[1]);
}

/* There is room, but not for the whole line. */
Test(parent_stream, is_not_waited_for_when_a_line_does_not_fit, .timeout = 20)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), before = dup(STDERR_FILENO);
	char line[4096] = "";

	cr_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	cr_assert_geq(terminal, 0);
	memset(line, 'x', sizeof(line) - 1);
	while (write(terminal, line, 1) == 1)
		;
	cr_assert_eq(read(master, line + sizeof(line) / 2, 1024), 1024);
	cr_assert_eq(fcntl(terminal, F_SETFL, O_RDWR), 0);
	dup2(terminal, STDERR_FILENO);
	bool is_needed = run_child(line);

	dup2(before, STDERR_FILENO);
	close(before);
	cr_expect(is_needed);
	close(terminal);
	close(master);
}

Test(parent_stream, is_left_alone_without_a_reader)
{
	int ends[2], before = dup(STDERR_FILENO);

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	dup2(ends[1], STDERR_FILENO);
	bool is_alive = run_child("of the child\n");

	dup2(before, STDERR_FILENO);
	close(before);
	close(ends[1]);
	cr_expect(is_alive, "a signal has ended the hook, and with it the container");
}

Test(parent_stream, is_not_needed_where_there_is_one_of_our_own)
{
	int ends[2], before = dup(STDERR_FILENO);

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	dup2(ends[1], STDERR_FILENO);
	bool is_needed = parent_stream_is_needed();

	dup2(before, STDERR_FILENO);
	close(before);
	cr_expect_not(is_needed);
	close(ends[0]);
	close(ends[1]);
}
