/* SPDX-License-Identifier: Apache-2.0 */
#include "base/forker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "stubborn.h"

static struct forker *forker;
static atomic_uint losses;

static void count_loss(void)
{
	losses++;
}

/* What a child sees of itself. */
struct view {
	pid_t parent;
	bool is_dumpable;
	unsigned int open; /* descriptors, up to a hundred */
	int number; /* of the argument */
	ino_t given; /* inode number of the descriptor of the order */
};

static void look_around(int channel, void *argument, const int *fds, size_t fd_count)
{
	struct view view = { .parent = getppid(), .number = *(const int *)argument };
	struct stat stat = { 0 };

	view.is_dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
	for (int fd = 0; fd < 100; fd++)
		view.open += fcntl(fd, F_GETFD) >= 0;
	if (fd_count == 1 && fstat(fds[0], &stat) == 0)
		view.given = stat.st_ino;
	(void)send(channel, &view, sizeof(view), MSG_NOSIGNAL);
}

/* As the root of a namespace can do to a child that has entered it. */
static void be_stopped(int channel, void *argument, const int *fds, size_t fd_count)
{
	(void)channel;
	(void)argument;
	(void)fds;
	(void)fd_count;
	raise(SIGSTOP);
}

static void set_up(void)
{
	const struct forker_config config = {
		.bodies = { look_around, be_stopped },
		.calls = ALLOWED_CALLS_NONE,
		.lost = count_loss,
	};

	cr_assert_eq(forker_new(&config, &forker), 0);
}

static void tear_down(void)
{
	forker_free(forker);
}

TestSuite(forker, .init = set_up, .fini = tear_down, .timeout = 60);

#define LOOK FORKER_DEPUTY
#define STOP FORKER_MEMBER

static int start(enum forker_task task, int number, const int *fds, size_t fd_count,
		 struct errand *ret_errand)
{
	const struct forker_order order = { task, { 0 }, &number, sizeof(number), fds, fd_count };

	return forker_start(forker, &order, ret_errand);
}

/* The only child of ours, as far as the test has no other. */
static pid_t find_forker(void)
{
	char path[64], text[256] = "";

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", gettid());
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return (pid_t)strtol(text, NULL, 10);
}

Test(forker, makes_children_of_ours_that_have_what_they_are_given_and_nothing_else)
{
	int input = fcntl(STDIN_FILENO, F_GETFD), fd = open("/", O_PATH | O_CLOEXEC);
	struct errand errand;
	struct stat stat;
	struct view view;

	cr_assert_eq(start(LOOK, 42, &fd, 1, &errand), 0);
	cr_assert_eq(errand_receive(&errand, &view, sizeof(view)), 0);
	cr_expect_eq(view.parent, getpid());
	cr_expect_not(view.is_dumpable);
	cr_expect_eq(view.number, 42);
	cr_expect_eq(view.open, 5U, "the standard ones, its channel and that: %u", view.open);
	cr_expect(fstat(fd, &stat) == 0 && view.given == stat.st_ino);
	cr_expect(input < 0 || fcntl(STDIN_FILENO, F_GETFD) == input, "standard input is back");
	errand_end(&errand);
	close(fd);
}

/* The file is a target's, or a peer's, and its server does not answer FLUSH. */
Test(forker_that_comes_late, has_no_copy_of_a_file_that_cannot_be_closed, .timeout = 60)
{
	struct stubborn_file file;
	struct errand errand;
	struct view view;
	char byte;

	if (stubborn_file_new(&file) < 0)
		cr_skip_test("FUSE cannot be mounted in a user namespace here");
	int high = fcntl(file.fd, F_DUPFD_CLOEXEC, FORKER_TABLE);

	cr_assert_eq(fcntl(file.flushes, F_SETFL, O_NONBLOCK), 0);
	/* A descriptor of it stays where numbers are high. */
	cr_assert_geq(high, FORKER_TABLE);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	cr_assert_eq(dup3(null, file.fd, O_CLOEXEC), file.fd);
	set_up();
	cr_assert_eq(start(LOOK, 1, NULL, 0, &errand), 0);
	cr_expect_eq(errand_receive(&errand, &view, sizeof(view)), 0);
	errand_end(&errand);
	cr_expect_eq(read(file.flushes, &byte, 1), -1, "a copy is closed");
	cr_assert_eq(dup3(high, file.fd, O_CLOEXEC), file.fd);
	close(null);
	tear_down();
	stubborn_file_relent(&file);
	close(high);
}

static void *start_many(void *place)
{
	unsigned int *wrong = place;

	for (int i = 0; i < 50; i++) {
		struct errand errand;
		struct view view;

		if (start(LOOK, i, NULL, 0, &errand) < 0 ||
		    errand_receive(&errand, &view, sizeof(view)) < 0 || view.number != i)
			++*wrong;
		else
			errand_end(&errand);
	}
	return NULL;
}

Test(forker, serves_many_threads_at_once)
{
	enum { THREADS = 16 };
	pthread_t threads[THREADS];
	unsigned int wrong[THREADS] = { 0 };

	for (unsigned int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, start_many, &wrong[i]), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
		cr_expect_eq(wrong[i], 0U);
	}
	cr_expect_eq(losses, 0U);
}

Test(forker, that_is_killed_is_told_and_nothing_waits_for_it)
{
	uint64_t begin = clock_milliseconds();
	struct errand errand;

	cr_assert_eq(kill(find_forker(), SIGKILL), 0);
	cr_expect_lt(start(LOOK, 1, NULL, 0, &errand), 0);
	cr_expect_eq(losses, 1U);
	cr_expect_lt(clock_milliseconds() - begin, ERRAND_DEADLINE_MS);
}

Test(forker, that_gives_no_answer_is_killed)
{
	uint64_t begin = clock_milliseconds();
	struct errand errand;

	cr_assert_eq(kill(find_forker(), SIGSTOP), 0);
	cr_expect_eq(start(LOOK, 1, NULL, 0, &errand), -ETIMEDOUT);
	cr_expect_eq(losses, 1U);
	cr_expect_lt(clock_milliseconds() - begin, 2 * ERRAND_DEADLINE_MS);
}

static void be_disturbed(int number)
{
	(void)number;
}

/* The engine disturbs a thread whose target has died at each tick, which must not prolong its wait. */
Test(forker, has_children_that_are_given_up_in_time_however_often_we_are_disturbed)
{
	const struct sigaction action = { .sa_handler = be_disturbed };
	const struct itimerval often = { { 0, 50000 }, { 0, 50000 } };
	uint64_t begin = clock_milliseconds();
	struct errand errand;
	char answer;

	cr_assert_eq(start(STOP, 1, NULL, 0, &errand), 0);
	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	cr_expect_eq(errand_receive(&errand, &answer, 1), -ETIMEDOUT);
	cr_expect_lt(clock_milliseconds() - begin, 2 * ERRAND_DEADLINE_MS);
	cr_assert_eq(setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL), 0);
	errand_end(&errand);
	cr_expect_eq(losses, 0U, "the forker has nothing to do with it");
}

/* Who reads what a command says would wait for it. */
Test(forker_that_comes_late, gives_up_standard_error_when_it_is_told, .timeout = 60)
{
	int ends[2], error = dup(STDERR_FILENO);
	struct pollfd polled;

	cr_assert(error >= 0 && pipe2(ends, O_CLOEXEC) == 0);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	set_up();
	cr_assert_eq(dup2(error, STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	polled = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	cr_expect_eq(poll(&polled, 1, 0), 0, "the forker has it");
	forker_silence(forker);
	cr_expect_eq(poll(&polled, 1, ERRAND_DEADLINE_MS), 1);
	cr_expect_eq(polled.revents, POLLHUP);
	tear_down();
	close(ends[0]);
	close(error);
}

/* All that is done in a process that is killed then. @ret_pids: the forker, and a child of it that is stopped. */
static void live_and_die(int channel)
{
	pid_t pids[2];
	struct errand errand;
	struct view view;

	set_up();
	pids[0] = find_forker();
	if (start(STOP, 1, NULL, 0, &errand) < 0)
		_exit(1);
	pids[1] = errand.pid;
	/* It has begun when another one has ended. */
	if (start(LOOK, 1, NULL, 0, &errand) < 0 ||
	    errand_receive(&errand, &view, sizeof(view)) < 0 ||
	    write(channel, pids, sizeof(pids)) != sizeof(pids))
		_exit(1);
	pause();
}

Test(forker_of_a_process, ends_with_its_maker_and_so_do_its_children, .timeout = 60)
{
	int pids[2], ends[2];

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	pid_t maker = fork();

	if (maker == 0)
		live_and_die(ends[1]);
	cr_assert_eq(read(ends[0], pids, sizeof(pids)), (ssize_t)sizeof(pids));
	cr_assert_eq(kill(maker, SIGKILL), 0);
	cr_assert_eq(waitpid(maker, NULL, 0), maker);
	for (unsigned int i = 0; i < 2; i++)
		cr_expect_eq(waitpid(pids[i], NULL, 0), pids[i], "it has ended, and is ours");
	close(ends[0]);
	close(ends[1]);
}
