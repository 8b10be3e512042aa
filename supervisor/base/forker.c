/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * An order is one packet: a header and the argument, with one end of a new pair of sockets and the descriptors of the
 * order. The pair is the channel between us and the child. The forker answers there, too: with the child's number and
 * pidfd, or an errno. The child waits until we have that and have said so, so that the answer comes first. Nothing is
 * to be matched then: any number of our threads can have orders under way, and none of them holds a lock.
 *
 * The forker begins with our table of descriptors, and leaves it. CLOSE_RANGE_UNSHARE makes a table of its own, which
 * never has what lies above FORKER_TABLE: to close a copy of a peer's file could take for ever (base/closer.h). A low
 * number is needed for its channel, and that is the one of standard input, from which nothing else is read.
 *
 * The children are ours (CLONE_PARENT), not the forker's: they end with us, and who looks for our children finds them.
 */
#include "base/forker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/credential.h"
#include "base/fd.h"
#include "base/passing.h"
#include "base/rate.h"

#define FORKER_PROCESS_NAME "nsxattr-forker"
/* Milliseconds that pass at most between the end of its channels and its own. */
#define DYING_MS 1000
#define CAPABILITY(number) (UINT64_C(1) << (number))

/* In place of a task. */
#define SILENCE FORKER_TASKS

struct forker {
	struct forker_config config;
	struct errand errand; /* the forker itself */
	pthread_mutex_t lock; /* of the rate */
	struct rate rate;
};

struct order {
	alignas(max_align_t) uint32_t task;
	alignas(max_align_t) char argument[FORKER_ARGUMENT_MAX];
};

/* ---- the child ---- */

/* What ps(1) calls the children. */
static const char *const names[FORKER_TASKS] = {
	[FORKER_DEPUTY] = "nsxattr-deputy",
	[FORKER_MEMBER] = "nsxattr-member",
};

/* Standard input keeps its number from falling to another file. */
static _Noreturn void run_child(const struct forker_config *config, struct order *order,
				const struct passed *passed)
{
	const int channel = passed->fds[0];
	char begin;

	(void)dup2(STDOUT_FILENO, STDIN_FILENO);
	prctl(PR_SET_NAME, names[order->task]);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (recv(channel, &begin, sizeof(begin), 0) == sizeof(begin))
		config->bodies[order->task](channel, order->argument, passed->fds + 1,
					    passed->count - 1);
	_exit(0);
}

/* ---- the forker ---- */

static void tell_birth(int channel, pid_t child, int pidfd)
{
	struct iovec piece = { .iov_base = &child, .iov_len = sizeof(child) };

	/* Neither our maker nor the child waits for what does not come. */
	if (passing_send(channel, &piece, 1, &pidfd, pidfd >= 0) < 0)
		(void)shutdown(channel, SHUT_RDWR);
}

/* Not by errand_fork(): the thread sanitizer, which has been told of our own fork, would wait for itself. */
static void make_child(const struct forker_config *config, struct order *order,
		       const struct passed *passed)
{
	_cleanup_fd_ int pidfd = -1;
	long pid =
		syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, NULL);

	if (pid == 0)
		run_child(config, order, passed);
	tell_birth(passed->fds[0], pid < 0 ? -errno : (pid_t)pid, pidfd);
}

/* Return: whether there may be another one. */
static bool serve_one(const struct forker_config *config)
{
	struct order order;
	struct iovec piece = { .iov_base = &order, .iov_len = sizeof(order) };
	_cleanup_passed_ struct passed passed = { 0 };
	ssize_t length = passing_receive(STDIN_FILENO, &piece, 1, 0, &passed);

	if (length <= 0)
		return length == -EINTR || length == -ENOMEM;
	if ((size_t)length >= offsetof(struct order, argument) && order.task == SILENCE)
		(void)dup2(STDOUT_FILENO, STDERR_FILENO);
	/* What has no answer ends its channel. */
	if ((size_t)length >= offsetof(struct order, argument) && passed.count > 0 &&
	    !passed.is_cut && order.task < FORKER_TASKS && config->bodies[order.task])
		make_child(config, &order, &passed);
	return true;
}

/* Everything that is the maker's is given up. */
static int confine(const struct forker_config *config, pid_t maker)
{
	const uint64_t kept = CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_SETUID) |
			      CAPABILITY(CAP_SETGID);

	prctl(PR_SET_NAME, FORKER_PROCESS_NAME);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != maker)
		return -ESRCH;
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_UNSHARE) < 0)
		return -errno;
	int r = credential_limit_capabilities(kept);

	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = -errno;
	return r < 0 ? r : allowed_calls_limit(ALLOWED_CALLS_FORKER, config->calls);
}

static _Noreturn void run_forker(const struct forker_config *config, pid_t maker)
{
	int r = confine(config, maker);

	if (send(STDIN_FILENO, &r, sizeof(r), MSG_NOSIGNAL) == sizeof(r) && r == 0)
		while (serve_one(config))
			;
	_exit(0);
}

/* ---- its maker ---- */

/* Our standard input is @channel meanwhile. Return: 0; -errno. */
static int make_forker(struct forker *forker, int channel)
{
	const pid_t maker = getpid();
	_cleanup_fd_ int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int confined = 0, error = 0;

	if (input < 0 || dup2(channel, STDIN_FILENO) < 0)
		return -errno;
	forker->errand.pid = errand_fork(CLONE_FILES, &forker->errand.pidfd);
	if (forker->errand.pid == 0)
		run_forker(&forker->config, maker);
	error = forker->errand.pid < 0 ?
			-errno :
			errand_receive(&forker->errand, &confined, sizeof(confined));
	(void)dup2(input, STDIN_FILENO);
	return error < 0 ? error : confined;
}

static int connect_forker(struct forker *forker, int *ret_channel)
{
	const struct timeval patience = { .tv_sec = ERRAND_DEADLINE_MS / 1000 };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	forker->errand.channel = pair[0];
	*ret_channel = pair[1];
	return setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ?
		       -errno :
		       0;
}

int forker_new(const struct forker_config *config, struct forker **ret_forker)
{
	struct forker *forker = calloc(1, sizeof(*forker));
	_cleanup_fd_ int channel = -1;

	if (!forker)
		return -ENOMEM;
	pthread_mutex_init(&forker->lock, NULL);
	forker->config = *config;
	forker->errand = (struct errand){ .pidfd = -1, .channel = -1 };
	int r = connect_forker(forker, &channel);

	if (r == 0)
		r = make_forker(forker, channel);
	if (r < 0)
		forker_free(forker);
	else
		*ret_forker = forker;
	return r;
}

void forker_free(struct forker *forker)
{
	if (!forker)
		return;
	errand_end(&forker->errand);
	fd_close(&forker->errand.channel);
	pthread_mutex_destroy(&forker->lock);
	free(forker);
}

/* One that has ended has none. */
void forker_silence(struct forker *forker)
{
	struct order head = { .task = SILENCE };
	const struct iovec piece = { .iov_base = &head,
				     .iov_len = offsetof(struct order, argument) };

	(void)passing_send(forker->errand.channel, &piece, 1, NULL, 0);
}

/* Signals do not prolong it. */
static int send_order(const struct forker *forker, const struct forker_order *order, int channel)
{
	const uint64_t end = clock_milliseconds() + ERRAND_DEADLINE_MS;
	struct order head = { .task = order->task };
	const struct iovec pieces[] = {
		{ .iov_base = &head, .iov_len = offsetof(struct order, argument) },
		{ .iov_base = (void *)(uintptr_t)order->argument, .iov_len = order->size },
	};
	int fds[1 + FORKER_FDS_MAX] = { channel };
	ssize_t sent;

	for (size_t i = 0; i < order->fd_count; i++)
		fds[1 + i] = order->fds[i];
	do
		sent = passing_send(forker->errand.channel, pieces, 2, fds, 1 + order->fd_count);
	while (sent == -EINTR && clock_milliseconds() < end);
	if (sent == -EAGAIN || sent == -EINTR)
		return -ETIMEDOUT;
	return sent < 0 ? (int)sent : 0;
}

/* Return: 0; -errno, also of clone(2). */
static int receive_birth(struct errand *errand)
{
	struct iovec piece = { .iov_base = &errand->pid, .iov_len = sizeof(errand->pid) };
	_cleanup_passed_ struct passed passed = { 0 };
	int r = errand_wait_readable(errand);

	if (r < 0)
		return r;
	if (passing_receive(errand->channel, &piece, 1, 0, &passed) != sizeof(errand->pid))
		return -EPIPE;
	if (errand->pid < 0)
		return errand->pid;
	errand->pidfd = passed_take_only(&passed);
	return errand->pidfd < 0 ? errand->pidfd : 0;
}

static int order_child(struct forker *forker, const struct forker_order *order,
		       struct errand *errand)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	errand->channel = pair[0];
	int r = send_order(forker, order, pair[1]);

	close(pair[1]);
	if (r == 0)
		r = receive_birth(errand);
	if (r == 0 && send(errand->channel, "", 1, MSG_NOSIGNAL) < 0)
		r = -errno;
	return r;
}

/* What it may be that comes of a forker which has ended or is about to, and not of want of memory or descriptors. */
static bool is_silence(int error)
{
	return error == -EPIPE || error == -ECONNRESET || error == -ECONNREFUSED ||
	       error == -ENOTCONN || error == -ETIMEDOUT;
}

/* One that was stopped, or is stuck, is of no more use than one that has ended. */
static void look_after(const struct forker *forker, int error)
{
	if (error == -ETIMEDOUT)
		(void)syscall(SYS_pidfd_send_signal, forker->errand.pidfd, SIGKILL, NULL, 0);
	if (errand_has_ended(&forker->errand, is_silence(error) ? DYING_MS : 0) &&
	    forker->config.lost)
		forker->config.lost();
}

/* Return: 0; -EAGAIN. */
static int await_turn(struct forker *forker, const struct share_holder *holder)
{
	uint64_t now = clock_microseconds(), turn;

	pthread_mutex_lock(&forker->lock);
	bool is_booked =
		rate_book(&forker->rate, holder, now, ERRAND_DEADLINE_MS * UINT64_C(1000), &turn);

	pthread_mutex_unlock(&forker->lock);
	if (!is_booked)
		return -EAGAIN;
	const struct timespec until = clock_at(turn);

	while (turn > now && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	return 0;
}

int forker_start(struct forker *forker, const struct forker_order *order, struct errand *ret_errand)
{
	struct errand errand = { .pidfd = -1, .channel = -1 };

	if (order->size > FORKER_ARGUMENT_MAX || order->fd_count > FORKER_FDS_MAX)
		return -EINVAL;
	int r = await_turn(forker, &order->holder);

	if (r < 0)
		return r;
	r = order_child(forker, order, &errand);
	if (r < 0) {
		errand_end(&errand);
		fd_close(&errand.channel);
		look_after(forker, r);
		return r;
	}
	*ret_errand = errand;
	return 0;
}
