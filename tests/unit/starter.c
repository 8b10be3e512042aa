/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper is a child of the test each time, and its starter ends with it.
 */
#include "keep/starter.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "keep/journal.h"

#define DESCRIPTOR 100
#define FIRST 10
#define NEXT 11

static struct starter begin(starter_work *work, void *place)
{
	struct journal *journal;
	struct starter starter;

	NEED(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
	NEED(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	NEED(journal_new(&journal) == 0);
	NEED(starter_begin(journal, work, place, &starter) == 0);
	return starter;
}

static pid_t need_worker(const struct starter *starter, bool is_next)
{
	pid_t worker = 0;

	NEED(starter_make_worker(starter, is_next, &worker) == 0);
	NEED(getpgid(worker) == worker);
	return worker;
}

/* Return: the status of its end. */
static int await(pid_t worker)
{
	int status = 0;

	NEED(waitpid(worker, &status, 0) == worker);
	return status;
}

static void leave_descriptor(void *place, bool is_next)
{
	if (!is_next)
		dup2(*(int *)place, DESCRIPTOR);
	_exit(is_next ? NEXT : FIRST);
}

static void keep_two(void *place)
{
	const struct starter starter = begin(leave_descriptor, place);

	NEED(WEXITSTATUS(await(need_worker(&starter, false))) == FIRST);
	NEED(fcntl(DESCRIPTOR, F_GETFD) >= 0);
	NEED(WEXITSTATUS(await(need_worker(&starter, true))) == NEXT);
}

Test(starter, makes_workers_that_are_children_of_the_keeper_and_share_its_descriptors)
{
	int fd = STDERR_FILENO;

	child_run(keep_two, &fd);
}

static void live_with_a_child(void *place, bool is_next)
{
	(void)place;
	(void)is_next;
	(void)fork();
	for (;;)
		(void)pause();
}

static void end_a_group(void *place)
{
	const struct starter starter = begin(live_with_a_child, place);
	const pid_t worker = need_worker(&starter, false);
	int status;

	starter_end_group(&starter);
	NEED(WTERMSIG(await(worker)) == SIGKILL);
	/* Its child, if there is one already, has come to us. */
	while (waitpid(-worker, &status, 0) > 0)
		NEED(WTERMSIG(status) == SIGKILL);
	NEED(errno == ECHILD);
}

Test(starter, ends_the_group_of_the_last_worker)
{
	child_run(end_a_group, NULL);
}

static void kill_the_starter(void *place)
{
	const struct starter starter = begin(leave_descriptor, place);
	pid_t worker = 0;

	NEED(kill(starter.pid, SIGKILL) == 0);
	NEED(starter_make_worker(&starter, true, &worker) == -ECHILD);
	NEED(worker == 0);
	starter_end_group(&starter);
}

Test(starter, is_missed_when_it_has_ended)
{
	int fd = STDERR_FILENO;

	child_run(kill_the_starter, &fd);
}

static void stop_the_starter(void *place)
{
	const struct starter starter = begin(leave_descriptor, place);
	pid_t worker = 0;

	NEED(kill(starter.pid, SIGSTOP) == 0);
	NEED(starter_make_worker(&starter, true, &worker) == -ECHILD);
	NEED(worker == 0);
	NEED(WTERMSIG(await(starter.pid)) == SIGKILL);
}

Test(starter, is_ended_when_it_gives_no_answer)
{
	int fd = STDERR_FILENO;

	child_run(stop_the_starter, &fd);
}

static void tell_and_end(void *place)
{
	const struct starter starter = begin(leave_descriptor, place);

	NEED(write(*(int *)place, &starter.pid, sizeof(starter.pid)) == sizeof(starter.pid));
}

/* The test is no subreaper, so that process 1 reaps the starter. */
Test(starter, ends_with_the_keeper)
{
	int ends[2];
	pid_t starter;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	child_run(tell_and_end, &ends[1]);
	cr_assert_eq(read(ends[0], &starter, sizeof(starter)), sizeof(starter));
	close(ends[1]);
	/* Its end of the pipe is the last one. */
	char unused;

	cr_expect_eq(read(ends[0], &unused, 1), 0);
	close(ends[0]);
}
