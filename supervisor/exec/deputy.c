/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On the channel a request is one packet: a header, then the path or name with its NUL, then the
 * value; the descriptor that it is about comes with it. The reply is one packet: an errno or 0 and a
 * length, then the value or list; a descriptor that was opened comes with it.
 */
#include "exec/deputy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/credential.h"
#include "base/errand.h"
#include "base/fd.h"
#include "base/forker.h"
#include "base/passing.h"
#include "exec/attribute_call.h"

struct deputy {
	struct errand errand;
};

struct deputy_header {
	enum deputy_task task;
	bool is_opened;
	enum operation operation;
	int flags;
	struct open_how how;
	size_t text_size; /* the path or name, with its NUL */
	size_t size; /* of the value that follows, or the room for the answer */
};

struct deputy_packet {
	struct deputy_header header;
	char text[PATH_MAX + XATTR_SIZE_MAX];
};

struct deputy_reply {
	int error;
	size_t length;
};

struct deputy_answer {
	struct deputy_reply reply;
	int fd; /* owned */
	char bytes[XATTR_SIZE_MAX];
};

/*
 * The deputy's side. Its working directory is /proc/self/fd, as attribute_call_make() needs it.
 */

static long call_attribute(const struct deputy_packet *packet, int fd, char *buffer)
{
	const struct deputy_header *header = &packet->header;
	const struct attribute_call call = {
		.operation = header->operation,
		.fd = fd,
		.is_opened = header->is_opened,
		.name = packet->text,
		.value = packet->text + header->text_size,
		.buffer = buffer,
		.size = header->size,
		.flags = header->flags,
	};

	return attribute_call_make(&call, -1);
}

static long make_stat(int fd, char *buffer)
{
	struct statx stat;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID,
		  &stat) < 0)
		return -errno;
	memcpy(buffer, &stat, sizeof(stat));
	return sizeof(stat);
}

static long result_of(long result)
{
	return result < 0 ? -errno : result;
}

/* Return: the result of the call; -errno. */
static long call(const struct deputy_packet *packet, int fd, struct deputy_answer *answer)
{
	struct open_how how = packet->header.how;

	switch (packet->header.task) {
	case DEPUTY_OPEN:
		return result_of(syscall(SYS_openat2, fd, packet->text, &how, sizeof(how)));
	case DEPUTY_STAT:
		return make_stat(fd, answer->bytes);
	case DEPUTY_READ_LINK:
		return result_of(readlinkat(fd, "", answer->bytes, packet->header.size));
	case DEPUTY_CALL:
	default:
		return call_attribute(packet, fd, answer->bytes);
	}
}

static void perform(const struct deputy_packet *packet, int fd, struct deputy_answer *answer)
{
	long result = call(packet, fd, answer);

	if (result < 0)
		answer->reply.error = (int)-result;
	else if (packet->header.task == DEPUTY_OPEN)
		answer->fd = (int)result;
	else
		answer->reply.length = (size_t)result;
}

static int serve_one(int channel, struct deputy_packet *packet, struct deputy_answer *answer)
{
	struct iovec piece = { .iov_base = packet, .iov_len = sizeof(*packet) };
	_cleanup_passed_ struct passed passed = { 0 };

	if (passing_receive(channel, &piece, 1, 0, &passed) < (ssize_t)sizeof(packet->header))
		return -EPIPE;
	_cleanup_fd_ int fd = passed_take_only(&passed);

	answer->reply = (struct deputy_reply){ 0 };
	answer->fd = -1;
	/* The root of the namespace can take away our right to open files. */
	if (fd < 0)
		answer->reply.error = -fd;
	else
		perform(packet, fd, answer);
	/* Before the answer: a target that has it does not find a mount busy by us. */
	fd_close(&fd);
	/* A size of 0 asks for the length, and no bytes come with it. */
	size_t length = packet->header.size == 0 ? 0 : answer->reply.length;
	struct iovec pieces[] = {
		{ .iov_base = &answer->reply, .iov_len = sizeof(answer->reply) },
		{ .iov_base = answer->bytes, .iov_len = length },
	};
	ssize_t sent = passing_send(channel, pieces, 2, &answer->fd, answer->fd >= 0);

	fd_close(&answer->fd);
	return sent < 0 ? -EPIPE : 0;
}

static int stand_among_descriptors(int procfs)
{
	_cleanup_fd_ int directory = openat(procfs, "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return directory < 0 || fchdir(directory) < 0 ? -errno : 0;
}

/* What comes with the order for a deputy: procfs, its namespace, and the one where it takes on ids, if that is another. */
enum { GIVEN_PROCFS, GIVEN_USERNS, GIVEN_THROUGH };

static int take_on(struct credential_change *change, const int *fds, size_t fd_count)
{
	if (fd_count <= GIVEN_USERNS)
		return -EPROTO;
	change->userns = fds[GIVEN_USERNS];
	change->through = fd_count > GIVEN_THROUGH ? fds[GIVEN_THROUGH] : -1;
	int r = stand_among_descriptors(fds[GIVEN_PROCFS]);

	if (r == 0)
		r = credential_assume(change);
	/* Ours, all of them. */
	for (size_t i = 0; i < fd_count; i++)
		close(fds[i]);
	return r;
}

void deputy_serve(int channel, void *argument, const int *fds, size_t fd_count)
{
	struct deputy_packet packet;
	struct deputy_answer answer;
	int result = take_on(argument, fds, fd_count);

	if (send(channel, &result, sizeof(result), MSG_NOSIGNAL) != sizeof(result) || result < 0)
		return;
	while (serve_one(channel, &packet, &answer) == 0)
		;
}

_Static_assert(sizeof(struct credential_change) <= FORKER_ARGUMENT_MAX, "an order has room for it");

/* Our side. */

int deputy_new(struct forker *forker, int procfs, const struct share_holder *holder,
	       const struct credential_change *change, struct deputy **ret_deputy)
{
	const int fds[] = { procfs, change->userns, change->through };
	const struct forker_order order = {
		.task = FORKER_DEPUTY,
		.holder = *holder,
		.argument = change,
		.size = sizeof(*change),
		.fds = fds,
		.fd_count = change->through < 0 ? 2 : 3,
	};
	struct deputy *deputy = calloc(1, sizeof(*deputy));
	int result;

	if (!deputy)
		return -ENOMEM;
	int r = forker_start(forker, &order, &deputy->errand);

	if (r == 0)
		r = errand_receive(&deputy->errand, &result, sizeof(result));
	if (r == 0)
		r = result;
	if (r < 0)
		deputy_free(deputy);
	else
		*ret_deputy = deputy;
	return r;
}

pid_t deputy_pid(const struct deputy *deputy)
{
	return deputy->errand.pid;
}

bool deputy_end(struct deputy *deputy)
{
	return errand_stop(&deputy->errand);
}

void deputy_free(struct deputy *deputy)
{
	if (!deputy)
		return;
	errand_end(&deputy->errand);
	free(deputy);
}

static int send_request(const struct deputy *deputy, const struct deputy_request *request)
{
	const struct attribute_call *call = &request->call;
	const char *text = call->name ? call->name : "";
	struct deputy_header header = {
		.task = request->task,
		.is_opened = call->is_opened,
		.operation = call->operation,
		.flags = call->flags,
		.text_size = strlen(text) + 1,
		.size = call->size,
	};
	struct iovec pieces[] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)(uintptr_t)text, .iov_len = header.text_size },
		{ .iov_base = (void *)(uintptr_t)call->value,
		  .iov_len = call->value ? call->size : 0 },
	};

	if (request->how)
		header.how = *request->how;
	if (header.text_size > PATH_MAX || header.size > XATTR_SIZE_MAX)
		return -EINVAL;
	ssize_t sent = passing_send(deputy->errand.channel, pieces, 3, &call->fd, 1);

	return sent < 0 ? (int)sent : 0;
}

/* @ret_fd: the descriptor that has to come along; NULL: none */
static int receive_reply(const struct deputy *deputy, void *buffer, size_t size,
			 struct deputy_reply *ret_reply, int *ret_fd)
{
	struct iovec pieces[] = {
		{ .iov_base = ret_reply, .iov_len = sizeof(*ret_reply) },
		{ .iov_base = buffer, .iov_len = size },
	};
	_cleanup_passed_ struct passed passed = { 0 };
	int r = errand_wait_readable(&deputy->errand);

	if (r < 0)
		return r;
	ssize_t length = passing_receive(deputy->errand.channel, pieces, 2, 0, &passed);

	if (length < (ssize_t)sizeof(*ret_reply))
		return -EPIPE;
	if (ret_reply->error != 0 || !ret_fd)
		return ret_reply->error;
	int fd = passed_take_only(&passed);

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

int deputy_ask(struct deputy *deputy, const struct deputy_request *request, size_t *ret_length)
{
	const struct attribute_call *call = &request->call;
	size_t room = call->buffer ? call->size : 0;
	struct deputy_reply reply;

	if (call->performer)
		atomic_store(call->performer, deputy->errand.pid);
	int r = send_request(deputy, request);

	if (r == 0)
		r = receive_reply(deputy, call->buffer, room, &reply, request->ret_fd);
	/* It has answered, and is in the call no more. */
	if (r >= 0 && call->performer)
		atomic_store(call->performer, gettid());
	if (r != 0)
		return r;
	if (room > 0 && reply.length > room)
		return -EPROTO;
	*ret_length = reply.length;
	return 0;
}
