/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/audit_log.h"
#include "base/closer.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/passing.h"
#include "base/version.h"
#include "daemon/attachments.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/descriptors.h"
#include "daemon/entries.h"
#include "daemon/gate_pins.h"
#include "daemon/gates.h"
#include "daemon/list_request.h"
#include "daemon/lxc_acceptor.h"
#include "daemon/may_use.h"
#include "daemon/oci_acceptor.h"
#include "daemon/opened.h"
#include "daemon/policy_request.h"
#include "daemon/refusals.h"
#include "daemon/revoked.h"
#include "daemon/status.h"
#include "daemon/upgrade.h"
#include "daemon/watches.h"
#include "keep/engine.h"
#include "keep/inherit.h"
#include "keep/journal.h"
#include "keep/offer.h"
#include "request/audit.h"

/* Milliseconds between two looks at the counters, for rates. */
#define SAMPLE 2000

/** struct worker - what a worker has made of what the keeper has opened */
struct worker {
	struct opened *opened;
	struct loop *loop;
	struct closer *closer;
	struct refusals refusals;
	struct engine *engine;
	struct attachments attachments;
	struct entries entries;
	struct connections connections; /* of OCI runtimes and monitors of LXC */
	struct oci_acceptor oci;
	struct lxc_acceptor lxc;
	struct control *control;
	struct loop_watch signalled;
	struct loop_timer sample;
	struct upgrade upgrade;
	struct gates gates;
	struct watches watches;
	struct auditor *auditor;
};

/* ---- what the control socket is answered ---- */

/*
 * Containers keep the policies and keys that they have, but for keys that are revoked. @report: zeroed
 *
 * Return: as policies_load(); what has become of it has been logged.
 */
static int reload(struct worker *worker, struct policies_report *report, bool *ret_has_revoked)
{
	struct policies **policies = &worker->attachments.policies;

	(void)service_tell_reloading(&worker->opened->service);
	int r = opened_read_policies(worker->opened, policies, report);

	if (r == POLICIES_LOADED)
		log_notice("%zu policies were read anew", (*policies)->file_count);
	else
		log_error("the policies stay as they were");
	attachments_follow_audit(&worker->attachments);
	audit_log_reopen(worker->opened->audit_log);
	*ret_has_revoked = gates_read_revoked(&worker->gates, report) == 0;
	gates_look(&worker->gates);
	(void)service_tell_ready(&worker->opened->service);
	return r;
}

static struct json_object *answer_reload(void *context)
{
	struct worker *worker = context;
	struct policies_report report = { 0 };
	bool has_revoked;
	int r = reload(worker, &report, &has_revoked);

	return reload_json_new(r, has_revoked, worker->attachments.policies, &report);
}

static struct json_object *answer_status(void *context, uid_t user)
{
	struct worker *worker = context;
	const struct opened *opened = worker->opened;
	const struct status_source source = {
		.registry = worker->attachments.registry,
		.policies = worker->attachments.policies,
		.places = engine_places(worker->engine),
		.audit_log = opened->audit_log,
		.since = opened->since,
		.keeper = opened->keeper,
		.is_guarded = engine_is_guarded(worker->engine),
		.kernel = &opened->kernel,
		.worker_deaths = journal_deaths(opened->journal),
		.upgrades = journal_generation(opened->journal),
	};
	struct registry_time now = registry_time_now();

	return status_json_new(&source, user, &now);
}

/* Its number tells hooks which namespace is the host's. */
static uint64_t user_namespace(const struct opened *opened)
{
	struct stat status;

	return fstatat(opened->procfs, "self/ns/user", &status, 0) == 0 ? status.st_ino : 0;
}

static struct json_object *answer_may_use(void *context, uid_t user, const char *question)
{
	struct worker *worker = context;
	const struct may_use_source source = {
		.policies = worker->attachments.policies,
		.registry = worker->attachments.registry,
		.user_namespace = user_namespace(worker->opened),
	};

	return may_use_json_new(&source, user, question);
}

static struct json_object *answer_measurements(void *context, uid_t user, const char *question,
					       int *ret_fd)
{
	const struct worker *worker = context;
	const struct list_source source = { worker->attachments.registry, worker->opened->procfs };

	return list_json_new(&source, user, question, ret_fd);
}

static struct json_object *answer_watch(void *context, uid_t user, int *ret_fd)
{
	struct worker *worker = context;

	return watches_json_new(&worker->watches, user, ret_fd);
}

static struct json_object *answer_policy(void *context, uid_t user, const char *question)
{
	const struct worker *worker = context;

	return policy_request_json_new(worker->attachments.registry, user, question);
}

static void answer_upgrade(void *context, int connection)
{
	struct worker *worker = context;

	upgrade_begin(&worker->upgrade, connection);
}

static struct control_answers answers_of(struct worker *worker)
{
	const struct opened *opened = worker->opened;
	bool is_replaced_by_us = opened->store.socket < 0 && opened->program[0];

	return (struct control_answers){
		.status = answer_status,
		.may_use = answer_may_use,
		.measurements = answer_measurements,
		.watch = answer_watch,
		.policy = answer_policy,
		.reload = answer_reload,
		.upgrade = is_replaced_by_us ? answer_upgrade : NULL,
		.context = worker,
	};
}

/* ---- what comes to the loop ---- */

static void heed_signal(void *place, uint32_t events)
{
	struct worker *worker = place;
	struct policies_report report = { 0 };
	struct signalfd_siginfo info;
	bool has_revoked;

	(void)events;
	if (read(worker->signalled.fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		(void)reload(worker, &report, &has_revoked);
	else
		loop_end(worker->loop, EXIT_SUCCESS);
}

static int heed_signals(struct worker *worker)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	worker->signalled = (struct loop_watch){ fd, heed_signal, worker };
	return loop_add(worker->loop, &worker->signalled, EPOLLIN);
}

static void take_sample(void *place)
{
	struct worker *worker = place;
	struct registry_time now = registry_time_now();

	registry_sample(worker->attachments.registry, &now);
	log_left_out();
	loop_start_timer(worker->loop, &worker->sample, SAMPLE);
}

/* ---- sockets ---- */

static struct acceptor acceptor_of(struct worker *worker, enum socket_kind kind)
{
	return (struct acceptor){
		.loop = worker->loop,
		.connections = &worker->connections,
		.closer = worker->closer,
		.refusals = &worker->refusals,
		.listening = worker->opened->sockets[kind].fd,
		.procfs = worker->opened->procfs,
		.refused = LOG_WARNING,
	};
}

static int open_oci(struct worker *worker)
{
	worker->oci = (struct oci_acceptor){
		.acceptor = acceptor_of(worker, SOCKET_OCI),
		.attachments = &worker->attachments,
	};
	return worker->oci.acceptor.listening < 0 ? 0 : oci_acceptor_open(&worker->oci);
}

static int open_lxc(struct worker *worker)
{
	worker->lxc = (struct lxc_acceptor){
		.acceptor = acceptor_of(worker, SOCKET_LXC),
		.entries = &worker->entries,
		.attachments = &worker->attachments,
	};
	return worker->lxc.acceptor.listening < 0 ? 0 : lxc_acceptor_open(&worker->lxc);
}

static int open_control(struct worker *worker)
{
	const struct control_answers answers = answers_of(worker);
	const struct acceptor acceptor = acceptor_of(worker, SOCKET_CONTROL);

	return acceptor.listening < 0 ? 0 : control_new(&acceptor, &answers, &worker->control);
}

static void prepare_upgrade(struct worker *worker)
{
	const struct opened *opened = worker->opened;
	struct upgrade *upgrade = &worker->upgrade;

	*upgrade = (struct upgrade){
		.loop = worker->loop,
		.engine = worker->engine,
		.journal = opened->journal,
		.attachments = &worker->attachments,
		.audit_log = opened->audit_log,
		.pins = &opened->pins,
		.start = { .program = opened->program, .arguments = opened->options->arguments },
		.deliveries = &worker->oci.count,
		.watch.fd = -1,
		.successor = -1,
	};
	for (size_t i = 0; i < SOCKET_COUNT; i++) {
		handover_start_add(&upgrade->start, socket_names[i].socket, opened->sockets[i].fd);
		handover_start_add(&upgrade->start, socket_names[i].folder,
				   opened->sockets[i].folder);
	}
	handover_start_add(&upgrade->start, "directory", opened->directory);
	handover_start_add(&upgrade->start, "errors", STDERR_FILENO);
}

static int open_sockets(struct worker *worker)
{
	const struct config_limits *limits = &worker->opened->options->config->limits;

	worker->connections = (struct connections){ .most = limits->connections,
						    .of_user = limits->connections_per_user };
	prepare_upgrade(worker);
	int r = open_oci(worker);

	if (r == 0)
		r = open_lxc(worker);
	if (r == 0)
		r = open_control(worker);
	if (r == 0)
		r = heed_signals(worker);
	return r;
}

/* ---- the beginning ---- */

static int build_engine(struct worker *worker)
{
	struct opened *opened = worker->opened;
	const struct config *settings = opened->options->config;
	const struct engine_config config = {
		.loop = worker->loop,
		.journal = opened->journal,
		.procfs = opened->procfs,
		.standins = settings->resolver,
		.executor = settings->executor,
		.probe = opened->probe,
		.calls = settings->calls,
		.labelling = &opened->labelling,
		.watch = &worker->watches.watch,
		.auditor = worker->auditor,
		.closer = worker->closer,
	};
	int r = engine_new(&config, &worker->engine);

	if (r == 0)
		r = audit_log_start(opened->audit_log);
	worker->entries = (struct entries){ .journal = opened->journal, .service = &opened->store };
	worker->attachments = (struct attachments){
		.closer = worker->closer,
		.engine = worker->engine,
		.entries = &worker->entries,
		.policies = opened->policies,
		.revocation = opened->revocation,
		.gate = opened->gate,
		.pins = &opened->pins,
		.procfs = opened->procfs,
	};
	if (r == 0)
		r = registry_new(&settings->limits, &worker->attachments.registry);
	worker->gates = (struct gates){
		.opened = opened,
		.entries = &worker->entries,
		.registry = worker->attachments.registry,
	};
	return r;
}

static int build(struct worker *worker)
{
	int r = loop_new(&worker->loop);

	if (r == 0)
		r = closer_new(worker->loop, &worker->closer);
	if (r < 0)
		return r;
	refusals_init(&worker->refusals, worker->closer);
	worker->watches.loop = worker->loop;
	worker->watches.procfs = worker->opened->procfs;
	audit_log_begin(worker->opened->audit_log);
	r = auditor_new(worker->opened->audit_log, &worker->auditor);
	return r < 0 ? r : build_engine(worker);
}

static bool is_open(const struct opened *opened, int fd)
{
	const struct entry *entry = journal_find(opened->journal, fd);

	return entry && atomic_load(&entry->kind) == ENTRY_OWN;
}

/* A worker before this one may have closed what it needed no more. */
static void forget_closed(struct opened *opened)
{
	if (!is_open(opened, opened->service.socket))
		opened->service.socket = -1;
	if (!is_open(opened, opened->import.predecessor))
		opened->import.predecessor = -1;
}

/*
 * Verdicts are restored by the keys that were revoked when they were given. Which ones are by now is asked when no other
 * process can have heeded SIGHUP any more.
 *
 * Return: 0; -ECANCELED: another daemon serves; -errno.
 */
static int restore(struct worker *worker)
{
	struct import *import = &worker->opened->import;
	struct policies_report report = { 0 };
	bool is_living = import->predecessor >= 0;
	int r = revoked_take(&worker->entries, worker->opened->revocation);

	if (r == 0)
		r = gates_tell(&worker->gates);
	if (r < 0)
		return r;
	size_t lost = attachments_restore(&worker->attachments);

	attachments_follow_audit(&worker->attachments);
	r = import_complete(import, worker->engine, &worker->entries, lost);
	if (r < 0)
		return r;
	gates_pass(&worker->gates);
	(void)gates_read_revoked(&worker->gates, &report);
	import_serve(import, worker->engine, is_living);
	return 0;
}

static void tell_of_kernel(const struct opened *opened)
{
	const char *notes[KERNEL_NOTES_MAX];
	size_t count = kernel_notes(&opened->kernel, notes);

	for (size_t i = 0; i < count; i++)
		log_notice("%s", notes[i]);
}

/* What a worker that has died has left open, and what it had not learnt. Return: 0; -errno. */
static int inherit(struct worker *worker, const int *rest, size_t rest_count)
{
	struct policies_report report = { 0 };
	int r = closer_close_each(worker->closer, rest, rest_count);

	if (r == 0 && opened_read_policies(worker->opened, &worker->attachments.policies,
					   &report) != POLICIES_LOADED)
		log_error("the policies stay as they were when nsxattrd was started");
	return r;
}

static int begin_first(struct worker *worker)
{
	tell_of_kernel(worker->opened);
	descriptors_compare(&worker->opened->options->config->limits);
	import_protect(&worker->opened->import);
	return build(worker);
}

static int begin_next(struct worker *worker)
{
	struct opened *opened = worker->opened;
	_cleanup_free_ int *rest = NULL;
	size_t rest_count = 0;
	int r = inherit_descriptors(opened->journal, opened->procfs, &rest, &rest_count);

	forget_closed(opened);
	import_protect(&opened->import);
	if (r >= 0)
		r = build(worker);
	return r < 0 ? r : inherit(worker, rest, rest_count);
}

/* Return: 0; -errno: it has been logged. */
static int begin(struct worker *worker, bool is_next)
{
	int r = is_next ? begin_next(worker) : begin_first(worker);

	if (r == 0)
		r = restore(worker);
	if (r == 0)
		r = open_sockets(worker);
	if (r < 0 && r != -ECANCELED)
		log_error("cannot begin to serve: %s", strerror(-r));
	return r;
}

/* ---- the end ---- */

/* What is kept in the journal stays there, for another daemon. */
static void release(struct worker *worker)
{
	control_free(worker->control);
	connections_free(&worker->connections);
	refusals_free(&worker->refusals);
	attachments_free(&worker->attachments);
	entries_free(&worker->entries);
	gates_done(&worker->gates);
	watches_done(&worker->watches);
	auditor_free(worker->auditor);
	loop_free(worker->loop);
}

/* Only the first worker: what has died in between was told, and so was what took its place. */
static void say_ready(const struct worker *worker)
{
	log_notice("nsxattrd %s is ready: %zu policies of files, %zu containers", NSXATTR_VERSION,
		   worker->attachments.policies->file_count,
		   registry_pools(worker->attachments.registry)->containers.taken);
}

static void say_stopping(const struct worker *worker)
{
	log_notice("nsxattrd stops; %zu containers are still there",
		   registry_pools(worker->attachments.registry)->containers.taken);
}

static void end(struct worker *worker)
{
	say_stopping(worker);
	(void)service_tell_stopping(&worker->opened->service);
	gate_pins_remove_known(&worker->opened->pins);
	for (size_t i = 0; i < SOCKET_COUNT; i++)
		unix_socket_done(&worker->opened->sockets[i]);
	/*
	 * The engine's sources are the closer's at last. Where a thread hangs, the end of the process releases what
	 * it uses.
	 */
	if (engine_free(worker->engine) && closer_free(worker->closer))
		release(worker);
	else
		log_verbose("a request hangs, and ends with us");
	(void)audit_log_stop(worker->opened->audit_log);
}

/* The program that has started us in place of another daemon is told once, and is no service manager. */
static void tell_ready(struct opened *opened)
{
	struct service *service = &opened->service;

	(void)service_tell_ready(service);
	if (opened->store.socket == service->socket || service->socket < 0)
		return;
	journal_close(opened->journal, &service->socket);
}

/* Return: the exit status. */
static int run(struct opened *opened, bool is_next)
{
	struct worker worker = { .opened = opened };
	int r = begin(&worker, is_next);

	if (r == -ECANCELED || (r < 0 && !is_next)) {
		gate_pins_remove(&opened->pins, opened->pins.own);
		journal_conclude(opened->journal, EXIT_FAILURE);
	}
	if (r < 0)
		exit(EXIT_FAILURE);
	worker.sample = (struct loop_timer){ .due = take_sample, .place = &worker };
	take_sample(&worker);
	journal_set(opened->journal, JOURNAL_SERVING, true);
	tell_ready(opened);
	if (!is_next)
		say_ready(&worker);
	log_verbose("worker %d serves", (int)getpid());
	r = loop_run(worker.loop);
	if (r < 0)
		log_error("cannot go on: %s", strerror(-r));
	else
		journal_conclude(opened->journal, r);
	end(&worker);
	return r < 0 ? EXIT_FAILURE : r;
}

_Noreturn void worker_run(void *place, bool is_next)
{
	struct opened *opened = place;

	prctl(PR_SET_NAME, "nsxattrd");
	/* A worker before this one may have died while it was handing over. */
	if (offer_take_back(opened->journal))
		exit(run(opened, is_next));
	journal_conclude(opened->journal, EXIT_SUCCESS);
	exit(EXIT_SUCCESS);
}
