/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of one byte, the step; a descriptor travels with it by SCM_RIGHTS (unix(7)). */
#include "attach/handshake.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/passing.h"

int handshake_new(int ret_ends[2])
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	ret_ends[0] = ends[0];
	ret_ends[1] = ends[1];
	return 0;
}

int handshake_send(int end, enum handshake_step step, int fd)
{
	unsigned char byte = (unsigned char)step;
	const struct iovec piece = { .iov_base = &byte, .iov_len = sizeof(byte) };
	ssize_t sent;

	do
		sent = passing_send(end, &piece, 1, &fd, fd >= 0);
	while (sent == -EINTR);
	return sent < 0 ? (int)sent : 0;
}

static ssize_t receive_again(int end, const struct iovec *piece, struct passed *ret_passed)
{
	ssize_t length;

	do
		length = passing_receive(end, piece, 1, 0, ret_passed);
	while (length == -EINTR);
	return length;
}

/* A side that ends with a packet of ours unread is reported once, ahead of its own last words. */
static ssize_t receive(int end, const struct iovec *piece, struct passed *ret_passed)
{
	ssize_t length = receive_again(end, piece, ret_passed);

	return length == -ECONNRESET ? receive_again(end, piece, ret_passed) : length;
}

int handshake_expect(int end, enum handshake_step step, int *ret_fd)
{
	unsigned char byte = 0;
	const struct iovec piece = { .iov_base = &byte, .iov_len = sizeof(byte) };
	_cleanup_passed_ struct passed passed = { 0 };
	ssize_t length = receive(end, &piece, &passed);

	if (length <= 0)
		return length < 0 ? (int)length : -EPIPE;
	if (byte == STEP_FAILED)
		return -ECANCELED;
	if (byte != step || passed.is_cut || passed.count > 1 || (ret_fd && passed.count == 0))
		return -EPROTO;
	if (ret_fd)
		*ret_fd = TAKE_FD(passed.fds[0]);
	return 0;
}
