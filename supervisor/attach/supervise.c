/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The supervisor stays in the namespaces in which nsxattr was started. It writes the id maps of the
 * command's user namespace, receives the listener, sheds its privileges, builds the shard, and lets
 * the command go. From then on the main thread serves, and a watcher thread looks at two things:
 *
 *  - the command itself (not its children) has ended: standard error is given up, so that whoever
 *    reads it to the end does not wait for daemons that the command has left behind;
 *  - no target is left: since Linux 6.11 RECV says so to the main thread, which then returns in an
 *    orderly way; an older kernel leaves it blocked for ever, and the watcher ends the process.
 *    Nothing is lost by that: nobody is there whom an answer could reach.
 */
#include "attach/supervise.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attach/handshake.h"
#include "attach/namespace.h"
#include "attach/run.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sandbox.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* How long the main thread may take to return by itself, in milliseconds. */
#define FAREWELL 1000

struct watch {
	int listener;
	int pidfd;
	int over; /* an eventfd: the main thread has returned */
};

/* The main thread has the floor; if it does not use it, the process ends here. */
static void await_farewell(int over)
{
	struct pollfd polled = { .fd = over, .events = POLLIN };

	if (poll(&polled, 1, FAREWELL) <= 0)
		_exit(EXIT_SUCCESS);
}

static void *watch(void *place)
{
	const struct watch *watch = place;
	/* No events asked for on the listener: POLLHUP comes unasked, notifications wake nobody. */
	struct pollfd polled[] = {
		{ .fd = watch->listener },
		{ .fd = watch->over, .events = POLLIN },
		{ .fd = watch->pidfd, .events = POLLIN },
	};

	while (!polled[0].revents && !polled[1].revents) {
		if (poll(polled, COUNT_OF(polled), -1) < 0 || !polled[2].revents)
			continue;
		(void)sandbox_silence();
		polled[2].fd = -1;
	}
	await_farewell(watch->over);
	return NULL;
}

static int open_procfs(void)
{
	int procfs = proc_open();

	if (procfs < 0)
		log_error("/proc does not show this pid namespace: %s; mount procfs there",
			  strerror(-procfs));
	return procfs;
}

static int confine_root(void)
{
	int r = sandbox_confine_root();

	if (r < 0)
		log_error("cannot have an empty root directory: %s", strerror(-r));
	return r;
}

static int drop_privileges(void)
{
	int r = sandbox_drop_privileges();

	if (r < 0)
		log_error("cannot drop privileges: %s", strerror(-r));
	return r;
}

/*
 * Our procfs is the last that is opened by a path from the root. A plain user has no root directory to
 * give: what a path could lead to there the targets' ids decide.
 */
static int enter_sandbox(bool is_plain, int *ret_procfs)
{
	_cleanup_fd_ int procfs = open_procfs();

	if (procfs < 0)
		return procfs;
	int r = is_plain ? 0 : confine_root();

	if (r == 0)
		r = drop_privileges();
	if (r == 0)
		*ret_procfs = TAKE_FD(procfs);
	return r;
}

static int compare_descriptors(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int leave_surroundings(const struct supervised *supervised)
{
	int keep[] = { supervised->channel, supervised->pidfd, supervised->proc };
	size_t count = supervised->proc < 0 ? COUNT_OF(keep) - 1 : COUNT_OF(keep);

	qsort(keep, count, sizeof(keep[0]), compare_descriptors);
	int r = sandbox_leave_surroundings(keep, count);

	if (r < 0)
		log_error("cannot leave the caller's surroundings: %s", strerror(-r));
	return r;
}

static bool is_told(int error)
{
	return error == -EPIPE || error == -ECANCELED;
}

/* Return: as handshake_expect(); what is not the command's own end has been logged. */
static int expect(int channel, enum handshake_step step, int *ret_fd)
{
	int r = handshake_expect(channel, step, ret_fd);

	if (r < 0 && !is_told(r))
		log_error("cannot hear from the command's process: %s", strerror(-r));
	return r;
}

static int tell(int channel, enum handshake_step step)
{
	int r = handshake_send(channel, step, -1);

	if (r < 0 && !is_told(r))
		log_error("cannot speak to the command's process: %s", strerror(-r));
	return r;
}

static int map_ids(const struct run_options *options, const struct supervised *supervised)
{
	const struct namespace_maps maps = { &options->users, &options->groups,
					     options->deny_setgroups };
	int r = expect(supervised->channel, STEP_UNSHARED, NULL);

	if (r == 0 && options->is_plain)
		r = namespace_have_maps_written(supervised->pid, supervised->proc, &maps);
	else if (r == 0)
		r = namespace_write_maps(supervised->proc, &maps);
	return r < 0 ? r : tell(supervised->channel, STEP_MAPPED);
}

/* What is served, and what it borrows. */
struct served {
	struct shard *shard;
	int listener;
	int procfs;
};

static void served_done(struct served *served)
{
	shard_free(served->shard);
	fd_close(&served->listener);
	fd_close(&served->procfs);
}

/* Everything up to the moment when requests can be answered; whatever fails has been logged. */
static int prepare(const struct run_options *options, const struct supervised *supervised,
		   struct served *ret_served)
{
	_cleanup_fd_ int listener = -1, procfs = -1;
	int r = leave_surroundings(supervised);

	if (r == 0 && supervised->proc >= 0)
		r = map_ids(options, supervised);
	if (r == 0)
		r = expect(supervised->channel, STEP_LISTENER, &listener);
	if (r == 0)
		r = enter_sandbox(options->is_plain, &procfs);
	if (r == 0)
		r = shard_new(&options->shard, procfs, listener, &ret_served->shard);
	if (r < 0)
		return r;
	ret_served->listener = TAKE_FD(listener);
	ret_served->procfs = TAKE_FD(procfs);
	return 0;
}

/* Return: as shard_serve(). */
static int release_and_serve(struct shard *shard, int *channel)
{
	log_verbose("the supervisor is process %d", (int)getpid());
	int r = tell(*channel, STEP_SERVING);

	fd_close(channel);
	if (r < 0)
		return r;
	r = shard_serve(shard);
	if (r < 0)
		log_error("the supervisor cannot go on: %s", strerror(-r));
	return r;
}

/** serve_watched() - serve, with the watcher beside it. Return: as release_and_serve(). */
static int serve_watched(struct shard *shard, int listener, int pidfd, int *channel)
{
	_cleanup_fd_ int over = eventfd(0, EFD_CLOEXEC);
	struct watch watched = { .listener = listener, .pidfd = pidfd, .over = over };
	pthread_t watcher;
	int error = over < 0 ? errno : pthread_create(&watcher, NULL, watch, &watched);

	if (error) {
		log_error("cannot watch the command: %s", strerror(error));
		return -error;
	}
	int r = release_and_serve(shard, channel);

	(void)eventfd_write(over, 1);
	pthread_join(watcher, NULL);
	return r;
}

int supervise(const struct run_options *options, const struct supervised *supervised)
{
	_cleanup_fd_ int channel = supervised->channel;
	_cleanup_fd_ int pidfd = supervised->pidfd;
	_cleanup_fd_ int proc = supervised->proc;
	__attribute__((cleanup(served_done))) struct served served = { .listener = -1,
								       .procfs = -1 };

	/* Found under one name, whatever the file is called. */
	prctl(PR_SET_NAME, "nsxattr");
	int r = prepare(options, supervised, &served);

	fd_close(&proc);
	if (r == 0)
		r = serve_watched(served.shard, served.listener, pidfd, &channel);
	if (r < 0 && channel >= 0)
		(void)handshake_send(channel, STEP_FAILED, -1);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
