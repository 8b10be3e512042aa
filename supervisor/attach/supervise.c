/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The supervisor stays in the namespaces in which nsxattr was started. It writes the id maps of the
 * command's user namespace, receives the listener, sheds its privileges, and becomes the keeper of a
 * worker, which builds the engine and lets the command go. The worker's main thread then runs the loop
 * of the engine, in which it also waits for the end of the command itself (not of its children):
 * it gives up standard error then, so that a program that reads it to the end does not wait for daemons that
 * the command has left behind. When no target is left, it is over.
 */
#include "attach/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attach/confine.h"
#include "attach/handshake.h"
#include "attach/namespace.h"
#include "base/audit_log.h"
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
#include "integrity/gate_ask.h"
#include "judge/fence.h"
#include "judge/judge.h"
#include "judge/means.h"
#include "keep/engine.h"
#include "keep/inherit.h"
#include "keep/journal.h"
#include "keep/keeper.h"
#include "keep/source.h"
#include "policy.h"
#include "request/audit.h"

/* What was opened before there was a supervisor. */
#define LENT_FDS (JUDGE_MEANS_FDS + FENCE_FDS + AUDIT_LOG_FDS)

static void lent_fds(const struct run_options *options, int ret_fds[LENT_FDS])
{
	judge_means_fds(options->judge_means, ret_fds);
	fence_fds(options->fence, ret_fds + JUDGE_MEANS_FDS);
	audit_log_fds(options->audit_log, ret_fds + JUDGE_MEANS_FDS + FENCE_FDS);
}

static int leave_surroundings(const struct run_options *options,
			      const struct supervised *supervised)
{
	int keep[3 + LENT_FDS] = { supervised->channel, supervised->pidfd, supervised->proc };

	lent_fds(options, keep + 3);
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

	if (r == 0)
		r = namespace_write_maps(supervised->proc,
					 options->writes_maps ? 0 : supervised->pid, &maps);
	return r < 0 ? r : tell(supervised->channel, STEP_MAPPED);
}

/* What keeper and workers know: a worker has a copy of it, and sets up the rest. */
struct supervisor {
	const struct run_options *options;
	struct journal *journal;
	int procfs;
	int listener;
	int pidfd; /* of the command */
	int channel;
	struct loop *loop;
	struct closer *closer; /* of what a dead worker has left open; NULL: nothing */
	struct engine *engine;
	struct judge *judge; /* NULL: nothing is judged */
	struct probe *probe; /* NULL: there is none */
	struct labelling labelling;
	struct auditor *auditor; /* NULL: there is no audit log */
	atomic_uint audit; /* of the policy */
	struct loop_watch command;
	struct shard_counters counters;
	struct judge_counters judge_counters;
	bool has_reported; /* what the gate has refused */
};

static void report_gate(struct supervisor *supervisor)
{
	if (!supervisor->has_reported)
		fence_report(supervisor->options->fence, "");
	supervisor->has_reported = true;
}

static void command_ended(void *place, uint32_t events)
{
	struct supervisor *supervisor = place;

	(void)events;
	loop_remove(supervisor->loop, &supervisor->command);
	report_gate(supervisor);
	(void)sandbox_silence();
	engine_silence(supervisor->engine);
}

static void forget_listener(void *place)
{
	struct supervisor *supervisor = place;

	journal_forget(supervisor->journal, supervisor->listener);
}

static void targets_gone(void *place, int result)
{
	struct supervisor *supervisor = place;

	if (result < 0)
		log_error("the supervisor cannot go on: %s", strerror(-result));
	loop_end(supervisor->loop, result < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Before the first child, and before the first thread. */
static int begin_audit(struct supervisor *supervisor)
{
	struct audit_log *log = supervisor->options->audit_log;

	atomic_store(&supervisor->audit, supervisor->options->policy->audit);
	if (log)
		audit_log_begin(log);
	return auditor_new(log, &supervisor->auditor);
}

static int start_audit(const struct supervisor *supervisor)
{
	struct audit_log *log = supervisor->options->audit_log;
	int r = log ? audit_log_start(log) : 0;

	if (r < 0)
		log_error("cannot write audit records: %s", strerror(-r));
	return r;
}

static int start_engine(struct supervisor *supervisor)
{
	int r = loop_new(&supervisor->loop);

	supervisor->command = (struct loop_watch){ supervisor->pidfd, command_ended, supervisor };
	if (r == 0)
		r = loop_add(supervisor->loop, &supervisor->command, EPOLLIN);
	if (r < 0) {
		log_error("cannot watch the command: %s", strerror(-r));
		return r;
	}
	r = begin_audit(supervisor);
	if (r < 0)
		return r;
	const struct engine_config config = {
		.auditor = supervisor->auditor,
		.loop = supervisor->loop,
		.journal = supervisor->journal,
		.procfs = supervisor->procfs,
		.standins = supervisor->options->standins,
		.probe = supervisor->probe,
		.guard = supervisor->options->guard,
		.labelling = &supervisor->labelling,
		.executor = supervisor->options->executor,
		.calls = supervisor->options->calls,
	};

	judge_means_keep_from_children(supervisor->options->judge_means);
	r = engine_new(&config, &supervisor->engine);
	return r < 0 ? r : start_audit(supervisor);
}

static int appoint_judge(struct supervisor *supervisor)
{
	const struct run_options *options = supervisor->options;
	const struct judge_config config = {
		.integrity = &options->policy->integrity,
		.means = options->judge_means,
		.fence = options->fence,
		.counters = &supervisor->judge_counters,
	};
	int r = options->judge_means ? judge_new(&config, &supervisor->judge) : 0;

	/* A worker before may have died while it asked. */
	if (options->fence)
		gate_forget_askers(options->fence->gate);
	if (r < 0)
		log_error("cannot judge what is executed: %s", strerror(-r));
	return r;
}

static int serve_listener(struct supervisor *supervisor)
{
	const struct shard_config config = {
		.policy = supervisor->options->policy,
		.audit = &supervisor->audit,
		.judge = supervisor->judge,
		.is_alone = supervisor->options->has_no_keeper,
		.counters = &supervisor->counters,
		.owner = 0, /* there is no other user here to leave something to */
		.over = forget_listener,
		.ended = targets_gone,
		.place = supervisor,
	};
	struct source *source;
	int r = source_new_listener(supervisor->listener, &source);

	if (r < 0) {
		log_error("out of memory");
		return r;
	}
	r = engine_serve(supervisor->engine, &config, source);
	if (r == 0)
		engine_serve_inherited(supervisor->engine);
	else
		source_free(source);
	return r;
}

/* The channel is kept until the command was let go. */
static bool is_awaited(const struct supervisor *supervisor)
{
	return journal_find(supervisor->journal, supervisor->channel);
}

/*
 * The worker before may have done so, and have died before that was written down: then the command does not
 * listen any more.
 */
static int let_go(struct supervisor *supervisor, bool is_next)
{
	int r = tell(supervisor->channel, STEP_SERVING);

	if (r < 0 && !is_next)
		return r;
	journal_close(supervisor->journal, &supervisor->channel);
	return 0;
}

static int close_rest(struct supervisor *supervisor, const int *rest, size_t count)
{
	int r = count > 0 ? closer_new(supervisor->loop, &supervisor->closer) : 0;

	if (r == 0)
		r = closer_close_each(supervisor->closer, rest, count);
	if (r < 0)
		log_error("cannot close what another worker has left: %s", strerror(-r));
	return r;
}

/* Return: 0; -errno: whatever failed has been logged, here or by the command's process. */
static int begin(struct supervisor *supervisor, bool is_next)
{
	_cleanup_free_ int *rest = NULL;
	size_t rest_count = 0;
	int r = is_next ? inherit_descriptors(supervisor->journal, supervisor->procfs, &rest,
					      &rest_count) :
			  0;

	if (r > 0)
		log_verbose("%d requests were in hand", r);
	if (r >= 0)
		r = start_engine(supervisor);
	if (r == 0)
		r = appoint_judge(supervisor);
	if (r == 0)
		r = close_rest(supervisor, rest, rest_count);
	if (r == 0)
		r = serve_listener(supervisor);
	if (r == 0 && is_awaited(supervisor))
		r = let_go(supervisor, is_next);
	return r;
}

/* One that never served is not followed by another: the command has not begun yet. */
static void fail_start(struct supervisor *supervisor)
{
	(void)handshake_send(supervisor->channel, STEP_FAILED, -1);
	journal_conclude(supervisor->journal, EXIT_FAILURE);
}

/** work() - a worker's life. See keeper_config.work(). */
static void work(void *place, bool is_next)
{
	struct supervisor *supervisor = place;

	prctl(PR_SET_NAME, "nsxattr");
	log_verbose("the supervisor is process %d", (int)getpid());
	int r = begin(supervisor, is_next);

	if (r < 0 && is_awaited(supervisor))
		fail_start(supervisor);
	if (r < 0)
		exit(EXIT_FAILURE);
	journal_set(supervisor->journal, JOURNAL_SERVING, true);
	r = loop_run(supervisor->loop);
	if (r < 0)
		log_error("the supervisor cannot go on: %s", strerror(-r));
	else
		journal_conclude(supervisor->journal, r);
	report_gate(supervisor);
	judge_means_finish(supervisor->options->judge_means);
	/* Where a thread hangs, the end of the process releases what it uses. */
	if (closer_free(supervisor->closer) && engine_free(supervisor->engine)) {
		loop_free(supervisor->loop);
		judge_free(supervisor->judge);
		auditor_free(supervisor->auditor);
	}
	if (supervisor->options->audit_log)
		(void)audit_log_stop(supervisor->options->audit_log);
	exit(r < 0 ? EXIT_FAILURE : r);
}

static int keep_descriptors(struct supervisor *supervisor)
{
	const struct {
		int fd;
		enum entry_kind kind;
	} kept[] = {
		{ supervisor->procfs, ENTRY_OWN },
		{ supervisor->pidfd, ENTRY_OWN },
		{ supervisor->labelling.directory, ENTRY_OWN },
		{ supervisor->probe ? probe_fd(supervisor->probe) : -1, ENTRY_OWN },
		{ supervisor->channel, ENTRY_OWN },
		{ supervisor->listener, ENTRY_SOURCE },
	};
	int lent[LENT_FDS];
	int r = supervisor->options->has_no_keeper ? journal_new_alone(&supervisor->journal) :
						     journal_new(&supervisor->journal);

	lent_fds(supervisor->options, lent);
	for (size_t i = 0; i < COUNT_OF(lent) && r == 0; i++)
		if (lent[i] >= 0)
			r = journal_keep_own(supervisor->journal, lent[i]);
	for (size_t i = 0; i < COUNT_OF(kept) && r == 0; i++)
		if (kept[i].fd >= 0)
			r = journal_keep(supervisor->journal, kept[i].fd, kept[i].kind, NULL, 0,
					 NULL);
	if (r == 0)
		r = journal_reserve(supervisor->journal);
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

/* The command is in its namespace, and has executed nothing there yet. */
static int close_fence(const struct run_options *options, const struct supervised *supervised)
{
	_cleanup_fd_ int userns = openat(supervised->proc, "ns/user", O_RDONLY | O_CLOEXEC);
	int r = userns < 0 ? -errno :
			     fence_close(options->fence, userns, &options->policy->integrity);

	if (r < 0)
		log_error("cannot have the command pass the gate: %s", strerror(-r));
	return r;
}

/* Everything up to the moment when a worker can start; whatever fails has been logged. */
static int prepare(const struct supervised *supervised, struct supervisor *supervisor)
{
	/* The command may see paths of its network below /proc/sys/net, so the supervisor stays in it. */
	const struct confinement confinement = { .is_plain = supervisor->options->is_plain,
						 .judges = supervisor->options->judge_means,
						 .has_gate = supervisor->options->fence,
						 .calls = supervisor->options->calls };
	int probe_error = 0, r = leave_surroundings(supervisor->options, supervised);

	if (r == 0 && supervised->proc >= 0)
		r = map_ids(supervisor->options, supervised);
	if (r == 0)
		r = confine_probe(supervisor->options->probe, &supervisor->probe, &probe_error);
	if (r == 0)
		tell_of_kernel(probe_error);
	labelling_open(&supervisor->labelling);
	if (r == 0)
		r = expect(supervised->channel, STEP_LISTENER, &supervisor->listener);
	if (r == 0 && supervisor->options->fence)
		r = close_fence(supervisor->options, supervised);
	if (r == 0)
		r = confine_privileges(&confinement, &supervisor->procfs);
	return r < 0 ? r : keep_descriptors(supervisor);
}

/* Return: as keeper_run(). */
static int run_keeper(struct supervisor *supervisor)
{
	/* Without a keeper we are the only worker, and end as it does. */
	if (supervisor->options->has_no_keeper)
		work(supervisor, false);
	return keeper_run(&(struct keeper_config){
		.journal = supervisor->journal,
		.procfs = supervisor->procfs,
		.patience = supervisor->options->patience,
		.control = -1,
		.calls = supervisor->options->calls,
		.work = work,
		.place = supervisor,
	});
}

int supervise(const struct run_options *options, const struct supervised *supervised)
{
	struct supervisor supervisor = {
		.options = options,
		.procfs = -1,
		.listener = -1,
		.pidfd = supervised->pidfd,
		.channel = supervised->channel,
	};
	int proc = supervised->proc;

	/* Found under one name, whatever the file is called. */
	prctl(PR_SET_NAME, "nsxattr-keeper");
	int r = prepare(supervised, &supervisor);

	fd_close(&proc);
	if (r == 0)
		r = run_keeper(&supervisor);
	if (r >= 0)
		return r;
	if (r == -ECHILD)
		log_error("giving up: the supervisor died %lu times before serving",
			  journal_deaths(supervisor.journal));
	/* Else a worker has closed it, and its number may be another descriptor's. */
	if (!supervisor.journal || is_awaited(&supervisor))
		(void)handshake_send(supervisor.channel, STEP_FAILED, -1);
	return EXIT_FAILURE;
}
