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

Test(parent_stream, is_left_alone_when_nobody_reads_it)
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
