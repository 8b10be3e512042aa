/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A message may come byte by byte, its descriptors come with the first piece: unix(7) hands over no
 * bytes of a later sendmsg(2) together with those of one that carried descriptors. It is complete
 * when its object is closed, or when the peer has closed the connection, whichever is first.
 *
 * The buffer grows with what has come, so that an idle connection costs next to nothing; as the
 * number of connections is bounded by the caller, so is the memory.
 */
#include "attach/oci_receive.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/passing.h"
#include "base/room.h"
#include "request/notify.h"

#define FIRST_ROOM 2048

int oci_receive_init(struct oci_receive *receive, int connection)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	*receive = (struct oci_receive){ .connection = connection, .peer = peer };
	return 0;
}

size_t oci_receive_let_go(struct oci_receive *receive, int ret_fds[OCI_RECEIVE_FDS_MAX])
{
	size_t count = receive->descriptor_count;

	memcpy(ret_fds, receive->descriptors, count * sizeof(*ret_fds));
	ret_fds[count++] = TAKE_FD(receive->connection);
	receive->descriptor_count = 0;
	free(receive->bytes);
	receive->bytes = NULL;
	return count;
}

/* Return: NULL; why they are too many. */
static const char *judge_descriptors(const struct oci_receive *receive, const struct passed *passed)
{
	if (passed->is_cut || passed->count > OCI_DESCRIPTORS_MAX)
		return "came with too many descriptors";
	if (passed->count > 0 && (receive->length > 0 || receive->descriptor_count > 0))
		return "came with descriptors behind its beginning";
	return NULL;
}

/* Those that came along with a piece, so that nothing is closed here. */
static void keep_descriptors(struct oci_receive *receive, struct passed *passed)
{
	for (size_t i = 0; i < passed->count; i++)
		if (receive->descriptor_count < OCI_RECEIVE_DESCRIPTORS_MAX)
			receive->descriptors[receive->descriptor_count++] = TAKE_FD(passed->fds[i]);
}

static int refuse(const char **ret_reason, const char *reason)
{
	*ret_reason = reason;
	return OCI_RECEIVE_REFUSED;
}

/** take_in() - judge the bytes that were added to the buffer */
static int take_in(struct oci_receive *receive, size_t added, const char **ret_reason)
{
	const char *bytes = receive->bytes + receive->length;

	receive->length += added;
	if (receive->length > OCI_MESSAGE_MAX)
		return refuse(ret_reason, "is longer than 1 MiB");
	switch (oci_frame_feed(&receive->frame, bytes, added, ret_reason)) {
	case OCI_FRAME_OPEN:
		return OCI_RECEIVE_MORE;
	case OCI_FRAME_CLOSED:
		return OCI_RECEIVE_COMPLETE;
	case OCI_FRAME_REFUSED:
	default:
		return OCI_RECEIVE_REFUSED;
	}
}

/** read_piece() - one recvmsg(2). @ret_added: 0: there is nothing more at the moment */
static int read_piece(struct oci_receive *receive, size_t *ret_added, const char **ret_reason)
{
	_cleanup_passed_ struct passed passed = { 0 };
	/* One byte more than a message has tells too many from enough. */
	int r = room_make(&receive->bytes, receive->length, &receive->room, FIRST_ROOM,
			  OCI_MESSAGE_MAX + 1);
	struct iovec piece = { .iov_base = receive->bytes + receive->length,
			       .iov_len = receive->room - receive->length };

	*ret_added = 0;
	if (r < 0)
		return r;
	ssize_t length = passing_receive(receive->connection, &piece, 1, MSG_DONTWAIT, &passed);

	if (length == -EAGAIN || length == -EINTR)
		return OCI_RECEIVE_MORE;
	if (length < 0)
		return refuse(ret_reason, "broke off");
	const char *reason = judge_descriptors(receive, &passed);

	keep_descriptors(receive, &passed);
	if (reason)
		return refuse(ret_reason, reason);
	if (length == 0)
		return receive->length ? refuse(ret_reason, "is cut off") : OCI_RECEIVE_NOTHING;
	*ret_added = (size_t)length;
	return take_in(receive, (size_t)length, ret_reason);
}

int oci_receive_read(struct oci_receive *receive, const char **ret_reason)
{
	size_t turn = 0, added = 1;
	int r = OCI_RECEIVE_MORE;

	while (r == OCI_RECEIVE_MORE && added > 0 && turn < OCI_RECEIVE_TURN) {
		r = read_piece(receive, &added, ret_reason);
		turn += added;
	}
	return r;
}

int oci_receive_take(struct oci_receive *receive, struct oci_message *ret_message,
		     int *ret_listener, const char **ret_reason)
{
	struct oci_message message;
	int r = oci_message_read(receive->bytes, receive->length, receive->descriptor_count,
				 &message, ret_reason);

	if (r < 0)
		return r;
	if (r == OCI_MESSAGE_REFUSED)
		return OCI_RECEIVE_REFUSED;
	if (!notify_is_listener(receive->descriptors[message.listener])) {
		oci_message_done(&message);
		return refuse(ret_reason, "came with a descriptor that is no listener of seccomp");
	}
	*ret_message = message;
	*ret_listener = TAKE_FD(receive->descriptors[message.listener]);
	return OCI_RECEIVE_COMPLETE;
}
