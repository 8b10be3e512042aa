/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The supervisor stays in the namespaces in which nsxattr was started. It writes the id maps of the
 * command's user namespace, receives the listener, sheds its privileges, and becomes the keeper of a
 * worker, which builds the engine and lets the command go. The worker's main thread then runs the loop
 * of the engine, in which it also waits for the end of the command itself (not of its children):
 * standard error is given up then, so that whoever reads it to the end does not wait for daemons that
 * the command has left behind. When no target is left, it is over.
 */
#include "attach/supervise.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attach/confine.h"
#include "attach/handshake.h"
#include "attach/namespace.h"
#include "attach/run.h"
#include "base/closer.h"
#include "base/fd.h"
#include "base/labelling.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/probe.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "count_of.h"
#include "exec/kernel_notes.h"
#include "keep/engine.h"
#include "keep/inherit.h"
#include "keep/journal.h"
#include "keep/keeper.h"
#include "keep/source.h"

static int leave_surroundings(const struct supervised *supervised)
{
	int keep[] = { supervised->channel, supervised->pidfd, supervised->proc };

	return confine_surroundings(keep, COUNT_OF(keep));
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

	if (r == 0 && !options->writes_maps)
		r = namespace_have_maps_written(supervised->pid, supervised->proc, &maps);
	else if (r == 0)
		r = namespace_write_maps(supervised->proc, &maps);
	return r < 0 ? r : tell(supervised->channel, STEP_MAPPED);
}

/* What keeper and workers know: a worker has a copy of it, and sets up the rest. */
struct service {
	const struct run_options *options;
	struct journal *journal;
	int procfs;
	int listener;
	int pidfd; /* of the command */
	int channel;
	struct loop *loop;
	struct closer *closer; /* of what a dead worker has left open; NULL: nothing */
	struct engine *engine;
	struct probe *probe; /* NULL: there is none */
	struct labelling labelling;
	struct loop_watch command;
	struct shard_counters counters;
};

static void command_ended(void *place, uint32_t events)
{
	struct service *service = place;

	(void)events;
	loop_remove(service->loop, &service->command);
	(void)sandbox_silence();
	engine_silence(service->engine);
}

static void forget_listener(void *place)
{
	struct service *service = place;

	journal_forget(service->journal, service->listener);
}

static void targets_gone(void *place, int result)
{
	struct service *service = place;

	if (result < 0)
		log_error("the supervisor cannot go on: %s", strerror(-result));
	loop_end(service->loop, result < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int start_engine(struct service *service)
{
	int r = loop_new(&service->loop);

	service->command = (struct loop_watch){ service->pidfd, command_ended, service };
	if (r == 0)
		r = loop_add(service->loop, &service->command, EPOLLIN);
	if (r < 0) {
		log_error("cannot watch the command: %s", strerror(-r));
		return r;
	}
	const struct engine_config config = {
		.loop = service->loop,
		.journal = service->journal,
		.procfs = service->procfs,
		.standins = service->options->standins,
		.probe = service->probe,
		.guard = service->options->guard,
		.labelling = &service->labelling,
		.executor = service->options->executor,
		.calls = service->options->calls,
	};

	return engine_new(&config, &service->engine);
}

static int serve_listener(struct service *service)
{
	const struct shard_config config = {
		.policy = service->options->policy,
		.is_alone = service->options->has_no_keeper,
		.counters = &service->counters,
		.owner = 0, /* there is no other user here to leave something to */
		.over = forget_listener,
		.ended = targets_gone,
		.place = service,
	};
	struct source *source;
	int r = source_new_listener(service->listener, &source);

	if (r < 0) {
		log_error("out of memory");
		return r;
	}
	r = engine_serve(service->engine, &config, source);
	if (r == 0)
		engine_serve_inherited(service->engine);
	else
		source_free(source);
	return r;
}

/* The channel is kept until the command was let go. */
static bool is_awaited(const struct service *service)
{
	return journal_find(service->journal, service->channel);
}

/*
 * The worker before may have done so, and have died before that was written down: then the command does not
 * listen any more.
 */
static int let_go(struct service *service, bool is_successor)
{
	int r = tell(service->channel, STEP_SERVING);

	if (r < 0 && !is_successor)
		return r;
	journal_close(service->journal, &service->channel);
	return 0;
}

static int close_rest(struct service *service, const int *rest, size_t count)
{
	int r = count > 0 ? closer_new(service->loop, &service->closer) : 0;

	if (r == 0)
		r = closer_close_each(service->closer, rest, count);
	if (r < 0)
		log_error("cannot close what another worker has left: %s", strerror(-r));
	return r;
}

/* Return: 0; -errno: whatever failed has been logged, here or by the command's process. */
static int begin(struct service *service, bool is_successor)
{
	_cleanup_free_ int *rest = NULL;
	size_t rest_count = 0;
	int r = is_successor ?
			inherit_descriptors(service->journal, service->procfs, &rest, &rest_count) :
			0;

	if (r > 0)
		log_verbose("%d requests were in hand", r);
	if (r >= 0)
		r = start_engine(service);
	if (r == 0)
		r = close_rest(service, rest, rest_count);
	if (r == 0)
		r = serve_listener(service);
	if (r == 0 && is_awaited(service))
		r = let_go(service, is_successor);
	return r;
}

/* One that never served is not followed by another: the command has not begun yet. */
static void fail_start(struct service *service)
{
	(void)handshake_send(service->channel, STEP_FAILED, -1);
	journal_conclude(service->journal, EXIT_FAILURE);
}

/** work() - a worker's life. See keeper_config.work(). */
static void work(void *place, bool is_successor)
{
	struct service *service = place;

	prctl(PR_SET_NAME, "nsxattr");
	log_verbose("the supervisor is process %d", (int)getpid());
	int r = begin(service, is_successor);

	if (r < 0 && is_awaited(service))
		fail_start(service);
	if (r < 0)
		exit(EXIT_FAILURE);
	journal_set(service->journal, JOURNAL_SERVING, true);
	r = loop_run(service->loop);
	if (r < 0)
		log_error("the supervisor cannot go on: %s", strerror(-r));
	else
		journal_conclude(service->journal, r);
	/* Where a thread hangs, the end of the process releases what it uses. */
	if (closer_free(service->closer) && engine_free(service->engine))
		loop_free(service->loop);
	exit(r < 0 ? EXIT_FAILURE : r);
}

static int keep_descriptors(struct service *service)
{
	const struct {
		int fd;
		enum entry_kind kind;
	} kept[] = {
		{ service->procfs, ENTRY_OWN },
		{ service->pidfd, ENTRY_OWN },
		{ service->labelling.directory, ENTRY_OWN },
		{ service->probe ? probe_fd(service->probe) : -1, ENTRY_OWN },
		{ service->channel, ENTRY_OWN },
		{ service->listener, ENTRY_SOURCE },
	};
	int r = journal_new(&service->journal);

	if (r == 0 && service->options->has_no_keeper)
		r = journal_withdraw(service->journal);
	for (size_t i = 0; i < COUNT_OF(kept) && r == 0; i++)
		if (kept[i].fd >= 0)
			r = journal_keep(service->journal, kept[i].fd, kept[i].kind, NULL, 0, NULL);
	if (r == 0)
		r = journal_reserve(service->journal);
	if (r < 0)
		log_error("cannot have a journal: %s", strerror(-r));
	return r;
}

/* With -v only, for to learn it takes time. */
static void tell_of_kernel(int probe_error)
{
	const char *notes[KERNEL_NOTES_MAX];
	struct kernel_facts facts;

	if (!log_enabled(LOG_VERBOSE))
		return;
	kernel_facts_learn(probe_error, &facts);
	size_t count = kernel_notes(&facts, notes);

	for (size_t i = 0; i < count; i++)
		log_verbose("%s", notes[i]);
}

/* Everything up to the moment when a worker can start; whatever fails has been logged. */
static int prepare(const struct supervised *supervised, struct service *service)
{
	/* The command may see paths of its network below /proc/sys/net, so the supervisor stays in it. */
	const struct confinement confinement = { .is_plain = service->options->is_plain,
						 .calls = service->options->calls };
	int probe_error = 0, r = leave_surroundings(supervised);

	if (r == 0 && supervised->proc >= 0)
		r = map_ids(service->options, supervised);
	if (r == 0)
		r = confine_probe(service->options->probe, &service->probe, &probe_error);
	if (r == 0)
		tell_of_kernel(probe_error);
	labelling_open(&service->labelling);
	if (r == 0)
		r = expect(supervised->channel, STEP_LISTENER, &service->listener);
	if (r == 0)
		r = confine_privileges(&confinement, &service->procfs);
	return r < 0 ? r : keep_descriptors(service);
}

/* Return: as keeper_run(). */
static int run_keeper(struct service *service)
{
	/* Without a keeper we are the only worker, and end as it does. */
	if (service->options->has_no_keeper)
		work(service, false);
	return keeper_run(&(struct keeper_config){
		.journal = service->journal,
		.procfs = service->procfs,
		.patience = service->options->patience,
		.desk = -1,
		.calls = service->options->calls,
		.work = work,
		.place = service,
	});
}

int supervise(const struct run_options *options, const struct supervised *supervised)
{
	struct service service = {
		.options = options,
		.procfs = -1,
		.listener = -1,
		.pidfd = supervised->pidfd,
		.channel = supervised->channel,
	};
	int proc = supervised->proc;

	/* Found under one name, whatever the file is called. */
	prctl(PR_SET_NAME, "nsxattr-keeper");
	int r = prepare(supervised, &service);

	fd_close(&proc);
	if (r == 0)
		r = run_keeper(&service);
	if (r >= 0)
		return r;
	if (r == -ECHILD)
		log_error("the supervisor has died as often as it was started");
	/* Else a worker has closed it, and its number may be another descriptor's. */
	if (!service.journal || is_awaited(&service))
		(void)handshake_send(service.channel, STEP_FAILED, -1);
	return EXIT_FAILURE;
}
