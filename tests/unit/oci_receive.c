/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/oci_receive.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach/filter.h"
#include "attach/handshake.h"
#include "base/fd.h"
#include "child.h"
#include "request/notify.h"

static const char whole[] = "{\"pid\":1,\"state\":{\"id\":\"x\"}}";

static struct oci_receive receive;
static struct oci_message message;
static const char *reason;
static int peer = -1;

static void connect_peer(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	peer = ends[1];
	cr_assert_eq(oci_receive_init(&receive, ends[0]), 0);
	reason = "no reason";
}

static void disconnect(void)
{
	int fds[OCI_RECEIVE_FDS_MAX];

	if (peer >= 0)
		close(peer);
	peer = -1;
	for (size_t i = oci_receive_let_go(&receive, fds); i > 0; i--)
		fd_close(&fds[i - 1]);
}

/* Within the test, so that what is not closed is seen. */
#define Case(name)                     \
	static void case_##name(void); \
	Test(oci_receive, name)        \
	{                              \
		connect_peer();        \
		case_##name();         \
		disconnect();          \
	}                              \
	static void case_##name(void)

/* What a peer sends: bytes, and @count copies of a descriptor. */
static void send_with(const char *bytes, size_t length, int fd, size_t count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 64)];
	} control = { 0 };
	struct iovec piece = { (void *)(uintptr_t)bytes, length };
	struct msghdr header = { .msg_iov = &piece, .msg_iovlen = 1 };

	cr_assert_leq(count, 64);
	if (count > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		control.header =
			(struct cmsghdr){ CMSG_LEN(sizeof(int) * count), SOL_SOCKET, SCM_RIGHTS };
	}
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &fd, sizeof(int));
	cr_assert_eq(sendmsg(peer, &header, MSG_NOSIGNAL), (ssize_t)length);
}

static void send_text(const char *text, int fd)
{
	send_with(text, strlen(text), fd, fd >= 0);
}

static void hang_up(void)
{
	close(peer);
	peer = -1;
}

static void reads(enum oci_receive_result expected)
{
	int r = oci_receive_read(&receive, &reason);

	cr_expect_eq(r, (int)expected, "%d: %s", r, reason);
}

static void refuses(const char *expected)
{
	reads(OCI_RECEIVE_REFUSED);
	cr_expect_str_eq(reason, expected);
}

static void be_filtered(void *place)
{
	struct filter_options options = { 0 };
	int *end = place, listener = -1;

	NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	NEED(filter_install(&options, &listener) == 0);
	NEED(handshake_send(*end, STEP_LISTENER, listener) == 0);
}

/* A listener whose target has ended. */
static int make_listener(void)
{
	int ends[2], listener = -1;

	cr_assert_eq(handshake_new(ends), 0);
	child_run(be_filtered, &ends[0]);
	cr_assert_eq(handshake_expect(ends[1], STEP_LISTENER, &listener), 0);
	close(ends[0]);
	close(ends[1]);
	return listener;
}

static void takes(enum oci_receive_result expected)
{
	int listener = -7;
	int r = oci_receive_take(&receive, &message, &listener, &reason);

	cr_expect_eq(r, (int)expected, "%d: %s", r, reason);
	if (r != OCI_RECEIVE_COMPLETE) {
		cr_expect_eq(listener, -7);
		return;
	}
	cr_expect(notify_is_listener(listener));
	cr_expect(fcntl(listener, F_GETFD) & FD_CLOEXEC);
	close(listener);
	oci_message_done(&message);
}

Case(knows_who_has_connected)
{
	cr_expect_eq(receive.peer.pid, getpid());
	cr_expect_eq(receive.peer.uid, getuid());
}

Case(takes_a_message_whose_sender_stays_connected)
{
	int listener = make_listener();

	reads(OCI_RECEIVE_MORE);
	send_text(whole, listener);
	reads(OCI_RECEIVE_COMPLETE);
	takes(OCI_RECEIVE_COMPLETE);
	cr_expect_str_eq(message.id, "x");
	close(listener);
}

Case(takes_a_message_byte_by_byte)
{
	int listener = make_listener();

	for (size_t i = 0; i < strlen(whole); i++) {
		send_with(whole + i, 1, listener, i == 0);
		reads(i + 1 < strlen(whole) ? OCI_RECEIVE_MORE : OCI_RECEIVE_COMPLETE);
	}
	takes(OCI_RECEIVE_COMPLETE);
	close(listener);
}

Case(takes_the_listener_from_among_others)
{
	const char *named =
		"{\"fds\":[\"a\",\"b\",\"seccompFd\",\"c\"],\"pid\":1,\"state\":{\"id\":\"x\"}}";
	int listener = make_listener();

	send_with(named, strlen(named), listener, 4);
	reads(OCI_RECEIVE_COMPLETE);
	takes(OCI_RECEIVE_COMPLETE);
	cr_expect_eq(message.listener, 2);
	cr_expect_eq(receive.descriptors[2], -1);
	cr_expect_geq(receive.descriptors[3], 0);
	close(listener);
}

Case(tells_a_look_from_a_message)
{
	hang_up();
	reads(OCI_RECEIVE_NOTHING);
}

Case(refuses_a_message_that_is_cut_off)
{
	send_with(whole, strlen(whole) - 1, STDIN_FILENO, 1);
	reads(OCI_RECEIVE_MORE);
	hang_up();
	refuses("is cut off");
}

Case(refuses_what_is_no_message_at_its_first_byte)
{
	send_text("GET / HTTP/1.1\r\n", -1);
	refuses("is no JSON object");
}

Case(refuses_a_message_without_descriptors)
{
	send_text(whole, -1);
	reads(OCI_RECEIVE_COMPLETE);
	takes(OCI_RECEIVE_REFUSED);
	cr_expect_str_eq(reason, "came without a descriptor");
}

Case(refuses_descriptors_that_are_no_listeners)
{
	send_text(whole, STDIN_FILENO);
	reads(OCI_RECEIVE_COMPLETE);
	takes(OCI_RECEIVE_REFUSED);
	cr_expect_str_eq(reason, "came with a descriptor that is no listener of seccomp");
}

Case(refuses_more_descriptors_than_it_has_room_for)
{
	send_with("{", 1, STDIN_FILENO, OCI_DESCRIPTORS_MAX + 1);
	refuses("came with too many descriptors");
}

Case(refuses_as_many_descriptors_as_the_kernel_lets_through)
{
	send_with("{", 1, STDIN_FILENO, 64);
	refuses("came with too many descriptors");
}

Case(refuses_descriptors_that_come_late)
{
	send_text("{", STDIN_FILENO);
	reads(OCI_RECEIVE_MORE);
	send_text("}", STDIN_FILENO);
	refuses("came with descriptors behind its beginning");
}

/* Send until the peer is refused. Return: how many bytes were taken. */
static size_t flood(const char *first, char byte, size_t limit)
{
	static char piece[32768];
	size_t sent = strlen(first);
	int r = OCI_RECEIVE_MORE;

	memset(piece, byte, sizeof(piece));
	send_text(first, STDIN_FILENO);
	while (r == OCI_RECEIVE_MORE && sent < limit) {
		ssize_t length = send(peer, piece, sizeof(piece), MSG_DONTWAIT | MSG_NOSIGNAL);

		cr_assert(length > 0 || errno == EAGAIN);
		sent += length > 0 ? (size_t)length : 0;
		r = oci_receive_read(&receive, &reason);
		cr_expect_leq(receive.room, OCI_MESSAGE_MAX + 1);
	}
	cr_expect_eq(r, OCI_RECEIVE_REFUSED);
	return sent;
}

Case(bounds_what_it_keeps_of_a_hundred_mebibytes)
{
	cr_expect_lt(flood("{\"a\":\"", 'x', 100U << 20), 2 * OCI_MESSAGE_MAX);
	cr_expect_str_eq(reason, "is longer than 1 MiB");
}

Case(bounds_a_hundred_mebibytes_of_blanks)
{
	cr_expect_lt(flood("", ' ', 100U << 20), 2 * OCI_MESSAGE_MAX);
	cr_expect_str_eq(reason, "is longer than 1 MiB");
}

Case(refuses_a_bomb_before_it_is_whole)
{
	cr_expect_lt(flood("{\"a\":", '[', 100U << 20), OCI_MESSAGE_MAX);
	cr_expect_str_eq(reason, "is nested too deeply");
}

Case(takes_a_bounded_turn)
{
	static char piece[3 * OCI_RECEIVE_TURN];

	memset(piece, ' ', sizeof(piece));
	ssize_t sent = send(peer, piece, sizeof(piece), MSG_DONTWAIT);

	cr_assert_gt(sent, OCI_RECEIVE_TURN + 4096, "too little to tell");
	reads(OCI_RECEIVE_MORE);
	cr_expect_geq(receive.length, OCI_RECEIVE_TURN);
	cr_expect_lt(receive.length, (size_t)sent);
}

Case(closes_what_was_not_taken)
{
	send_with(whole, strlen(whole), STDIN_FILENO, 1);
	reads(OCI_RECEIVE_COMPLETE);
}

Case(wants_a_connection)
{
	struct oci_receive other;
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_expect_eq(oci_receive_init(&other, file), -ENOTSOCK);
	cr_expect_eq(close(file), 0, "it is the caller's");
}

Case(tells_a_listener_from_other_descriptors)
{
	int listener = make_listener();
	int path = open("/", O_PATH | O_CLOEXEC), event = eventfd(0, EFD_CLOEXEC);

	cr_expect(notify_is_listener(listener));
	cr_expect_not(notify_is_listener(STDIN_FILENO));
	cr_expect_not(notify_is_listener(peer));
	cr_expect_not(notify_is_listener(path));
	cr_expect_not(notify_is_listener(event));
	cr_expect_not(notify_is_listener(-1));
	close(listener);
	close(path);
	close(event);
}
