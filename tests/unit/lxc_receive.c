/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/lxc_receive.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lxc_packet.h"

static int ends[2] = { -1, -1 };
static int lowest;

static const struct seccomp_notif notification = { .id = 77, .pid = 4242, .data = { .nr = 188 } };

static int lowest_free(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

static void open_ends(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	lowest = lowest_free();
}

static void close_ends(void)
{
	close(ends[0]);
	close(ends[1]);
}

TestSuite(lxc_receive, .init = open_ends, .fini = close_ends, .timeout = 60);

#define FDS_SENT_MAX 16

/* The standard input, @count times. */
static void send_packet(const struct lxc_packet *packet, size_t count)
{
	char control[CMSG_SPACE(FDS_SENT_MAX * sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec piece = { (void *)(uintptr_t)packet->bytes, packet->length };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
	int fds[FDS_SENT_MAX] = { STDIN_FILENO };

	if (count > 0) {
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		*CMSG_FIRSTHDR(&message) =
			(struct cmsghdr){ CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), fds, count * sizeof(int));
	}
	cr_assert_eq(sendmsg(ends[1], &message, 0), (ssize_t)packet->length);
}

static int receive(int flags, struct lxc_request *ret_request, enum lxc_form *ret_form)
{
	return lxc_receive(ends[0], flags, &lxc_packet_sizes, ret_request, ret_form);
}

/* Of what is refused, no descriptor may stay. */
static void expect_refused(enum lxc_form expected)
{
	struct lxc_request request;
	enum lxc_form form = LXC_WELL_FORMED;

	cr_expect_eq(receive(0, &request, &form), LXC_REFUSED);
	cr_expect_eq(form, expected);
	lxc_request_done(&request);
	cr_expect_eq(lowest_free(), lowest, "a descriptor has leaked");
}

Test(lxc_receive, takes_a_request_and_its_descriptors)
{
	struct lxc_packet packet = lxc_packet_make(&notification, "samba-dc");
	struct lxc_request request;
	struct stat sent, received;
	enum lxc_form form;

	send_packet(&packet, 3);
	cr_assert_eq(receive(0, &request, &form), LXC_RECEIVED);
	cr_expect_eq(request.message.notification.id, 77);
	cr_expect_str_eq(request.message.cookie, "samba-dc");
	cr_assert_eq(fstat(STDIN_FILENO, &sent), 0);
	for (size_t i = 0; i < LXC_DESCRIPTOR_COUNT; i++) {
		cr_assert_eq(fstat(request.descriptors[i], &received), 0);
		cr_expect_eq(sent.st_ino, received.st_ino);
		cr_expect(fcntl(request.descriptors[i], F_GETFD) & FD_CLOEXEC);
	}
	lxc_request_done(&request);
	cr_expect_eq(lowest_free(), lowest, "a descriptor has leaked");
}

Test(lxc_receive, takes_two_descriptors_of_an_old_monitor)
{
	struct lxc_packet packet = lxc_packet_make(&notification, "");
	struct lxc_request request;
	enum lxc_form form;

	send_packet(&packet, 2);
	cr_assert_eq(receive(0, &request, &form), LXC_RECEIVED);
	cr_expect_eq(request.descriptors[LXC_LISTENER], -1);
	lxc_request_done(&request);
	cr_expect_eq(lowest_free(), lowest, "a descriptor has leaked");
}

Test(lxc_receive, refuses_other_numbers_of_descriptors)
{
	const size_t counts[] = { 0, 1, 4, 5, FDS_SENT_MAX };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct lxc_packet packet = lxc_packet_make(&notification, "samba-dc");

		send_packet(&packet, counts[i]);
		expect_refused(LXC_DESCRIPTORS);
	}
}

Test(lxc_receive, closes_the_descriptors_of_a_packet_that_it_refuses)
{
	struct lxc_packet packet = lxc_packet_make(&notification, "a b");

	send_packet(&packet, 3);
	expect_refused(LXC_COOKIE_TEXT);
}

Test(lxc_receive, refuses_a_packet_that_is_longer_than_any)
{
	struct lxc_packet packet = lxc_packet_make(&notification, "");

	for (packet.length = LXC_PACKET_MAX + 1; packet.length <= LXC_PACKET_ROOM;
	     packet.length += 511) {
		lxc_packet_put_u64(&packet, 24, packet.length - 136);
		send_packet(&packet, 3);
		expect_refused(LXC_COOKIE_LENGTH);
	}
}

Test(lxc_receive, takes_the_longest_packet)
{
	char cookie[LXC_COOKIE_MAX + 1] = "";
	struct lxc_request request;
	enum lxc_form form;

	memset(cookie, 'n', LXC_COOKIE_MAX);
	struct lxc_packet packet = lxc_packet_make(&notification, cookie);

	send_packet(&packet, 3);
	cr_assert_eq(receive(0, &request, &form), LXC_RECEIVED);
	cr_expect_str_eq(request.message.cookie, cookie);
	lxc_request_done(&request);
}

/* It would look like one of an old monitor. */
Test(lxc_receive, refuses_a_packet_whose_last_descriptor_found_no_room)
{
	struct lxc_packet packet = lxc_packet_make(&notification, "samba-dc");
	struct rlimit limit, lower;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	lower = (struct rlimit){ (rlim_t)lowest + 2, limit.rlim_max };
	send_packet(&packet, 3);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &lower), 0);
	expect_refused(LXC_DESCRIPTORS);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

Test(lxc_receive, looks_at_a_packet_without_taking_it)
{
	struct lxc_packet packet = lxc_packet_make(&notification, "samba-dc");
	struct lxc_request request;
	enum lxc_form form;

	send_packet(&packet, 3);
	for (int i = 0; i < 3; i++) {
		int flags = i < 2 ? MSG_PEEK | MSG_DONTWAIT : 0;

		cr_assert_eq(receive(flags, &request, &form), LXC_RECEIVED);
		cr_expect_str_eq(request.message.cookie, "samba-dc");
		cr_expect_geq(request.descriptors[LXC_LISTENER], 0);
		lxc_request_done(&request);
	}
	cr_expect_eq(receive(MSG_DONTWAIT, &request, &form), LXC_NOTHING);
	cr_expect_eq(lowest_free(), lowest, "a descriptor has leaked");
}

Test(lxc_receive, tells_the_end_from_a_pause)
{
	struct lxc_request request;
	enum lxc_form form;

	cr_expect_eq(receive(MSG_DONTWAIT, &request, &form), LXC_NOTHING);
	close(ends[1]);
	cr_expect_eq(receive(0, &request, &form), LXC_ENDED);
}

Test(lxc_receive, takes_a_reset_for_the_end)
{
	struct lxc_request request;
	enum lxc_form form;

	cr_assert_eq(send(ends[0], "x", 1, 0), 1);
	close(ends[1]);
	cr_expect_eq(receive(0, &request, &form), LXC_ENDED);
}

static struct lxc_message message_of(const char *cookie)
{
	struct lxc_packet packet = lxc_packet_make(&notification, cookie);
	struct lxc_message message;

	cr_assert_eq(lxc_message_parse(packet.bytes, packet.length, 3, &lxc_packet_sizes, &message),
		     LXC_WELL_FORMED);
	return message;
}

Test(lxc_receive, replies_in_one_packet_of_the_length_that_lxc_wants)
{
	struct lxc_message message = message_of("samba-dc");
	struct outcome outcome = outcome_refused(ENODATA, REASON_KERNEL);
	unsigned char reply[256];
	int32_t error;

	cr_assert_eq(lxc_reply(ends[0], &message, &outcome, &lxc_packet_sizes), 0);
	cr_assert_eq(recv(ends[1], reply, sizeof(reply), 0), 136);
	memcpy(&error, reply + 128, sizeof(error));
	cr_expect_eq(error, -ENODATA);
}

Test(lxc_receive, does_not_wait_for_a_monitor_that_never_reads)
{
	struct lxc_message message = message_of("");
	struct outcome outcome = outcome_kernel(REASON_NONE);
	int r = 0;

	for (int i = 0; i < 100000 && r == 0; i++)
		r = lxc_reply(ends[0], &message, &outcome, &lxc_packet_sizes);
	cr_expect_eq(r, -EAGAIN);
}

Test(lxc_receive, survives_speaking_without_a_peer)
{
	struct lxc_message message = message_of("");
	struct outcome outcome = outcome_kernel(REASON_NONE);

	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
	cr_expect_eq(lxc_reply(ends[0], &message, &outcome, &lxc_packet_sizes), 0);
}
