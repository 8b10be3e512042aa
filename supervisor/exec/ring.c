/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#define RING_ENTRIES 8

struct ring {
	struct io_uring uring;
	bool is_up;
	unsigned int generation;
	uint64_t sequence; /* of the request under way; its completion carries it */
	struct open_how how; /* of the request under way: the kernel reads it later than we submit */
};

/*
 * Without SINGLE_ISSUER, which would refuse registrations by a child, and DEFER_TASKRUN, which
 * needs it.
 */
static int bring_up(struct ring *ring)
{
	int r = io_uring_queue_init(RING_ENTRIES, &ring->uring, 0);

	if (r < 0)
		return r;
	ring->is_up = true;
	ring->generation++;
	return 0;
}

static void take_down(struct ring *ring)
{
	if (ring->is_up)
		io_uring_queue_exit(&ring->uring);
	ring->is_up = false;
}

int ring_new(struct ring **ret_ring)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	int r = bring_up(ring);

	if (r < 0)
		free(ring);
	else
		*ret_ring = ring;
	return r;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	take_down(ring);
	free(ring);
}

unsigned int ring_generation(const struct ring *ring)
{
	return ring->generation;
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

/* Return: 0, with the request's result; -errno when there is no completion. */
static int wait_completion(struct ring *ring, int *ret_result)
{
	struct io_uring_cqe *cqe;
	int r;

	do
		r = io_uring_wait_cqe(&ring->uring, &cqe);
	while (r == -EINTR);
	if (r < 0)
		return r;
	r = cqe->user_data == ring->sequence ? 0 : -EBADMSG;
	*ret_result = cqe->res;
	io_uring_cqe_seen(&ring->uring, cqe);
	return r;
}

static int submit_open(struct ring *ring, int personality, int base, const char *path,
		       const struct open_how *how)
{
	struct io_uring_sqe *sqe = ring->is_up ? io_uring_get_sqe(&ring->uring) : NULL;

	if (!sqe)
		return -EBUSY;
	ring->how = *how;
	io_uring_prep_openat2(sqe, base, path, &ring->how);
	sqe->personality = (__u16)personality;
	sqe->user_data = ++ring->sequence;
	return io_uring_submit_and_wait(&ring->uring, 1) == 1 ? 0 : -EBUSY;
}

int ring_open(struct ring *ring, int personality, int base, const char *path,
	      const struct open_how *how)
{
	int result;
	int r = submit_open(ring, personality, base, path, how);

	if (r == 0)
		r = wait_completion(ring, &result);
	if (r == 0)
		return result;
	/* A request that is still in the queue would answer the next one: nothing of the ring is kept. */
	take_down(ring);
	(void)bring_up(ring);
	return -EBUSY;
}

static int open_working_directory(struct ring *ring, int personality)
{
	const struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC };
	_cleanup_fd_ int fd = ring_open(ring, personality, AT_FDCWD, ".", &how);

	return fd < 0 ? fd : 0;
}

bool ring_may_assume(struct ring *ring)
{
	int personality = ring_register_personality(ring_fd(ring));

	if (personality < 0)
		return false;
	/* Our own, with which nothing but the module refuses what it does not refuse without. */
	int r = open_working_directory(ring, personality);
	bool is_refused = (r == -EACCES || r == -EPERM) && open_working_directory(ring, 0) == 0;

	ring_unregister_personality(ring, personality);
	return !is_refused;
}
