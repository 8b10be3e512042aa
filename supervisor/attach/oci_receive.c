/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A message may come byte by byte, its descriptors come with the first piece: unix(7) hands over no
 * bytes of a later sendmsg(2) together with those of one that carried descriptors. It is complete
 * when its object is closed, or when the peer has closed the connection, whichever is first.
 *
 * The buffer grows with what has come, so that an idle connection costs next to nothing; as the
 * number of connections is bounded by the caller, so is the memory. More descriptors than there is
 * room for are closed by the kernel (MSG_CTRUNC).
 */
#include "attach/oci_receive.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "request/notify.h"

#define FIRST_ROOM 2048

/* Room for the descriptors, without padding that would hold one more; the union aligns it. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int) * OCI_DESCRIPTORS_MAX)];
};

_Static_assert(CMSG_SPACE(sizeof(int) * OCI_DESCRIPTORS_MAX) ==
		       CMSG_LEN(sizeof(int) * OCI_DESCRIPTORS_MAX),
	       "an even number of descriptors needs no padding");

int oci_receive_init(struct oci_receive *receive, int connection)
{
	_cleanup_fd_ int owned = connection;
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(owned, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	*receive = (struct oci_receive){ .connection = TAKE_FD(owned), .peer = peer };
	return 0;
}

void oci_receive_done(struct oci_receive *receive)
{
	for (size_t i = 0; i < receive->descriptor_count; i++)
		fd_close(&receive->descriptors[i]);
	receive->descriptor_count = 0;
	free(receive->bytes);
	receive->bytes = NULL;
	fd_close(&receive->connection);
}

/** make_room() - for at least one byte more, of the OCI_MESSAGE_MAX + 1 that tell too many from enough */
static int make_room(struct oci_receive *receive)
{
	size_t room = receive->room ? receive->room * 2 : FIRST_ROOM;

	if (receive->length < receive->room)
		return 0;
	if (room > OCI_MESSAGE_MAX + 1)
		room = OCI_MESSAGE_MAX + 1;
	char *bytes = realloc(receive->bytes, room);

	if (!bytes)
		return -ENOMEM;
	receive->bytes = bytes;
	receive->room = room;
	return 0;
}

static void close_all(const int *descriptors, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(descriptors[i]);
}

/** keep_descriptors() - those of one control message. Return: NULL; a reason, and they are closed. */
static const char *keep_descriptors(struct oci_receive *receive, const struct cmsghdr *header)
{
	int descriptors[OCI_DESCRIPTORS_MAX];
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	if (count > OCI_DESCRIPTORS_MAX) /* there was no room for so many */
		count = OCI_DESCRIPTORS_MAX;
	memcpy(descriptors, CMSG_DATA(header), count * sizeof(int));
	if (receive->length > 0 || receive->descriptor_count > 0) {
		close_all(descriptors, count);
		return "came with descriptors behind its beginning";
	}
	memcpy(receive->descriptors, descriptors, count * sizeof(int));
	receive->descriptor_count = count;
	return NULL;
}

/** keep_all_descriptors() - whatever came along with a piece is ours, or closed. Return: as above. */
static const char *keep_all_descriptors(struct oci_receive *receive, struct msghdr *message)
{
	const char *reason = NULL;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
			continue;
		const char *complaint = keep_descriptors(receive, at);

		reason = complaint ? complaint : reason;
	}
	if (message->msg_flags & MSG_CTRUNC)
		return "came with too many descriptors";
	return reason;
}

static int refuse(const char **ret_reason, const char *reason)
{
	*ret_reason = reason;
	return OCI_RECEIVE_REFUSED;
}

static int refuse_broken(const char **ret_reason)
{
	if (errno == EAGAIN || errno == EINTR)
		return OCI_RECEIVE_MORE;
	return refuse(ret_reason, "broke off");
}

static int at_end(const struct oci_receive *receive, const char **ret_reason)
{
	return receive->length ? refuse(ret_reason, "is cut off") : OCI_RECEIVE_NOTHING;
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
	union control control;
	int r = make_room(receive);
	struct iovec piece = { .iov_base = receive->bytes + receive->length,
			       .iov_len = receive->room - receive->length };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	*ret_added = 0;
	if (r < 0)
		return r;
	ssize_t length = recvmsg(receive->connection, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (length < 0)
		return refuse_broken(ret_reason);
	const char *reason = keep_all_descriptors(receive, &message);

	if (reason)
		return refuse(ret_reason, reason);
	if (length == 0)
		return at_end(receive, ret_reason);
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
	if (!notify_is_listener(receive->descriptors[message.listener]))
		return refuse(ret_reason, "came with a descriptor that is no listener of seccomp");
	*ret_message = message;
	*ret_listener = TAKE_FD(receive->descriptors[message.listener]);
	return OCI_RECEIVE_COMPLETE;
}
