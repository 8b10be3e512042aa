/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that come along are ours from the moment of recvmsg(2), whatever the packet is worth. So
 * they are taken first, judged afterwards, and closed by one function on every way out.
 */
#include "attach/lxc_receive.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

/* The padding behind three descriptors has room for a fourth, which then has to be closed. */
#define FDS_MAX ((CMSG_SPACE(LXC_DESCRIPTOR_COUNT * sizeof(int)) - CMSG_LEN(0)) / sizeof(int))

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(LXC_DESCRIPTOR_COUNT * sizeof(int))];
};

/* A packet as it comes; one byte more than the longest, so that a longer one shows. */
struct packet {
	unsigned char bytes[LXC_PACKET_MAX + 1];
	size_t length;
	bool is_cut; /* of the packet, or of its descriptors, not all came */
	int fds[FDS_MAX];
	size_t fd_count;
};

static void packet_done(struct packet *packet)
{
	for (size_t i = 0; i < packet->fd_count; i++)
		fd_close(&packet->fds[i]);
}

#define _cleanup_packet_ __attribute__((cleanup(packet_done)))

static void take_fds(struct packet *packet, struct msghdr *message)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		/* The kernel makes one such header of all descriptors, and it has no room for more. */
		if (count > FDS_MAX - packet->fd_count)
			count = FDS_MAX - packet->fd_count;
		memcpy(packet->fds + packet->fd_count, CMSG_DATA(header), count * sizeof(int));
		packet->fd_count += count;
	}
}

/* Return: an enum lxc_receive_result but LXC_REFUSED; -errno. */
static int receive_packet(int connection, int flags, struct packet *packet)
{
	union control control = { 0 };
	struct iovec piece = { .iov_base = packet->bytes, .iov_len = sizeof(packet->bytes) };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t length = recvmsg(connection, &message, flags | MSG_CMSG_CLOEXEC);

	if (length < 0) {
		if (errno == EINTR || errno == EAGAIN)
			return LXC_NOTHING;
		return errno == ECONNRESET ? LXC_ENDED : -errno;
	}
	packet->length = (size_t)length;
	packet->is_cut = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
	take_fds(packet, &message);
	return length == 0 ? LXC_ENDED : LXC_RECEIVED;
}

static enum lxc_form judge(const struct packet *packet, const struct seccomp_notif_sizes *kernels,
			   struct lxc_message *ret_message)
{
	if (packet->length == sizeof(packet->bytes))
		return LXC_COOKIE_LENGTH;
	if (packet->is_cut)
		return LXC_DESCRIPTORS;
	return lxc_message_parse(packet->bytes, packet->length, packet->fd_count, kernels,
				 ret_message);
}

int lxc_receive(int connection, int flags, const struct seccomp_notif_sizes *kernels,
		struct lxc_request *ret_request, enum lxc_form *ret_form)
{
	_cleanup_packet_ struct packet packet = { 0 };
	struct lxc_message message;
	int r = receive_packet(connection, flags, &packet);

	if (r != LXC_RECEIVED)
		return r;
	enum lxc_form form = judge(&packet, kernels, &message);

	if (form != LXC_WELL_FORMED) {
		*ret_form = form;
		return LXC_REFUSED;
	}
	ret_request->message = message;
	for (size_t i = 0; i < LXC_DESCRIPTOR_COUNT; i++)
		ret_request->descriptors[i] = i < packet.fd_count ? TAKE_FD(packet.fds[i]) : -1;
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
}
