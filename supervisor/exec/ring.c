/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/ring.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING_ENTRIES 8

struct ring {
	struct io_uring uring;
};

/*
 * Without SINGLE_ISSUER, which would refuse registrations by a child, and DEFER_TASKRUN, which
 * needs it.
 */
int ring_new(struct ring **ret_ring)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	int r = io_uring_queue_init(RING_ENTRIES, &ring->uring, 0);

	if (r < 0) {
		free(ring);
		return r;
	}
	*ret_ring = ring;
	return 0;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	io_uring_queue_exit(&ring->uring);
	free(ring);
}

int ring_fd(const struct ring *ring)
{
	return ring->uring.ring_fd;
}

/* By the system call: the mapped parts of the ring are the parent's. */
int ring_register_personality(int fd)
{
	long personality = syscall(SYS_io_uring_register, fd, IORING_REGISTER_PERSONALITY, NULL, 0);

	return personality < 0 ? -errno : (int)personality;
}

void ring_unregister_personality(struct ring *ring, int personality)
{
	io_uring_unregister_personality(&ring->uring, personality);
}

static int wait_completion(struct ring *ring)
{
	struct io_uring_cqe *cqe;
	int r;

	do
		r = io_uring_wait_cqe(&ring->uring, &cqe);
	while (r == -EINTR);
	if (r < 0)
		return r;
	r = cqe->res;
	io_uring_cqe_seen(&ring->uring, cqe);
	return r;
}

int ring_open(struct ring *ring, int personality, int base, const char *path,
	      const struct open_how *how)
{
	struct open_how copy = *how;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_openat2(sqe, base, path, &copy);
	sqe->personality = (__u16)personality;
	int r = io_uring_submit_and_wait(&ring->uring, 1);

	if (r < 0 && r != -EINTR)
		return r;
	return wait_completion(ring);
}
