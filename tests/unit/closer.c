/* SPDX-License-Identifier: Apache-2.0 */
#include "base/closer.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/passing.h"
#include "child.h"
#include "stubborn.h"

static struct loop *loop;
static struct closer *closer;

/* Within the test, so that a thread or descriptor that is left is seen. */
#define Case(name)                                          \
	static void case_##name(void);                      \
	Test(closer, name)                                  \
	{                                                   \
		cr_assert_eq(loop_new(&loop), 0);           \
		cr_assert_eq(closer_new(loop, &closer), 0); \
		case_##name();                              \
		cr_expect(closer_free(closer));             \
		loop_free(loop);                            \
	}                                                   \
	static void case_##name(void)

/* The loop ends when so many are done. */
static unsigned int awaited;
static pthread_t loops_thread;

static void count(void *place)
{
	atomic_uint *done = place;

	cr_expect(pthread_equal(pthread_self(), loops_thread), "done() is the loop's");
	if (atomic_fetch_add(done, 1) + 1 == awaited)
		loop_end(loop, 0);
}

static void await(unsigned int number)
{
	awaited = number;
	loops_thread = pthread_self();
	cr_assert_eq(loop_run(loop), 0);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/** struct knot - a chore that hangs until it is undone */
struct knot {
	struct chore chore;
	int ends[2];
	atomic_uint *done;
};

static void hang(void *place)
{
	const struct knot *knot = place;
	char byte;

	cr_expect_eq(read(knot->ends[0], &byte, 1), 0);
}

static void hung(void *place)
{
	count(((struct knot *)place)->done);
}

static void knot_do(struct knot *knot, atomic_uint *done)
{
	cr_assert_eq(pipe2(knot->ends, O_CLOEXEC), 0);
	knot->chore = (struct chore){ .work = hang, .done = hung, .place = knot };
	knot->done = done;
	closer_do(closer, &knot->chore);
}

static void knot_undo(struct knot *knot)
{
	close(knot->ends[1]);
}

static void knot_done(struct knot *knot)
{
	close(knot->ends[0]);
}

static void close_one(struct closing *closing, int *fd, atomic_uint *done)
{
	*closing = (struct closing){ .fds = fd, .count = 1, .done = count, .place = done };
	closer_close(closer, closing);
}

Case(closes_and_tells_the_loop)
{
	int fds[] = { dup(STDERR_FILENO), -1, dup(STDERR_FILENO) };
	const int numbers[] = { fds[0], fds[2] };
	atomic_uint done = 0;
	struct closing closing = { .fds = fds, .count = 3, .done = count, .place = &done };

	closer_close(closer, &closing);
	await(1);
	cr_expect_not(is_open(numbers[0]));
	cr_expect_not(is_open(numbers[1]));
	cr_expect_eq(fds[0], -1);
}

Case(closes_what_no_caller_asks_for)
{
	int fd = dup(STDERR_FILENO), other = dup(STDERR_FILENO), number = fd;
	atomic_uint done = 0;
	struct closing closing;

	cr_assert_eq(closer_close_all(closer, &fd, 1), 0);
	fd = -1;
	do {
		close_one(&closing, &other, &done);
		await(atomic_load(&done) + 1);
	} while (is_open(number));
	cr_expect_not(is_open(other));
}

/* More than there are threads at the start, by far. */
Case(goes_on_beside_what_hangs)
{
	static struct knot knots[40];
	atomic_uint undone = 0, done = 0;
	struct closing closing;
	int fd = dup(STDERR_FILENO);

	for (size_t i = 0; i < 40; i++)
		knot_do(&knots[i], &undone);
	close_one(&closing, &fd, &done);
	await(1);
	cr_expect_eq(atomic_load(&undone), 0U);
	for (size_t i = 0; i < 40; i++)
		knot_undo(&knots[i]);
	await(40);
	for (size_t i = 0; i < 40; i++)
		knot_done(&knots[i]);
}

static unsigned int count_threads(void)
{
	unsigned int threads = 0;
	DIR *tasks = opendir("/proc/self/task");

	cr_assert_not_null(tasks);
	while (readdir(tasks))
		threads++;
	closedir(tasks);
	return threads;
}

/* As many descriptors as a worker may leave that has died. */
Case(has_few_threads_for_much_that_does_not_hang)
{
	static struct closing closings[1000];
	static int fds[1000];
	atomic_uint done = 0;
	unsigned int before = count_threads();

	for (size_t i = 0; i < 1000; i++) {
		fds[i] = dup(STDERR_FILENO);
		close_one(&closings[i], &fds[i], &done);
	}
	cr_expect_leq(count_threads(), before + 40);
	await(1000);
	cr_expect_leq(count_threads(), before + 40);
}

Case(does_one_again)
{
	int fd;
	atomic_uint done = 0;
	struct closing closing;

	for (unsigned int i = 1; i <= 100; i++) {
		fd = dup(STDERR_FILENO);
		close_one(&closing, &fd, &done);
		await(i);
		cr_expect_eq(fd, -1);
	}
}

Case(does_not_wait_for_the_other_end_of_a_socket)
{
	struct stubborn_socket stubborn;
	atomic_uint done = 0;
	struct closing closing;

	cr_assert_eq(stubborn_socket_new(&stubborn), 0);
	close_one(&closing, &stubborn.fd, &done);
	await(1);
	close(stubborn.other);
}

/* It was sent to us, and never received. */
Case(nor_for_what_lies_in_a_queue)
{
	struct stubborn_socket stubborn;
	const struct iovec piece = { (char *)"text", 4 };
	atomic_uint done = 0;
	struct closing closing;
	int ends[2];

	cr_assert_eq(stubborn_socket_new(&stubborn), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(passing_send(ends[0], &piece, 1, &stubborn.fd, 1), 4);
	close(stubborn.fd);
	close_one(&closing, &ends[1], &done);
	await(1);
	close(ends[0]);
	close(stubborn.other);
}

/* Closed by another process: the maker's own descriptor is not stubborn. */
static void close_file(void *argument)
{
	struct stubborn_file *file = argument;
	int fds[] = { dup(file->fd), file->fd };
	int other = dup(STDERR_FILENO);
	atomic_uint done = 0;
	struct closing closings[3];
	char byte;

	NEED(loop_new(&loop) == 0 && closer_new(loop, &closer) == 0);
	for (int i = 0; i < 2; i++)
		close_one(&closings[i], &fds[i], &done);
	for (int i = 0; i < 2; i++)
		NEED(read(file->flushes, &byte, 1) == 1);
	close_one(&closings[2], &other, &done);
	await(1);
	NEED(other == -1 && atomic_load(&done) == 1);
	kill(file->server, SIGKILL);
	await(3);
	NEED(closer_free(closer));
}

Test(closer, does_not_wait_for_a_file_system)
{
	struct stubborn_file file;

	if (stubborn_file_new(&file) < 0)
		cr_skip_test("FUSE cannot be mounted in a user namespace here");
	cr_expect_eq(child_end(child_start(close_file, &file, 0)), 0);
	stubborn_file_relent(&file);
}

Case(says_that_something_hangs_at_its_end)
{
	struct knot knot;
	atomic_uint done = 0;

	knot_do(&knot, &done);
	cr_expect_not(closer_free(closer));
	knot_undo(&knot);
	while (!closer_free(closer))
		;
	cr_expect_eq(atomic_load(&done), 0U);
	knot_done(&knot);
	cr_assert_eq(closer_new(loop, &closer), 0);
}
