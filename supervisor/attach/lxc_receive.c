/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that come along are ours from the moment of recvmsg(2), whatever the packet is worth. So
 * they are taken first and judged afterwards. To close them is left to the caller, who knows who waits for it.
 */
#include "attach/lxc_receive.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/passing.h"

/* A packet as it comes; one byte more than the longest, so that a longer one shows. */
struct packet {
	unsigned char bytes[LXC_PACKET_MAX + 1];
	size_t length;
};

/* Return: an enum lxc_receive_result but LXC_REFUSED; -errno. */
static int receive_packet(int connection, int flags, struct packet *packet,
			  struct passed *ret_passed)
{
	const struct iovec piece = { .iov_base = packet->bytes, .iov_len = sizeof(packet->bytes) };
	ssize_t length = passing_receive(connection, &piece, 1, flags, ret_passed);

	if (length < 0) {
		if (length == -EINTR || length == -EAGAIN)
			return LXC_NOTHING;
		return length == -ECONNRESET ? LXC_ENDED : (int)length;
	}
	packet->length = (size_t)length;
	return length == 0 ? LXC_ENDED : LXC_RECEIVED;
}

static enum lxc_form judge(const struct packet *packet, const struct passed *passed,
			   const struct seccomp_notif_sizes *kernels,
			   struct lxc_message *ret_message)
{
	if (packet->length == sizeof(packet->bytes))
		return LXC_COOKIE_LENGTH;
	if (passed->is_cut)
		return LXC_DESCRIPTORS;
	return lxc_message_parse(packet->bytes, packet->length, passed->count, kernels,
				 ret_message);
}

int lxc_receive(int connection, int flags, const struct seccomp_notif_sizes *kernels,
		struct lxc_request *ret_request, enum lxc_form *ret_form)
{
	struct packet packet;
	struct passed *passed = &ret_request->rest;
	struct lxc_message message;

	for (size_t i = 0; i < LXC_DESCRIPTOR_COUNT; i++)
		ret_request->descriptors[i] = -1;
	int r = receive_packet(connection, flags, &packet, passed);

	if (r != LXC_RECEIVED)
		return r;
	enum lxc_form form = judge(&packet, passed, kernels, &message);

	if (form != LXC_WELL_FORMED) {
		*ret_form = form;
		return LXC_REFUSED;
	}
	ret_request->message = message;
	for (size_t i = 0; i < LXC_DESCRIPTOR_COUNT && i < passed->count; i++)
		ret_request->descriptors[i] = TAKE_FD(passed->fds[i]);
	return LXC_RECEIVED;
}

int lxc_reply(int connection, const struct lxc_message *message, const struct outcome *outcome,
	      const struct seccomp_notif_sizes *kernels)
{
	unsigned char packet[LXC_FIXED_SIZE];
	size_t length = lxc_message_answer(message, outcome, kernels, packet);

	if (send(connection, packet, length, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return 0;
	return errno == EPIPE || errno == ECONNRESET ? 0 : -errno;
}

void lxc_request_done(struct lxc_request *request)
{
	for (size_t i = 0; i < LXC_DESCRIPTOR_COUNT; i++)
		fd_close(&request->descriptors[i]);
	passed_done(&request->rest);
}
