/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/handshake.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2] = { -1, -1 };

static void open_ends(void)
{
	cr_assert_eq(handshake_new(ends), 0);
}

static void close_ends(void)
{
	close(ends[0]);
	close(ends[1]);
}

TestSuite(handshake, .init = open_ends, .fini = close_ends);

Test(handshake, delivers_steps_in_their_order)
{
	cr_expect_eq(handshake_send(ends[0], STEP_UNSHARED, -1), 0);
	cr_expect_eq(handshake_send(ends[0], STEP_SERVING, -1), 0);
	cr_expect_eq(handshake_expect(ends[1], STEP_UNSHARED, NULL), 0);
	cr_expect_eq(handshake_expect(ends[1], STEP_SERVING, NULL), 0);
}

Test(handshake, carries_a_descriptor)
{
	struct stat sent, received;
	int fd = -1;

	cr_assert_eq(handshake_send(ends[0], STEP_LISTENER, STDIN_FILENO), 0);
	cr_assert_eq(handshake_expect(ends[1], STEP_LISTENER, &fd), 0);
	cr_assert_eq(fstat(STDIN_FILENO, &sent), 0);
	cr_assert_eq(fstat(fd, &received), 0);
	cr_expect_eq(sent.st_ino, received.st_ino);
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

Test(handshake, refuses_a_step_that_is_not_due)
{
	int fd = -7;

	cr_assert_eq(handshake_send(ends[0], STEP_SERVING, STDIN_FILENO), 0);
	cr_expect_eq(handshake_expect(ends[1], STEP_LISTENER, &fd), -EPROTO);
	cr_expect_eq(fd, -7);
}

Test(handshake, misses_a_descriptor_that_did_not_come)
{
	int fd = -7;

	cr_assert_eq(handshake_send(ends[0], STEP_LISTENER, -1), 0);
	cr_expect_eq(handshake_expect(ends[1], STEP_LISTENER, &fd), -EPROTO);
	cr_expect_eq(fd, -7);
}

Test(handshake, closes_a_descriptor_that_it_did_not_ask_for)
{
	int before = dup(STDIN_FILENO);

	close(before);
	cr_assert_eq(handshake_send(ends[0], STEP_SERVING, STDIN_FILENO), 0);
	cr_expect_eq(handshake_expect(ends[1], STEP_SERVING, NULL), 0);
	int after = dup(STDIN_FILENO);

	cr_expect_eq(after, before, "a descriptor has leaked");
	close(after);
}

Test(handshake, closes_descriptors_that_are_more_than_one)
{
	int two[] = { STDIN_FILENO, STDIN_FILENO };
	char byte = STEP_LISTENER;
	char control[CMSG_SPACE(sizeof(two))] __attribute__((aligned(8))) = { 0 };
	struct iovec piece = { &byte, 1 };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int before = dup(STDIN_FILENO), fd = -7;

	close(before);
	*header = (struct cmsghdr){ CMSG_LEN(sizeof(two)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(header), two, sizeof(two));
	cr_assert_eq(sendmsg(ends[0], &message, 0), 1);
	cr_expect_eq(handshake_expect(ends[1], STEP_LISTENER, &fd), -EPROTO);
	int after = dup(STDIN_FILENO);

	cr_expect_eq(after, before, "a descriptor has leaked");
	close(after);
}

Test(handshake, tells_a_failure_from_an_end)
{
	cr_assert_eq(handshake_send(ends[0], STEP_FAILED, -1), 0);
	close(ends[0]);
	cr_expect_eq(handshake_expect(ends[1], STEP_SERVING, NULL), -ECANCELED);
	cr_expect_eq(handshake_expect(ends[1], STEP_SERVING, NULL), -EPIPE);
}

Test(handshake, hears_the_last_words_of_a_side_that_did_not_listen)
{
	cr_assert_eq(handshake_send(ends[1], STEP_UNSHARED, -1), 0);
	cr_assert_eq(handshake_send(ends[0], STEP_FAILED, -1), 0);
	close(ends[0]);
	cr_expect_eq(handshake_expect(ends[1], STEP_MAPPED, NULL), -ECANCELED);
}

Test(handshake, survives_speaking_without_a_peer)
{
	signal(SIGPIPE, SIG_DFL);
	close(ends[0]);
	cr_expect_eq(handshake_send(ends[1], STEP_SERVING, -1), -EPIPE);
}
