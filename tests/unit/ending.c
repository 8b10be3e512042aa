/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ending.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc.h"

static int open_procfs(void)
{
	int procfs = proc_open();

	cr_assert_geq(procfs, 0);
	return procfs;
}

/* A child that waits, and has said so. */
static pid_t start_child(const char *name)
{
	int pipe_ends[2];
	char byte;

	cr_assert_eq(pipe(pipe_ends), 0);
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NAME, name);
		(void)!write(pipe_ends[1], "", 1);
		pause();
		_exit(0);
	}
	cr_assert_eq(read(pipe_ends[0], &byte, 1), 1);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	return pid;
}

static void end_child(pid_t pid)
{
	siginfo_t end;

	kill(pid, SIGKILL);
	cr_assert_eq(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT), 0);
}

Test(ending, of_a_thread_that_was_not_killed_has_not_begun)
{
	int procfs = open_procfs();
	/* The name is in what is read. */
	pid_t pid = start_child(") Z 1 4 4");

	cr_expect_eq(ending_of_thread(procfs, pid), ENDING_NONE);
	cr_expect_eq(ending_of_thread(procfs, gettid()), ENDING_NONE);
	cr_expect_not(ending_is_final(procfs, pid));
	end_child(pid);
	waitpid(pid, NULL, 0);
	close(procfs);
}

Test(ending, is_over_when_the_process_is_a_zombie)
{
	int procfs = open_procfs();
	pid_t pid = start_child("child");

	end_child(pid);
	cr_expect_eq(ending_of_thread(procfs, pid), ENDING_OVER);
	cr_expect(ending_is_final(procfs, pid));
	waitpid(pid, NULL, 0);
	close(procfs);
}

Test(ending, is_over_when_the_thread_is_gone)
{
	int procfs = open_procfs();
	pid_t pid = start_child("child");

	end_child(pid);
	waitpid(pid, NULL, 0);
	cr_expect_eq(ending_of_thread(procfs, pid), ENDING_OVER);
	/* Of a child that was not reaped this says that it cannot be looked at. */
	cr_expect_not(ending_is_final(procfs, pid));
	close(procfs);
}

Test(ending, cannot_be_told_without_a_procfs)
{
	int null = open("/dev/null", O_PATH | O_CLOEXEC);

	cr_expect_lt(ending_of_thread(null, getpid()), 0);
	cr_expect_not(ending_is_final(null, getpid()));
	close(null);
}
