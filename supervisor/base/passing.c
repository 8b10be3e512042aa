/* SPDX-License-Identifier: Apache-2.0 */
#include "base/passing.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#ifndef SO_PASSPIDFD /* Linux 6.5 */
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

/* Room for descriptors, and for who has sent them. The union aligns it. */
union ancillary {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int) * PASSED_MAX) + CMSG_SPACE(sizeof(struct ucred))];
};

static void add_part(struct msghdr *message, int type, const void *part, size_t size)
{
	struct cmsghdr *header =
		(struct cmsghdr *)((char *)message->msg_control + message->msg_controllen);

	memset(header, 0, CMSG_SPACE(size));
	*header = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(size),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = type,
	};
	memcpy(CMSG_DATA(header), part, size);
	message->msg_controllen += CMSG_SPACE(size);
}

ssize_t passing_send_for(int socket, pid_t sender, const struct iovec *pieces, size_t piece_count,
			 const int *fds, size_t fd_count)
{
	struct ucred named = { .pid = sender };
	struct msghdr message = { .msg_iov = (struct iovec *)pieces, .msg_iovlen = piece_count };
	union ancillary control;

	if (fd_count > PASSED_MAX)
		return -EINVAL;
	message.msg_control = &control;
	if (fd_count > 0)
		add_part(&message, SCM_RIGHTS, fds, sizeof(int) * fd_count);
	if (sender > 0) {
		named.uid = getuid();
		named.gid = getgid();
		add_part(&message, SCM_CREDENTIALS, &named, sizeof(named));
	}
	ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);

	return sent < 0 ? -errno : sent;
}

ssize_t passing_send(int socket, const struct iovec *pieces, size_t piece_count, const int *fds,
		     size_t fd_count)
{
	return passing_send_for(socket, 0, pieces, piece_count, fds, fd_count);
}

/* The kernel puts all of them into one header, in which there is room. */
static void take_fds(struct passed *passed, struct msghdr *message)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(message);

	passed->count = 0;
	passed->is_cut = message->msg_flags & MSG_CTRUNC;
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return;
	passed->count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (passed->count > PASSED_MAX)
		passed->count = PASSED_MAX;
	memcpy(passed->fds, CMSG_DATA(header), passed->count * sizeof(int));
}

static ssize_t receive(int socket, const struct iovec *pieces, size_t piece_count, int flags,
		       union ancillary *control, struct msghdr *ret_message)
{
	*ret_message = (struct msghdr){
		.msg_iov = (struct iovec *)pieces,
		.msg_iovlen = piece_count,
		.msg_control = control,
		.msg_controllen = sizeof(*control),
	};
	ssize_t length = recvmsg(socket, ret_message, flags | MSG_CMSG_CLOEXEC);

	return length < 0 ? -errno : length;
}

ssize_t passing_receive(int socket, const struct iovec *pieces, size_t piece_count, int flags,
			struct passed *ret_passed)
{
	union ancillary control;
	struct msghdr message;
	ssize_t length = receive(socket, pieces, piece_count, flags, &control, &message);

	if (length < 0)
		ret_passed->count = 0;
	else
		take_fds(ret_passed, &message);
	return length;
}

int passing_ask_senders(int socket)
{
	const int yes = 1;

	if (setsockopt(socket, SOL_SOCKET, SO_PASSPIDFD, &yes, sizeof(yes)) == 0)
		return 0;
	if (errno != ENOPROTOOPT ||
	    setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0)
		return -errno;
	return 0;
}

static void close_rights(const struct cmsghdr *header)
{
	int fd;

	for (size_t i = 0; i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(fd); i++) {
		memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
		close(fd);
	}
}

static int open_process(const struct cmsghdr *header)
{
	struct ucred sender;
	int fd;

	if (header->cmsg_type == SCM_PIDFD) {
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		return fd;
	}
	memcpy(&sender, CMSG_DATA(header), sizeof(sender));
	return (int)syscall(SYS_pidfd_open, sender.pid, 0);
}

ssize_t passing_receive_from(int socket, void *bytes, size_t size, int flags, int *ret_sender)
{
	struct iovec piece = { bytes, size };
	union ancillary control;
	struct msghdr message;
	ssize_t length = receive(socket, &piece, 1, flags, &control, &message);

	*ret_sender = -1;
	if (length < 0)
		return length;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header)) {
		if (header->cmsg_level != SOL_SOCKET)
			continue;
		if (header->cmsg_type == SCM_RIGHTS)
			close_rights(header);
		else if (*ret_sender < 0 &&
			 (header->cmsg_type == SCM_PIDFD || header->cmsg_type == SCM_CREDENTIALS))
			*ret_sender = open_process(header);
	}
	return length;
}

int passed_take_only(struct passed *passed)
{
	if (passed->is_cut)
		return -EMFILE;
	return passed->count == 1 ? TAKE_FD(passed->fds[0]) : -EPROTO;
}

void passed_done(struct passed *passed)
{
	for (size_t i = 0; i < passed->count; i++)
		fd_close(&passed->fds[i]);
	passed->count = 0;
}
