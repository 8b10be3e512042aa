/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring is without SINGLE_ISSUER and DEFER_TASKRUN: any server may have the turn. An attribute call always goes to a
 * worker of the kernel's, which writes the answer down itself; so a thread that has begun a call and then hangs
 * elsewhere keeps no answer from the others.
 */
#include "exec/call_queue.h"

#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/credential.h"
#include "exec/attribute_call.h"

#define ENTRIES 64
#define ANSWERS 1024
#define PERSONALITIES_MAX 16
/* A path is read when the call begins, not when it is put into the queue. */
#define NUMBER_SIZE sizeof("2147483647")

/* Who they are; each is large. */
struct personality {
	int number;
	uint64_t inode;
	struct credential credential;
};

struct call_queue {
	struct io_uring uring;
	pthread_mutex_t lock; /* held for moments: no call waits */
	unsigned int at_once;
	unsigned int used; /* of the numbers */
	char numbers[ENTRIES][NUMBER_SIZE];
	unsigned int registered; /* personalities so far */
	struct personality *personalities[PERSONALITIES_MAX]; /* NULL: free */
};

/*
 * The kernel's default is four a CPU, or as many as a ring has entries. A thread that has another ring, too, does not
 * get the number that was set before it came.
 */
int call_queue_join(struct call_queue *queue)
{
	unsigned int workers[2] = { queue->at_once, queue->at_once };

	return io_uring_register_iowq_max_workers(&queue->uring, workers);
}

static int set_up(struct call_queue *queue)
{
	struct io_uring_params params = { .flags = IORING_SETUP_CQSIZE, .cq_entries = ANSWERS };
	int r = io_uring_queue_init_params(ENTRIES, &queue->uring, &params);

	if (r < 0)
		return r;
	r = call_queue_join(queue);
	if (r < 0)
		io_uring_queue_exit(&queue->uring);
	return r;
}

int call_queue_new(unsigned int at_once, int directory, struct call_queue **ret_queue)
{
	/* A ring has no calls relative to a descriptor: paths begin in the working directory. */
	if (directory >= 0 && fchdir(directory) < 0)
		return -errno;
	struct call_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return -ENOMEM;
	queue->at_once = at_once;
	int r = set_up(queue);

	if (r < 0) {
		free(queue);
		return r;
	}
	pthread_mutex_init(&queue->lock, NULL);
	*ret_queue = queue;
	return 0;
}

void call_queue_free(struct call_queue *queue)
{
	if (!queue)
		return;
	io_uring_queue_exit(&queue->uring);
	for (size_t i = 0; i < PERSONALITIES_MAX; i++)
		free(queue->personalities[i]);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

int call_queue_fd(const struct call_queue *queue)
{
	return queue->uring.ring_fd;
}

/* ---- personalities ---- */

/* With the lock held. */
static int find_personality(const struct call_queue *queue, uint64_t inode,
			    const struct credential *credential)
{
	for (size_t i = 0; i < PERSONALITIES_MAX; i++) {
		const struct personality *one = queue->personalities[i];

		if (one && one->inode == inode && credential_equal(&one->credential, credential))
			return one->number;
	}
	return 0;
}

int call_queue_find_personality(struct call_queue *queue, uint64_t inode,
				const struct credential *credential)
{
	pthread_mutex_lock(&queue->lock);
	int number = find_personality(queue, inode, credential);

	pthread_mutex_unlock(&queue->lock);
	return number;
}

/* A call that has begun keeps the credential of its own. One that was not submitted yet fails, and a thread goes on. */
static void replace_oldest(struct call_queue *queue, struct personality *one)
{
	struct personality **place = &queue->personalities[queue->registered++ % PERSONALITIES_MAX];

	if (*place)
		io_uring_unregister_personality(&queue->uring, (*place)->number);
	free(*place);
	*place = one;
}

int call_queue_add_personality(struct call_queue *queue, uint64_t inode,
			       const struct credential *credential, int personality)
{
	struct personality *one = malloc(sizeof(*one));

	pthread_mutex_lock(&queue->lock);
	if (one) {
		one->number = personality;
		one->inode = inode;
		one->credential = *credential;
		replace_oldest(queue, one);
	} else {
		io_uring_unregister_personality(&queue->uring, personality);
	}
	pthread_mutex_unlock(&queue->lock);
	return one ? 0 : -ENOMEM;
}

/* ---- calls ---- */

static void prepare_get(struct call_queue *queue, struct io_uring_sqe *sqe,
			const struct attribute_call *call)
{
	char *number = queue->numbers[queue->used];

	if (call->is_opened) {
		io_uring_prep_fgetxattr(sqe, call->fd, call->name, call->buffer,
					(unsigned int)call->size);
		return;
	}
	snprintf(number, NUMBER_SIZE, "%d", call->fd);
	io_uring_prep_getxattr(sqe, call->name, call->buffer, number, (unsigned int)call->size);
}

/* With the lock held. Return: NULL: there is no room. */
static struct io_uring_sqe *next_entry(struct call_queue *queue)
{
	return queue->used < ENTRIES ? io_uring_get_sqe(&queue->uring) : NULL;
}

/* It is prepared: it has its place, and the lock is released. @sqe: NULL: there is none */
static int put(struct call_queue *queue, struct io_uring_sqe *sqe, void *place)
{
	if (sqe) {
		io_uring_sqe_set_data(sqe, place);
		queue->used++;
	}
	pthread_mutex_unlock(&queue->lock);
	return sqe ? 0 : -EBUSY;
}

int call_queue_get(struct call_queue *queue, const struct attribute_call *call, void *place)
{
	pthread_mutex_lock(&queue->lock);
	struct io_uring_sqe *sqe = next_entry(queue);

	if (sqe)
		prepare_get(queue, sqe, call);
	return put(queue, sqe, place);
}

int call_queue_open(struct call_queue *queue, int personality, int base, const char *path,
		    struct open_how *how, void *place)
{
	pthread_mutex_lock(&queue->lock);
	struct io_uring_sqe *sqe = next_entry(queue);

	if (sqe) {
		io_uring_prep_openat2(sqe, base, path, how);
		sqe->personality = (__u16)personality;
	}
	return put(queue, sqe, place);
}

/* With the lock held. */
static int submit(struct call_queue *queue)
{
	int r = io_uring_sq_ready(&queue->uring) > 0 ? io_uring_submit(&queue->uring) : 0;

	if (r >= 0 && io_uring_sq_ready(&queue->uring) == 0)
		queue->used = 0;
	return r < 0 ? r : 0;
}

int call_queue_submit(struct call_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	int r = submit(queue);

	pthread_mutex_unlock(&queue->lock);
	return r;
}

/* The answer to the cancellation itself has no place. */
void call_queue_cancel(struct call_queue *queue, void *place)
{
	pthread_mutex_lock(&queue->lock);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&queue->uring);

	if (sqe) {
		io_uring_prep_cancel(sqe, place, 0);
		io_uring_sqe_set_data(sqe, NULL);
		(void)submit(queue);
	}
	pthread_mutex_unlock(&queue->lock);
}

bool call_queue_take(struct call_queue *queue, struct call_answer *ret_answer)
{
	struct io_uring_cqe *cqe;

	ret_answer->place = NULL;
	pthread_mutex_lock(&queue->lock);
	while (!ret_answer->place && io_uring_peek_cqe(&queue->uring, &cqe) == 0) {
		ret_answer->place = io_uring_cqe_get_data(cqe);
		ret_answer->result = cqe->res;
		io_uring_cqe_seen(&queue->uring, cqe);
	}
	pthread_mutex_unlock(&queue->lock);
	return ret_answer->place;
}
