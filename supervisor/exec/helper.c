/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On the channel a request is one packet: a header, then the path or name with its NUL, then the
 * value; the base descriptor comes with it. The reply is one packet: an errno or 0, and the
 * descriptor that was opened.
 */
#include "exec/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/credential.h"
#include "base/errand.h"
#include "base/fd.h"

struct helper {
	struct errand errand;
};

struct header {
	enum helper_operation operation;
	int flags;
	struct open_how how;
	size_t path_size;
	size_t value_size;
};

struct packet {
	struct header header;
	char text[PATH_MAX + XATTR_SIZE_MAX];
};

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static void attach_fd(struct msghdr *message, union control *control, int fd)
{
	message->msg_control = control;
	message->msg_controllen = sizeof(control->space);
	control->header.cmsg_level = SOL_SOCKET;
	control->header.cmsg_type = SCM_RIGHTS;
	control->header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control->header), &fd, sizeof(fd));
}

static int detach_fd(const struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	int fd;

	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS ||
	    control->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	return fd;
}

static ssize_t send_packet(int channel, struct iovec *pieces, size_t count, int fd)
{
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = count };
	union control control = { 0 };

	if (fd >= 0)
		attach_fd(&message, &control, fd);
	return sendmsg(channel, &message, MSG_NOSIGNAL);
}

static ssize_t receive_packet(int channel, void *buffer, size_t size, int *ret_fd)
{
	struct iovec piece = { .iov_base = buffer, .iov_len = size };
	union control control = { 0 };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };

	message.msg_control = &control;
	message.msg_controllen = sizeof(control.space);
	ssize_t length = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);

	if (length > 0)
		*ret_fd = detach_fd(&message);
	return length;
}

/* The descriptors that we get are O_PATH as often as not, hence by way of /proc. */
static int set_attribute(const struct packet *packet, int fd)
{
	const char *value = packet->text + packet->header.path_size;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (setxattr(path, packet->text, value, packet->header.value_size, packet->header.flags) <
	    0)
		return errno;
	return 0;
}

static int perform(const struct packet *packet, int base, int *ret_fd)
{
	struct open_how how = packet->header.how;
	long fd;

	if (packet->header.operation == HELPER_SETXATTR)
		return set_attribute(packet, base);
	fd = syscall(SYS_openat2, base, packet->text, &how, sizeof(how));
	if (fd < 0)
		return errno;
	*ret_fd = (int)fd;
	return 0;
}

static int serve_one(int channel, struct packet *packet)
{
	_cleanup_fd_ int base = -1, opened = -1;
	ssize_t length = receive_packet(channel, packet, sizeof(*packet), &base);

	if (length < (ssize_t)sizeof(packet->header))
		return -EPIPE;
	int error = perform(packet, base, &opened);
	struct iovec reply = { .iov_base = &error, .iov_len = sizeof(error) };

	return send_packet(channel, &reply, 1, opened) < 0 ? -EPIPE : 0;
}

struct role {
	const struct credential *credential;
	int userns;
};

static void serve(int channel, void *argument)
{
	struct packet packet;
	const struct role *role = argument;
	int result = credential_assume(role->credential, role->userns);

	close(role->userns);
	if (send(channel, &result, sizeof(result), MSG_NOSIGNAL) != sizeof(result) || result < 0)
		return;
	while (serve_one(channel, &packet) == 0)
		;
}

int helper_new(const struct credential *credential, int userns, struct helper **ret_helper)
{
	struct role role = { credential, userns };
	struct helper *helper = calloc(1, sizeof(*helper));
	int result;

	if (!helper)
		return -ENOMEM;
	int r = errand_start(serve, &role, &userns, 1, &helper->errand);

	if (r == 0)
		r = errand_receive(&helper->errand, &result, sizeof(result));
	if (r == 0)
		r = result;
	if (r < 0) {
		helper_free(helper);
		return r;
	}
	*ret_helper = helper;
	return 0;
}

void helper_free(struct helper *helper)
{
	if (!helper)
		return;
	errand_end(&helper->errand);
	free(helper);
}

static int send_request(const struct helper *helper, const struct helper_request *request, int base)
{
	struct header header = {
		.operation = request->operation,
		.flags = request->flags,
		.how = request->how,
		.path_size = strlen(request->path) + 1,
		.value_size = request->size,
	};
	struct iovec pieces[] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)(uintptr_t)request->path, .iov_len = header.path_size },
		{ .iov_base = (void *)(uintptr_t)request->value, .iov_len = header.value_size },
	};

	if (header.path_size > PATH_MAX || header.value_size > XATTR_SIZE_MAX)
		return -EINVAL;
	return send_packet(helper->errand.channel, pieces, 3, base) < 0 ? -errno : 0;
}

int helper_ask(struct helper *helper, const struct helper_request *request, int base, int *ret_fd)
{
	_cleanup_fd_ int fd = -1;
	int error;
	int r = send_request(helper, request, base);

	if (r == 0)
		r = errand_wait_readable(&helper->errand);
	if (r < 0)
		return r;
	ssize_t length = receive_packet(helper->errand.channel, &error, sizeof(error), &fd);

	if (length != sizeof(error))
		return -EPIPE;
	if (error == 0 && ret_fd) {
		if (fd < 0)
			return -EPROTO;
		*ret_fd = TAKE_FD(fd);
	}
	return error;
}
