/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Chores wait in a queue, and are taken by idle threads. Handing one over wakes an idle thread, or starts another
 * one if there are not as many idle ones as chores in the queue. When there are some threads already, they may be done
 * in no time: then more are only started if all are at work and a chore still waits after a moment. So each chore has a
 * thread before long, whatever hangs, and a thousand that do not hang have few. A thread that stays idle for a second
 * ends, all but one.
 *
 * A chore that is done goes into another queue, of which an eventfd tells the loop.
 *
 * While a thread closes, a timer of its own sends it signals that do nothing but end a wait in the kernel.
 */
#include "base/closer.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"

/* Milliseconds for which an idle thread stays. */
#define LINGER 1000
/* Milliseconds for which closer_free() waits; with that of engine_free(), less than a second. */
#define FAREWELL 200
/* Threads beyond which no other one is started at once, and milliseconds after which it is. */
#define AT_ONCE 16
#define MOMENT 10
/* Bytes of a thread's stack, of which the kernel gives what is touched. */
#define STACK_SIZE (256UL * 1024)
/* Nanoseconds after which a wait in close(2) is ended, and between two signals from then on. */
#define PATIENCE 10000000L
#define INSISTENCE 1000000L

struct queue {
	struct chore *first;
	struct chore **end; /* where the next one goes */
	size_t count;
};

struct closer {
	struct loop *loop;
	struct loop_watch told; /* an eventfd: something is done */
	struct loop_timer moment;
	bool is_watching; /* the timer runs */
	const struct chore *seen; /* that waited first, a moment ago */
	pthread_mutex_t lock; /* over all that follows */
	pthread_cond_t called; /* a chore is there, or it is over */
	pthread_cond_t left; /* a thread has ended */
	struct queue waiting;
	struct queue finished;
	unsigned int threads;
	unsigned int idle;
	bool is_over;
};

/* ---- queues, with the lock held ---- */

static void queue_init(struct queue *queue)
{
	*queue = (struct queue){ .end = &queue->first };
}

static void queue_add(struct queue *queue, struct chore *chore)
{
	chore->next = NULL;
	*queue->end = chore;
	queue->end = &chore->next;
	queue->count++;
}

/* Return: the one that has waited longest; NULL. */
static struct chore *queue_take(struct queue *queue)
{
	struct chore *chore = queue->first;

	if (!chore)
		return NULL;
	queue->first = chore->next;
	if (!queue->first)
		queue->end = &queue->first;
	queue->count--;
	return chore;
}

/* ---- threads ---- */

/* With the lock held. Return: the next chore; NULL: the thread is to end. */
static struct chore *await_chore(struct closer *closer)
{
	struct timespec until = clock_after(LINGER);
	struct chore *chore;
	int r = 0;

	closer->idle++;
	while (!(chore = queue_take(&closer->waiting)) && !closer->is_over) {
		/* One stays. */
		if (r == ETIMEDOUT && closer->idle > 1)
			break;
		if (r == ETIMEDOUT)
			until = clock_after(LINGER);
		r = pthread_cond_clockwait(&closer->called, &closer->lock, CLOCK_MONOTONIC, &until);
	}
	closer->idle--;
	return chore;
}

static void *run(void *place)
{
	struct closer *closer = place;
	struct chore *chore;

	pthread_mutex_lock(&closer->lock);
	while ((chore = await_chore(closer)) != NULL) {
		pthread_mutex_unlock(&closer->lock);
		chore->work(chore->place);
		pthread_mutex_lock(&closer->lock);
		queue_add(&closer->finished, chore);
		(void)eventfd_write(closer->told.fd, 1);
	}
	closer->threads--;
	pthread_cond_signal(&closer->left);
	pthread_mutex_unlock(&closer->lock);
	return NULL;
}

/* With the lock held. Return: 0; -errno. */
static int start_thread(struct closer *closer)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	int error = pthread_create(&thread, &attributes, run, closer);

	pthread_attr_destroy(&attributes);
	closer->threads += error == 0;
	return -error;
}

/* With the lock held: for what waits. Without another thread it waits for the first that comes free. */
static void start_threads(struct closer *closer, size_t most)
{
	for (size_t i = 0; i < most && closer->waiting.count > closer->idle + i; i++)
		if (start_thread(closer) < 0)
			return;
}

/*
 * The one that waits first is the same as a moment ago: those at work hang. An idle thread was woken, and only has to
 * get its turn of a CPU.
 */
static void moment_is_over(void *place)
{
	struct closer *closer = place;

	pthread_mutex_lock(&closer->lock);
	if (closer->idle == 0 && closer->waiting.first == closer->seen)
		start_threads(closer, AT_ONCE);
	closer->seen = closer->waiting.first;
	closer->is_watching = closer->waiting.count > 0;
	if (closer->is_watching)
		loop_start_timer(closer->loop, &closer->moment, MOMENT);
	pthread_mutex_unlock(&closer->lock);
}

void closer_do(struct closer *closer, struct chore *chore)
{
	pthread_mutex_lock(&closer->lock);
	queue_add(&closer->waiting, chore);
	if (closer->threads < AT_ONCE)
		start_threads(closer, 1);
	if (!closer->is_watching)
		loop_start_timer(closer->loop, &closer->moment, MOMENT);
	closer->is_watching = true;
	pthread_cond_signal(&closer->called);
	pthread_mutex_unlock(&closer->lock);
}

/* ---- what is done ---- */

static struct chore *take_finished(struct closer *closer)
{
	pthread_mutex_lock(&closer->lock);
	struct chore *chore = queue_take(&closer->finished);

	pthread_mutex_unlock(&closer->lock);
	return chore;
}

static void told(void *place, uint32_t events)
{
	struct closer *closer = place;
	struct chore *chore;
	eventfd_t value;

	(void)events;
	(void)eventfd_read(closer->told.fd, &value);
	while ((chore = take_finished(closer)) != NULL)
		if (chore->done)
			chore->done(chore->place);
}

/* ---- to close ---- */

/* glibc has no name for the member before 2.38. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* Return: whether there is a timer: without one, close(2) waits for as long as it likes. */
static bool begin_insisting(timer_t *ret_timer)
{
	const struct itimerspec times = { .it_value.tv_nsec = PATIENCE,
					  .it_interval.tv_nsec = INSISTENCE };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };
	sigset_t set;

	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, ret_timer) < 0)
		return false;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	(void)timer_settime(*ret_timer, 0, &times, NULL);
	return true;
}

static void end_insisting(timer_t timer)
{
	sigset_t set;

	(void)timer_delete(timer);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void close_them(void *place)
{
	struct closing *closing = place;
	timer_t timer;
	bool is_insisting = begin_insisting(&timer);

	for (size_t i = 0; i < closing->count; i++)
		fd_close(&closing->fds[i]);
	if (is_insisting)
		end_insisting(timer);
}

static void closed(void *place)
{
	struct closing *closing = place;

	if (closing->done)
		closing->done(closing->place);
}

void closer_close(struct closer *closer, struct closing *closing)
{
	closing->chore = (struct chore){ .work = close_them, .done = closed, .place = closing };
	closer_do(closer, &closing->chore);
}

/** struct unasked - descriptors whose end is told to no caller */
struct unasked {
	struct closing closing;
	int fds[];
};

int closer_close_all(struct closer *closer, const int *fds, size_t count)
{
	struct unasked *unasked = malloc(sizeof(*unasked) + count * sizeof(*fds));

	if (!unasked)
		return -ENOMEM;
	memcpy(unasked->fds, fds, count * sizeof(*fds));
	unasked->closing = (struct closing){
		.fds = unasked->fds, .count = count, .done = free, .place = unasked
	};
	closer_close(closer, &unasked->closing);
	return 0;
}

int closer_close_each(struct closer *closer, const int *fds, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = closer_close_all(closer, &fds[i], 1);
	return r;
}

/* ---- the whole ---- */

/* The same as the engine's: it is enough that it comes. */
static void be_interrupted(int number)
{
	(void)number;
}

static int set_up(struct closer *closer)
{
	const struct sigaction action = { .sa_handler = be_interrupted };
	int r;

	closer->told.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (closer->told.fd < 0 || sigaction(SIGRTMIN, &action, NULL) < 0)
		return -errno;
	pthread_mutex_lock(&closer->lock);
	r = start_thread(closer);
	pthread_mutex_unlock(&closer->lock);
	return r < 0 ? r : loop_add(closer->loop, &closer->told, EPOLLIN);
}

int closer_new(struct loop *loop, struct closer **ret_closer)
{
	struct closer *closer = calloc(1, sizeof(*closer));

	if (!closer)
		return -ENOMEM;
	closer->loop = loop;
	closer->told = (struct loop_watch){ -1, told, closer };
	closer->moment = (struct loop_timer){ .due = moment_is_over, .place = closer };
	pthread_mutex_init(&closer->lock, NULL);
	pthread_cond_init(&closer->called, NULL);
	pthread_cond_init(&closer->left, NULL);
	queue_init(&closer->waiting);
	queue_init(&closer->finished);
	int r = set_up(closer);

	if (r < 0)
		(void)closer_free(closer);
	else
		*ret_closer = closer;
	return r;
}

/* Return: whether all have ended. */
static bool end_threads(struct closer *closer)
{
	const struct timespec until = clock_after(FAREWELL);
	int r = 0;

	pthread_mutex_lock(&closer->lock);
	closer->is_over = true;
	pthread_cond_broadcast(&closer->called);
	while (closer->threads > 0 && r != ETIMEDOUT)
		r = pthread_cond_clockwait(&closer->left, &closer->lock, CLOCK_MONOTONIC, &until);
	bool is_empty = closer->threads == 0;

	pthread_mutex_unlock(&closer->lock);
	return is_empty;
}

/* No caller knows of these. */
static void free_unasked(struct closer *closer)
{
	struct chore *chore;

	while ((chore = take_finished(closer)) != NULL) {
		const struct closing *closing = chore->place;

		if (chore->work == close_them && closing->done == free)
			free(closing->place);
	}
}

bool closer_free(struct closer *closer)
{
	if (!closer)
		return true;
	if (!end_threads(closer))
		return false;
	free_unasked(closer);
	loop_stop_timer(closer->loop, &closer->moment);
	if (closer->told.fd >= 0)
		loop_remove(closer->loop, &closer->told);
	fd_close(&closer->told.fd);
	pthread_cond_destroy(&closer->left);
	pthread_cond_destroy(&closer->called);
	pthread_mutex_destroy(&closer->lock);
	free(closer);
	return true;
}
