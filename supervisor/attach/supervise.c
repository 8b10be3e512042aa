/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The supervisor stays in the namespaces in which nsxattr was started. It writes the id maps of the
 * command's user namespace, receives the listener, sheds its privileges, builds the engine, and lets
 * the command go. From then on the main thread runs the loop of the engine, in which it also waits for
 * the end of the command itself (not of its children): standard error is given up then, so that
 * whoever reads it to the end does not wait for daemons that the command has left behind. When no
 * target is left, it is over.
 */
#include "attach/supervise.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attach/handshake.h"
#include "attach/namespace.h"
#include "attach/run.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/probe.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "keep/engine.h"
#include "keep/source.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

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

/* What serves the command, and what it borrows. */
struct service {
	struct loop *loop;
	struct engine *engine;
	struct probe *probe; /* NULL: there is none */
	int procfs;
	struct loop_watch command; /* its pidfd */
	struct shard_counters counters;
};

static void service_done(struct service *service)
{
	/* Where a thread hangs, the end of the process releases what it uses. */
	if (!engine_free(service->engine))
		return;
	loop_free(service->loop);
	probe_free(service->probe);
	fd_close(&service->procfs);
}

static void command_ended(void *place, uint32_t events)
{
	struct service *service = place;

	(void)events;
	loop_remove(service->loop, &service->command);
	(void)sandbox_silence();
}

static void targets_gone(void *place, int result)
{
	struct service *service = place;

	if (result < 0)
		log_error("the supervisor cannot go on: %s", strerror(-result));
	loop_end(service->loop, result < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int start_engine(const struct run_options *options, struct service *service)
{
	int r = loop_new(&service->loop);

	if (r == 0)
		r = loop_add(service->loop, &service->command, EPOLLIN);
	if (r < 0) {
		log_error("cannot watch the command: %s", strerror(-r));
		return r;
	}
	const struct engine_config config = {
		.loop = service->loop,
		.procfs = service->procfs,
		.standins = options->standins,
		.probe = service->probe,
	};

	return engine_new(&config, &service->engine);
}

static int serve_listener(const struct run_options *options, struct service *service, int listener)
{
	const struct shard_config config = {
		.policy = options->policy,
		.counters = &service->counters,
		.ended = targets_gone,
		.place = service,
	};
	struct source *source;
	int r = source_new_listener(listener, &source);

	if (r < 0) {
		log_error("out of memory");
		return r;
	}
	return engine_serve(service->engine, &config, source);
}

/* While there still is a root directory, and before privileges are dropped that others do not need. */
static int make_probe(enum probe_use use, struct probe **ret_probe)
{
	if (use == PROBE_NEVER)
		return 0;
	int r = probe_new(ret_probe);

	if (r == 0)
		return 0;
	if (use == PROBE_ALWAYS) {
		log_error("the kernel cannot be probed: %s", strerror(-r));
		return r;
	}
	log_verbose("the kernel cannot be probed (%s); /proc tells who somebody is", strerror(-r));
	return 0;
}

/* Everything up to the moment when requests can be answered; whatever fails has been logged. */
static int prepare(const struct run_options *options, const struct supervised *supervised,
		   struct service *service)
{
	_cleanup_fd_ int listener = -1;
	int r = leave_surroundings(supervised);

	if (r == 0 && supervised->proc >= 0)
		r = map_ids(options, supervised);
	if (r == 0)
		r = make_probe(options->probe, &service->probe);
	if (r == 0)
		r = expect(supervised->channel, STEP_LISTENER, &listener);
	if (r == 0)
		r = enter_sandbox(options->is_plain, &service->procfs);
	if (r == 0)
		r = start_engine(options, service);
	if (r == 0)
		r = serve_listener(options, service, TAKE_FD(listener));
	return r;
}

/* Return: an exit status. */
static int release_and_serve(struct service *service, int *channel)
{
	log_verbose("the supervisor is process %d", (int)getpid());
	int r = tell(*channel, STEP_SERVING);

	fd_close(channel);
	if (r == 0)
		r = loop_run(service->loop);
	if (r < 0 && !is_told(r))
		log_error("the supervisor cannot go on: %s", strerror(-r));
	return r < 0 ? EXIT_FAILURE : r;
}

int supervise(const struct run_options *options, const struct supervised *supervised)
{
	_cleanup_fd_ int channel = supervised->channel;
	_cleanup_fd_ int pidfd = supervised->pidfd;
	_cleanup_fd_ int proc = supervised->proc;
	__attribute__((cleanup(service_done))) struct service service = {
		.procfs = -1,
		.command = { pidfd, command_ended, &service },
	};

	/* Found under one name, whatever the file is called. */
	prctl(PR_SET_NAME, "nsxattr");
	int r = prepare(options, supervised, &service);

	fd_close(&proc);
	if (r == 0)
		return release_and_serve(&service, &channel);
	(void)handshake_send(channel, STEP_FAILED, -1);
	return EXIT_FAILURE;
}
