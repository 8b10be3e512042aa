/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of one byte, the step; a descriptor travels with it by SCM_RIGHTS (unix(7)). */
#include "attach/handshake.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

/* Room for one descriptor; the union aligns it. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int handshake_new(int ret_ends[2])
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	ret_ends[0] = ends[0];
	ret_ends[1] = ends[1];
	return 0;
}

static void attach_fd(struct msghdr *message, union control *control, int fd)
{
	*control = (union control){ .header = {
					    .cmsg_len = CMSG_LEN(sizeof(fd)),
					    .cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS,
				    } };
	memcpy(CMSG_DATA(&control->header), &fd, sizeof(fd));
	message->msg_control = control;
	message->msg_controllen = CMSG_LEN(sizeof(fd));
}

int handshake_send(int end, enum handshake_step step, int fd)
{
	unsigned char byte = (unsigned char)step;
	struct iovec piece = { .iov_base = &byte, .iov_len = sizeof(byte) };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
	union control control;

	if (fd >= 0)
		attach_fd(&message, &control, fd);
	if (TEMP_FAILURE_RETRY(sendmsg(end, &message, MSG_NOSIGNAL)) < 0)
		return -errno;
	return 0;
}

static int detach_fd(struct msghdr *message)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* A side that ends with a packet of ours unread is reported once, ahead of its own last words. */
static ssize_t receive(int end, struct msghdr *message)
{
	ssize_t length = TEMP_FAILURE_RETRY(recvmsg(end, message, MSG_CMSG_CLOEXEC));

	if (length < 0 && errno == ECONNRESET)
		length = TEMP_FAILURE_RETRY(recvmsg(end, message, MSG_CMSG_CLOEXEC));
	return length;
}

int handshake_expect(int end, enum handshake_step step, int *ret_fd)
{
	unsigned char byte = 0;
	struct iovec piece = { .iov_base = &byte, .iov_len = sizeof(byte) };
	union control control = { 0 };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  /* not CMSG_SPACE(): its padding has room for a second one */
				  .msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t length = receive(end, &message);

	if (length == 0)
		return -EPIPE;
	if (length < 0)
		return -errno;
	_cleanup_fd_ int fd = detach_fd(&message);

	if (byte == STEP_FAILED)
		return -ECANCELED;
	if (byte != step || (message.msg_flags & MSG_CTRUNC) || (ret_fd && fd < 0))
		return -EPROTO;
	if (ret_fd)
		*ret_fd = TAKE_FD(fd);
	return 0;
}
