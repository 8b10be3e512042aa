/* SPDX-License-Identifier: Apache-2.0 */
#include "base/passing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2];

static void set_up(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void tear_down(void)
{
	close(ends[0]);
	close(ends[1]);
}

TestSuite(passing, .init = set_up, .fini = tear_down);

static void send_copies(size_t count)
{
	const struct iovec piece = { (char *)"text", 4 };
	int fds[PASSED_MAX];

	for (size_t i = 0; i < count; i++)
		fds[i] = ends[0];
	cr_assert_eq(passing_send(ends[0], &piece, 1, fds, count), 4);
}

static ssize_t receive(struct passed *ret_passed)
{
	static char text[16];
	const struct iovec piece = { text, sizeof(text) };

	return passing_receive(ends[1], &piece, 1, MSG_DONTWAIT, ret_passed);
}

Test(passing, carries_as_many_as_the_kernel_does)
{
	static const size_t counts[] = { 0, 1, 2, 3, PASSED_MAX };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct passed passed;

		send_copies(counts[i]);
		cr_assert_eq(receive(&passed), 4);
		cr_expect_eq(passed.count, counts[i]);
		cr_expect_not(passed.is_cut);
		for (size_t j = 0; j < passed.count; j++)
			cr_expect_eq(fcntl(passed.fds[j], F_GETFD), FD_CLOEXEC);
		passed_done(&passed);
		cr_expect_eq(passed.count, 0UL);
	}
}

Test(passing, refuses_more_than_the_kernel_carries)
{
	const struct iovec piece = { (char *)"text", 4 };
	int fds[PASSED_MAX + 1] = { 0 };

	cr_expect_eq(passing_send(ends[0], &piece, 1, fds, PASSED_MAX + 1), -EINVAL);
}

Test(passing, gives_the_only_one)
{
	struct passed passed;

	send_copies(1);
	cr_assert_eq(receive(&passed), 4);
	int fd = passed_take_only(&passed);

	cr_expect_geq(fd, 0);
	passed_done(&passed);
	cr_expect_geq(fcntl(fd, F_GETFD), 0, "what was taken stays open");
	close(fd);
	for (size_t count = 0; count <= 2; count += 2) {
		send_copies(count);
		cr_assert_eq(receive(&passed), 4);
		cr_expect_eq(passed_take_only(&passed), -EPROTO);
		passed_done(&passed);
	}
}

/* As the root of a namespace can do to a process of ours that has taken on its ids. */
Test(passing, tells_what_a_limit_has_kept_from_arriving)
{
	struct rlimit limit;
	struct passed passed;

	send_copies(1);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, limit.rlim_max }), 0);
	ssize_t length = receive(&passed);

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_eq(length, 4);
	cr_expect_eq(passed.count, 0UL);
	cr_expect(passed.is_cut);
	cr_expect_eq(passed_take_only(&passed), -EMFILE);
}

Test(passing, has_nothing_when_nothing_comes)
{
	struct passed passed = { .count = 7 };

	cr_expect_eq(receive(&passed), -EAGAIN);
	cr_expect_eq(passed.count, 0UL);
	close(ends[0]);
	cr_expect_eq(receive(&passed), 0);
	cr_expect_eq(passed.count, 0UL);
	ends[0] = dup(ends[1]);
}

/* ---- who has sent it ---- */

static pid_t send_from_a_child(void)
{
	pid_t child = fork();

	if (child == 0) {
		send_copies(2);
		pause();
		_exit(0);
	}
	cr_assert_gt(child, 0);
	return child;
}

Test(passing, tells_who_has_sent_a_message_and_closes_what_came_along)
{
	struct pollfd arrived = { .fd = ends[1], .events = POLLIN };
	char text[16] = "";
	int sender = -1, status = 0;

	cr_assert_eq(passing_ask_senders(ends[1]), 0);
	pid_t child = send_from_a_child();

	cr_assert_eq(poll(&arrived, 1, 10000), 1);
	int next = dup(ends[0]);

	close(next);
	cr_assert_eq(passing_receive_from(ends[1], text, sizeof(text), 0, &sender), 4);
	cr_expect_str_eq(text, "text");
	cr_assert_eq(syscall(SYS_pidfd_send_signal, sender, SIGTERM, NULL, 0), 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect_eq(WTERMSIG(status), SIGTERM, "it was the child");
	close(sender);
	int again = dup(ends[0]);

	cr_expect_eq(again, next, "no descriptor is left");
	close(again);
}

Test(passing, tells_of_no_process_that_has_ended)
{
	char text[16];
	int sender = 0;

	cr_expect_eq(passing_receive_from(ends[1], text, sizeof(text), MSG_DONTWAIT, &sender),
		     -EAGAIN);
	cr_expect_eq(sender, -1);
}
