/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to make many attribute calls, without any supervisor: by system calls of one thread, by those of
 * several threads, and by an io_uring, of which each call goes to a thread of the kernel's.
 *
 *	ways FILE…	as many calls at a time as there are files
 *
 * Prints how many calls a second each way makes: the median of ROUNDS turns, taken in turn. It is what
 * docs/design.md says of executors.
 */
#include <err.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define NAME "security.own"
#define VALUE_MAX 256
#define FILES_MAX 256
#define ROUNDS 9
#define TURN 0.2 /* seconds */

struct ways {
	int fds[FILES_MAX];
	unsigned int count;
	struct io_uring ring;
	double end; /* of the turn */
	atomic_ulong calls; /* in it */
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void get(int fd)
{
	char value[VALUE_MAX];

	if (fgetxattr(fd, NAME, value, sizeof(value)) < 0)
		err(EXIT_FAILURE, "fgetxattr");
}

static void by_one(struct ways *ways)
{
	for (unsigned int i = 0; now() < ways->end; i = (i + 1) % ways->count) {
		get(ways->fds[i]);
		atomic_fetch_add(&ways->calls, 1);
	}
}

struct worker {
	struct ways *ways;
	int fd;
	pthread_t thread;
};

static void *work(void *place)
{
	const struct worker *worker = place;

	while (now() < worker->ways->end) {
		get(worker->fd);
		atomic_fetch_add(&worker->ways->calls, 1);
	}
	return NULL;
}

static void by_threads(struct ways *ways)
{
	static struct worker workers[FILES_MAX];

	for (unsigned int i = 0; i < ways->count; i++) {
		workers[i] = (struct worker){ .ways = ways, .fd = ways->fds[i] };
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			errx(EXIT_FAILURE, "cannot start a thread");
	}
	for (unsigned int i = 0; i < ways->count; i++)
		pthread_join(workers[i].thread, NULL);
}

static void prepare(struct ways *ways, unsigned int index)
{
	static char values[FILES_MAX][VALUE_MAX];
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ways->ring);

	io_uring_prep_fgetxattr(sqe, ways->fds[index], NAME, values[index], VALUE_MAX);
	sqe->user_data = index;
}

/* Return: whether there was one. */
static bool complete_one(struct ways *ways, bool goes_on)
{
	struct io_uring_cqe *cqe;

	if (io_uring_peek_cqe(&ways->ring, &cqe) < 0)
		return false;
	unsigned int index = (unsigned int)cqe->user_data;

	if (cqe->res < 0)
		errx(EXIT_FAILURE, "a call by the ring has failed");
	io_uring_cqe_seen(&ways->ring, cqe);
	atomic_fetch_add(&ways->calls, 1);
	if (goes_on)
		prepare(ways, index);
	return true;
}

/* What is complete is replaced, and submitted together. */
static void by_ring(struct ways *ways)
{
	unsigned int under_way = ways->count;

	for (unsigned int i = 0; i < ways->count; i++)
		prepare(ways, i);
	while (under_way > 0) {
		bool goes_on = now() < ways->end;

		io_uring_submit_and_wait(&ways->ring, 1);
		while (complete_one(ways, goes_on))
			under_way -= !goes_on;
	}
}

static const struct {
	const char *name;
	void (*run)(struct ways *ways);
} all[] = {
	{ "one thread", by_one },
	{ "a thread each", by_threads },
	{ "io_uring", by_ring },
};

#define WAYS (sizeof(all) / sizeof(all[0]))

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double take_turn(struct ways *ways, size_t way)
{
	double begin = now();

	ways->end = begin + TURN;
	atomic_store(&ways->calls, 0);
	all[way].run(ways);
	return (double)atomic_load(&ways->calls) / (now() - begin);
}

int main(int argc, char **argv)
{
	static struct ways ways;
	static double rates[WAYS][ROUNDS];

	for (int i = 1; i < argc && ways.count < FILES_MAX; i++) {
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			err(EXIT_FAILURE, "%s", argv[i]);
		ways.fds[ways.count++] = fd;
	}
	if (ways.count == 0 || io_uring_queue_init(FILES_MAX, &ways.ring, 0) < 0)
		errx(2, "usage: ways FILE...");
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t way = 0; way < WAYS; way++)
			rates[way][round] = take_turn(&ways, way);
	printf("%u at a time, calls a second:\n", ways.count);
	for (size_t way = 0; way < WAYS; way++) {
		qsort(rates[way], ROUNDS, sizeof(double), compare);
		printf("  %-14s %10.0f\n", all[way].name, rates[way][ROUNDS / 2]);
	}
	return 0;
}
