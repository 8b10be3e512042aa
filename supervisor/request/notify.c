/* SPDX-License-Identifier: Apache-2.0 */
#include "request/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 6.6; the flag goes by value although the number says pointer. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

int notify_sizes(struct seccomp_notif_sizes *ret_sizes)
{
	struct seccomp_notif_sizes sizes;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return -errno;
	if (sizes.seccomp_notif > sizeof(struct seccomp_notif) ||
	    sizes.seccomp_notif_resp > sizeof(struct seccomp_notif_resp) ||
	    sizes.seccomp_data > sizeof(struct seccomp_data))
		return -EPROTO;
	*ret_sizes = sizes;
	return 0;
}

void notify_wake_sync(int listener)
{
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

/* ENOENT of RECV has two meanings: this target has gone, or (Linux 6.11) all of them. */
static int no_target(int listener)
{
	struct pollfd pollfd = { .fd = listener };

	if (poll(&pollfd, 1, 0) > 0 && (pollfd.revents & (POLLHUP | POLLERR)))
		return NOTIFY_ENDED;
	return NOTIFY_NONE;
}

int notify_receive(int listener, struct seccomp_notif *ret_notification)
{
	*ret_notification = (struct seccomp_notif){ 0 };
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, ret_notification) == 0)
		return NOTIFY_RECEIVED;
	if (errno == ENOENT)
		return no_target(listener);
	if (errno == EINTR)
		return NOTIFY_NONE;
	return -errno;
}

/*
 * What is no inode of a file system has no type either. A file system is not asked: one of the peer's
 * own could leave us waiting, as its files could for their answer to an ioctl.
 */
static bool is_anonymous(int fd)
{
	struct statx status;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status) == 0 &&
	       (status.stx_mode & S_IFMT) == 0;
}

bool notify_is_listener(int fd)
{
	uint64_t id = 0;

	if (!is_anonymous(fd))
		return false;
	return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0 || errno == ENOENT;
}

bool notify_is_valid(int listener, uint64_t id)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

bool notify_is_abandoned(int listener, uint64_t id)
{
	return listener >= 0 && !notify_is_valid(listener, id);
}

struct seccomp_notif_resp notify_response(uint64_t id, const struct outcome *outcome)
{
	struct seccomp_notif_resp response = { .id = id };

	if (outcome->is_kernels)
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else if (outcome->error)
		response.error = -outcome->error;
	else
		response.val = outcome->value;
	return response;
}

int notify_answer(int listener, uint64_t id, const struct outcome *outcome)
{
	struct seccomp_notif_resp response = notify_response(id, outcome);

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0)
		return 0;
	/* ENOENT: killed or interrupted; EINPROGRESS: the call was answered before. */
	return errno == ENOENT || errno == EINPROGRESS ? 0 : -errno;
}
