/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * What has to be opened by a path is opened first: sockets, the folder of policies, the way to the
 * service manager. Then the process sheds its privileges, reads the policies, and becomes the keeper
 * (keep/keeper.h) of a worker, which builds the engine and opens the doors. A worker that dies is
 * followed by another one that serves the same listeners, and reads the policies anew.
 *
 * What another daemon has left, one that has died and whose descriptors the service manager has stored, or
 * one that lives and hands over to us (handover.h), is imported into our own journal by the keeper; it is
 * ours when the first worker has claimed it.
 *
 * A worker's main thread runs the loop: it lets runtimes in, answers the control socket, and heeds
 * signals. Requests are the business of the engine's threads.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "attach/confine.h"
#include "base/clock.h"
#include "base/closer.h"
#include "base/fd.h"
#include "base/forker.h"
#include "base/labelling.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/passing.h"
#include "base/sandbox.h"
#include "base/service.h"
#include "base/unix_socket.h"
#include "count_of.h"
#include "daemon/attachments.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/entries.h"
#include "daemon/handover.h"
#include "daemon/lxc_acceptor.h"
#include "daemon/may_use.h"
#include "daemon/oci_acceptor.h"
#include "daemon/policies.h"
#include "daemon/policy_folders.h"
#include "daemon/refusals.h"
#include "daemon/registry.h"
#include "daemon/sockets.h"
#include "daemon/status.h"
#include "daemon/upgrade.h"
#include "exec/helpers.h"
#include "exec/kernel_notes.h"
#include "keep/engine.h"
#include "keep/inherit.h"
#include "keep/journal.h"
#include "keep/keeper.h"
#include "keep/offer.h"
#include "keep/places.h"
#include "keep/succession.h"

/* Milliseconds between two looks at the counters, for rates. */
#define SAMPLE 2000

/* Descriptors of a call under way and its thread, and those of a helper. */
#define DESCRIPTORS_OF_PLACE 8
#define DESCRIPTORS_OF_HELPER 2

/* Those of list_descriptors(). */
#define DESCRIPTORS (2 * SOCKET_COUNT + 9)

/* What keeper and workers know: a worker has a copy of it, and sets up the rest. */
struct daemon {
	const struct daemon_options *options;
	struct unix_socket sockets[SOCKET_COUNT]; /* fd -1: there is none */
	struct policy_folders folders;
	struct policies_source source;
	struct service service;
	struct service store; /* the service, where it has a store; else none */
	struct service_fds handed; /* what it, or another daemon, has handed over */
	struct succession succession;
	int predecessor; /* a daemon that hands over to us; -1: none */
	uint64_t asked; /* when it was asked to, in milliseconds of CLOCK_MONOTONIC */
	char program[PATH_MAX]; /* "": not known */
	int directory; /* in which we were started */
	struct probe *probe;
	struct kernel_facts kernel;
	struct journal *journal;
	int procfs;
	struct labelling labelling;
	time_t since;
	pid_t keeper;

	struct loop *loop;
	struct closer *closer;
	struct refusals refusals;
	struct engine *engine;
	struct attachments attachments;
	struct entries entries;
	struct connections connections;
	struct oci_acceptor oci;
	struct lxc_acceptor lxc;
	struct control *control;
	struct loop_watch signalled;
	struct loop_timer sample;
	struct upgrade upgrade;
};

/* ---- a worker ---- */

static void log_report(const struct policies_report *report)
{
	const char *line = report->text;

	while (*line) {
		int length = (int)strcspn(line, "\n");

		log_error("%.*s", length, line);
		line += length + (line[length] == '\n');
	}
}

/* Return: as policies_load(); what is wrong has been logged. */
static int read_policies(struct daemon *daemon, struct policies_report *report)
{
	struct policies *policies = NULL;
	int r = policies_load(&daemon->source, &policies, report);

	log_report(report);
	if (r < 0)
		log_error("cannot read the policies in %s: %s", daemon->source.path, strerror(-r));
	if (r != POLICIES_LOADED)
		return r;
	policies_free(daemon->attachments.policies);
	daemon->attachments.policies = policies;
	return r;
}

/* Containers keep the policies that they have. */
static int reload_policies(struct daemon *daemon, struct policies_report *report)
{
	(void)service_tell_reloading(&daemon->service);
	int r = read_policies(daemon, report);

	if (r == POLICIES_LOADED)
		log_notice("%zu policies were read anew",
			   policies_count(daemon->attachments.policies));
	else
		log_error("the policies stay as they were");
	(void)service_tell_ready(&daemon->service);
	return r;
}

static struct json_object *answer_reload(void *context)
{
	struct daemon *daemon = context;
	struct policies_report report = { 0 };
	int r = reload_policies(daemon, &report);

	return reload_json_new(r, daemon->attachments.policies, &report);
}

static struct json_object *answer_status(void *context, uid_t user)
{
	struct daemon *daemon = context;
	const struct status_source source = {
		.registry = daemon->attachments.registry,
		.policies = daemon->attachments.policies,
		.places = engine_places(daemon->engine),
		.since = daemon->since,
		.keeper = daemon->keeper,
		.is_guarded = engine_is_guarded(daemon->engine),
		.kernel = &daemon->kernel,
		.worker_deaths = journal_deaths(daemon->journal),
	};
	struct registry_time now = registry_time_now();

	return status_json_new(&source, user, &now);
}

/* Its number tells hooks which namespace is the host's. */
static uint64_t user_namespace(const struct daemon *daemon)
{
	struct stat status;

	return fstatat(daemon->procfs, "self/ns/user", &status, 0) == 0 ? status.st_ino : 0;
}

static struct json_object *answer_may_use(void *context, uid_t user, const char *question)
{
	struct daemon *daemon = context;
	const struct may_use_source source = {
		.policies = daemon->attachments.policies,
		.registry = daemon->attachments.registry,
		.user_namespace = user_namespace(daemon),
	};

	return may_use_json_new(&source, user, question);
}

static void heed_signal(void *place, uint32_t events)
{
	struct daemon *daemon = place;
	struct policies_report report = { 0 };
	struct signalfd_siginfo info;

	(void)events;
	if (read(daemon->signalled.fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		(void)reload_policies(daemon, &report);
	else
		loop_end(daemon->loop, EXIT_SUCCESS);
}

/* ---- another daemon in our place ---- */

static bool has_oci_connections(void *place)
{
	return ((struct daemon *)place)->oci.count > 0;
}

static void fill_start(const struct daemon *daemon, struct handover_start *start)
{
	*start = (struct handover_start){ .program = daemon->program,
					  .arguments = daemon->options->arguments };
	for (size_t i = 0; i < SOCKET_COUNT; i++) {
		handover_start_add(start, socket_names[i].socket, daemon->sockets[i].fd);
		handover_start_add(start, socket_names[i].folder, daemon->sockets[i].folder);
	}
	handover_start_add(start, "directory", daemon->directory);
	handover_start_add(start, "errors", STDERR_FILENO);
}

/* See control_answers.upgrade(). */
static void begin_upgrade(void *context, int connection)
{
	struct daemon *daemon = context;

	upgrade_begin(&daemon->upgrade, connection);
}

static void prepare_upgrade(struct daemon *daemon)
{
	daemon->upgrade = (struct upgrade){
		.loop = daemon->loop,
		.engine = daemon->engine,
		.journal = daemon->journal,
		.has_connections = has_oci_connections,
		.place = daemon,
		.watch.fd = -1,
		.successor = -1,
	};
	fill_start(daemon, &daemon->upgrade.start);
}

/* ---- a worker, again ---- */

static void take_sample(void *place)
{
	struct daemon *daemon = place;
	struct registry_time now = registry_time_now();

	registry_sample(daemon->attachments.registry, &now);
	log_left_out();
	loop_start_timer(daemon->loop, &daemon->sample, SAMPLE);
}

static void oci_delivered(void *place, uid_t uid, const struct oci_message *message, int listener)
{
	struct daemon *daemon = place;

	attachments_add_oci(&daemon->attachments, uid, message, listener);
}

static bool lxc_delivered(void *place, const struct lxc_greeting *greeting, struct source *source)
{
	struct daemon *daemon = place;

	return attachments_add_lxc(&daemon->attachments, greeting, source);
}

static int heed_signals(struct daemon *daemon)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	daemon->signalled = (struct loop_watch){ fd, heed_signal, daemon };
	return loop_add(daemon->loop, &daemon->signalled, EPOLLIN);
}

static struct acceptor acceptor_of(struct daemon *daemon, int listening)
{
	return (struct acceptor){
		.loop = daemon->loop,
		.connections = &daemon->connections,
		.closer = daemon->closer,
		.refusals = &daemon->refusals,
		.listening = listening,
		.procfs = daemon->procfs,
		.refused = LOG_WARNING,
	};
}

static int open_oci(struct daemon *daemon)
{
	int listening = daemon->sockets[SOCKET_OCI].fd;

	daemon->oci = (struct oci_acceptor){
		.acceptor = acceptor_of(daemon, listening),
		.delivered = oci_delivered,
		.place = daemon,
	};
	return listening < 0 ? 0 : oci_acceptor_open(&daemon->oci);
}

static int open_lxc(struct daemon *daemon)
{
	int listening = daemon->sockets[SOCKET_LXC].fd;

	daemon->lxc = (struct lxc_acceptor){
		.acceptor = acceptor_of(daemon, listening),
		.entries = &daemon->entries,
		.delivered = lxc_delivered,
		.place = daemon,
	};
	return listening < 0 ? 0 : lxc_acceptor_open(&daemon->lxc);
}

static int open_control(struct daemon *daemon)
{
	const struct control_answers answers = {
		.status = answer_status,
		.may_use = answer_may_use,
		.reload = answer_reload,
		.upgrade = daemon->store.socket < 0 && daemon->program[0] ? begin_upgrade : NULL,
		.context = daemon,
		.procfs = daemon->procfs,
		.closer = daemon->closer,
		.refusals = &daemon->refusals,
	};
	int listening = daemon->sockets[SOCKET_CONTROL].fd;

	return listening < 0 ? 0 : control_new(daemon->loop, listening, &answers, &daemon->control);
}

static int open_sockets(struct daemon *daemon)
{
	const struct config_limits *limits = &daemon->options->config->limits;

	daemon->connections = (struct connections){ .most = limits->connections,
						    .of_user = limits->connections_per_user };
	prepare_upgrade(daemon);
	int r = open_oci(daemon);

	if (r == 0)
		r = open_lxc(daemon);
	if (r == 0)
		r = open_control(daemon);
	if (r == 0)
		r = heed_signals(daemon);
	return r;
}

static int build(struct daemon *daemon)
{
	struct attachments *attachments = &daemon->attachments;
	int r = loop_new(&daemon->loop);

	if (r == 0)
		r = closer_new(daemon->loop, &daemon->closer);
	if (r < 0)
		return r;
	refusals_init(&daemon->refusals, daemon->closer);
	const struct engine_config config = {
		.loop = daemon->loop,
		.journal = daemon->journal,
		.procfs = daemon->procfs,
		.standins = daemon->options->config->resolver,
		.probe = daemon->probe,
		.calls = daemon->options->config->calls,
		.labelling = &daemon->labelling,
		.closer = daemon->closer,
	};

	r = engine_new(&config, &daemon->engine);
	if (r == 0)
		r = registry_new(&daemon->options->config->limits, &attachments->registry);
	daemon->entries = (struct entries){ .journal = daemon->journal, .service = &daemon->store };
	attachments->closer = daemon->closer;
	attachments->engine = daemon->engine;
	attachments->entries = &daemon->entries;
	attachments->procfs = daemon->procfs;
	return r;
}

static bool is_kept_forever(const struct daemon *daemon, int fd)
{
	const struct entry *kept = journal_find(daemon->journal, fd);

	return kept && atomic_load(&kept->kind) == ENTRY_OWN;
}

/* A worker may have let go of what is of no use any more. */
static void forget_what_is_gone(struct daemon *daemon)
{
	if (!is_kept_forever(daemon, daemon->service.socket))
		daemon->service.socket = -1;
	if (!is_kept_forever(daemon, daemon->predecessor))
		daemon->predecessor = -1;
}

static void adopt_requests(struct daemon *daemon)
{
	struct slot left;

	for (size_t i = 0; succession_next_request(&daemon->succession, &i, &left); i++)
		if (!engine_adopt(daemon->engine, &left))
			log_warning("a request is lost: there is no place for it");
}

/* Say that it is ours, and let go of whom we have it from. Return: 0; -ECANCELED: it has been logged. */
static int claim(struct daemon *daemon, size_t lost)
{
	if (daemon->predecessor >= 0 && lost > 0) {
		log_error("the nsxattrd that is there goes on: %zu listeners would be lost", lost);
		return -ECANCELED;
	}
	if (!succession_claim(&daemon->succession)) {
		log_error("the nsxattrd that was there goes on: this one has come too late");
		return -ECANCELED;
	}
	if (daemon->predecessor < 0)
		return 0;
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	handover_finish(daemon->predecessor);
	journal_close(daemon->journal, &daemon->predecessor);
	return 0;
}

/*
 * From then on our journal is the one that counts. Whoever dies before leaves the old one as it was.
 *
 * Return: 0; -ECANCELED.
 */
static int settle(struct daemon *daemon, size_t lost)
{
	bool is_taken_over = daemon->predecessor >= 0;
	int r = claim(daemon, lost);

	if (r < 0)
		return r;
	adopt_requests(daemon);
	r = entries_store_journal(&daemon->entries);
	if (r < 0)
		log_warning("the service manager does not store the journal: %s", strerror(-r));
	journal_set(daemon->journal, JOURNAL_IMPORTED, true);
	if (is_taken_over)
		log_notice("containers taken over: %zu; their calls have waited for %u ms",
			   registry_count(daemon->attachments.registry),
			   (unsigned int)(clock_milliseconds() - daemon->asked));
	return 0;
}

/* What was there is served again. Return: 0; -ECANCELED. */
static int restore(struct daemon *daemon)
{
	size_t lost = attachments_restore(&daemon->attachments);
	int r = journal_is(daemon->journal, JOURNAL_IMPORTED) ? 0 : settle(daemon, lost);

	if (r < 0)
		return r;
	succession_settle(&daemon->succession);
	engine_settle(daemon->engine);
	return 0;
}

/* What all that is let in can have open at a time, but for what is kept for speed. */
static uint64_t descriptors_wanted(const struct config_limits *limits)
{
	uint64_t listeners = (uint64_t)limits->containers * limits->listeners_per_container;
	uint64_t places = (uint64_t)limits->containers + PLACES_BESIDE_MAX;

	return (listeners < LISTENERS_MAX ? listeners : LISTENERS_MAX) +
	       places * DESCRIPTORS_OF_PLACE + HELPERS_MAX * DESCRIPTORS_OF_HELPER +
	       limits->connections + CONTROL_CONNECTIONS_MAX + PASSED_MAX + DESCRIPTORS +
	       FORKER_TABLE;
}

static void compare_descriptors(const struct daemon *daemon)
{
	uint64_t wanted = descriptors_wanted(&daemon->options->config->limits);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted)
		log_warning("%" PRIu64 " descriptors can be open at a time, and the limits of the "
			    "settings allow for %" PRIu64
			    ": raise LimitNOFILE= of the service (ulimit "
			    "-n), or lower limits/containers",
			    (uint64_t)limit.rlim_cur, wanted);
}

static void tell_of_kernel(const struct daemon *daemon)
{
	const char *notes[KERNEL_NOTES_MAX];
	size_t count = kernel_notes(&daemon->kernel, notes);

	for (size_t i = 0; i < count; i++)
		log_notice("%s", notes[i]);
}

/* Return: 0; -errno: it has been logged. */
static int begin(struct daemon *daemon, bool is_successor)
{
	struct policies_report report = { 0 };
	_cleanup_free_ int *rest = NULL;
	size_t rest_count = 0;
	int r = is_successor ?
			inherit_descriptors(daemon->journal, daemon->procfs, &rest, &rest_count) :
			0;

	if (!is_successor) {
		tell_of_kernel(daemon);
		compare_descriptors(daemon);
	}
	forget_what_is_gone(daemon);
	/* The daemon that is there kills the keeper when we do not take over in time. */
	if (daemon->predecessor >= 0)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (r >= 0)
		r = build(daemon);
	if (r == 0)
		r = closer_close_each(daemon->closer, rest, rest_count);
	/* The keeper has read them once: if the folder has a mistake by now, these are what there is. */
	if (r == 0 && is_successor && read_policies(daemon, &report) != POLICIES_LOADED)
		log_error("the policies are those that were read at the start");
	if (r == 0)
		r = restore(daemon);
	if (r == 0)
		r = open_sockets(daemon);
	if (r < 0 && r != -ECANCELED)
		log_error("cannot begin to serve: %s", strerror(-r));
	return r;
}

static void end(struct daemon *daemon)
{
	(void)service_tell_stopping(&daemon->service);
	for (size_t i = 0; i < SOCKET_COUNT; i++)
		unix_socket_done(&daemon->sockets[i]);
	/*
	 * The engine's sources are the closer's at last. Where a thread hangs, the end of the process releases what
	 * it uses.
	 */
	if (!engine_free(daemon->engine) || !closer_free(daemon->closer))
		log_verbose("a request hangs, and ends with us");
}

/* Who has started us in place of another daemon is told once, and is no service manager. */
static void tell_ready(struct daemon *daemon)
{
	(void)service_tell_ready(&daemon->service);
	if (daemon->store.socket == daemon->service.socket || daemon->service.socket < 0)
		return;
	journal_forget(daemon->journal, daemon->service.socket);
	service_done(&daemon->service);
}

/** work() - a worker's life. See keeper_config.work(). */
static void work(void *place, bool is_successor)
{
	struct daemon *daemon = place;

	prctl(PR_SET_NAME, "nsxattrd");
	/* A worker before us may have died while it was handing over. */
	if (!offer_take_back(daemon->journal)) {
		journal_conclude(daemon->journal, EXIT_SUCCESS);
		exit(EXIT_SUCCESS);
	}
	int r = begin(daemon, is_successor);

	if (r == -ECANCELED || (r < 0 && !is_successor))
		journal_conclude(daemon->journal, EXIT_FAILURE);
	if (r < 0)
		exit(EXIT_FAILURE);
	daemon->sample = (struct loop_timer){ .due = take_sample, .place = daemon };
	take_sample(daemon);
	journal_set(daemon->journal, JOURNAL_SERVING, true);
	tell_ready(daemon);
	log_verbose("worker %d serves", (int)getpid());
	r = loop_run(daemon->loop);
	if (r < 0)
		log_error("cannot go on: %s", strerror(-r));
	else
		journal_conclude(daemon->journal, r);
	end(daemon);
	exit(r < 0 ? EXIT_FAILURE : r);
}

/* ---- the keeper ---- */

/* How another daemon would be started in our place. */
static void remember_start(struct daemon *daemon)
{
	ssize_t length = readlink("/proc/self/exe", daemon->program, sizeof(daemon->program) - 1);

	daemon->program[length > 0 ? length : 0] = '\0';
	daemon->directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Whoever starts us in place of another daemon speaks like a service manager, but has no store. */
static int meet_service(struct daemon *daemon)
{
	int r = service_connect(&daemon->service);

	if (r == 0)
		r = service_take_fds(&daemon->handed);
	if (r < 0) {
		log_error("cannot understand the service manager: %s", strerror(-r));
		return r;
	}
	struct service_fd *predecessor = service_fds_find(&daemon->handed, "predecessor");

	if (predecessor)
		daemon->predecessor = TAKE_FD(predecessor->fd);
	else
		daemon->store = daemon->service;
	return 0;
}

/* While paths lead somewhere. */
static int open_all(struct daemon *daemon)
{
	const struct config *config = daemon->options->config;
	int r = meet_service(daemon);

	if (r < 0)
		return r;
	remember_start(daemon);
	policy_folders_init(&daemon->folders, config->policies);
	r = policies_source_open(config->policies, daemon->folders.paths[1], &daemon->source);
	if (r < 0)
		log_error("cannot open the folder of policies %s: %s", config->policies,
			  strerror(-r));
	daemon->source.default_policy = config->default_policy;
	daemon->source.refuses_not_allowed = config->refuses_not_allowed;
	return r == 0 ? sockets_open(config, &daemon->handed, daemon->sockets) : r;
}

/* All that a worker needs and that is open by then; -1: that is not there. Return: how many. */
static size_t list_descriptors(const struct daemon *daemon, int fds[DESCRIPTORS])
{
	size_t count = 0;

	for (size_t i = 0; i < SOCKET_COUNT; i++) {
		fds[count++] = daemon->sockets[i].fd;
		fds[count++] = daemon->sockets[i].folder;
	}
	fds[count++] = daemon->source.folder;
	fds[count++] = daemon->source.share;
	fds[count++] = daemon->source.etc;
	fds[count++] = daemon->service.socket;
	fds[count++] = daemon->predecessor;
	fds[count++] = daemon->directory;
	fds[count++] = daemon->procfs;
	fds[count++] = daemon->labelling.directory;
	fds[count++] = daemon->probe ? probe_fd(daemon->probe) : -1;
	return count;
}

static int keep_descriptors(struct daemon *daemon)
{
	int fds[DESCRIPTORS];
	size_t count = list_descriptors(daemon, fds);
	int r = journal_new(&daemon->journal);

	for (size_t i = 0; i < count && r == 0; i++)
		if (fds[i] >= 0)
			r = journal_keep_own(daemon->journal, fds[i]);
	if (r == 0)
		r = journal_reserve(daemon->journal);
	if (r < 0)
		log_error("cannot have a journal: %s", strerror(-r));
	return r;
}

/* What nobody knows any more need not be stored. */
static void forget_rest(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->handed.count; i++)
		if (daemon->handed.fds[i].fd >= 0 &&
		    succession_is_entry(daemon->handed.fds[i].name))
			(void)service_forget(&daemon->store, daemon->handed.fds[i].name);
	service_fds_done(&daemon->handed);
}

/* From a daemon that lives, or from the store. Return: 0; -errno: it has been logged. */
static int inherit(struct daemon *daemon)
{
	int r = 0;

	if (daemon->predecessor >= 0) {
		service_fds_done(&daemon->handed);
		daemon->asked = clock_milliseconds();
		r = handover_take(daemon->predecessor, &daemon->handed);
	}
	if (r == 0)
		r = succession_import(daemon->journal, &daemon->handed, &daemon->succession);
	/* To begin with nothing is better than not to begin, but not while somebody else serves. */
	if (r == -EBADMSG && daemon->predecessor < 0) {
		log_error(
			"what the service manager has stored is no journal: running containers are "
			"lost");
		r = 0;
	}
	if (r == 0 && daemon->predecessor >= 0 && !succession_is_offered(&daemon->succession))
		r = -EPROTO;
	if (r < 0)
		log_error("cannot take over from another nsxattrd: %s", strerror(-r));
	forget_rest(daemon);
	return r;
}

static int confine_descriptors(struct daemon *daemon)
{
	_cleanup_free_ int *fds = calloc(DESCRIPTORS + daemon->handed.count, sizeof(*fds));

	if (!fds) {
		log_error("out of memory");
		return -ENOMEM;
	}
	size_t count = list_descriptors(daemon, fds);

	for (size_t i = 0; i < daemon->handed.count; i++)
		fds[count++] = daemon->handed.fds[i].fd;
	return confine_surroundings(fds, count);
}

static int confine(struct daemon *daemon)
{
	const struct confinement confinement = { .leaves_network = true,
						 .calls = daemon->options->config->calls };
	int probe_error = 0, r = confine_descriptors(daemon);

	if (r == 0)
		r = confine_probe(daemon->options->probe, &daemon->probe, &probe_error);
	if (r == 0)
		kernel_facts_learn(probe_error, &daemon->kernel);
	labelling_open(&daemon->labelling);
	if (r == 0)
		r = confine_privileges(&confinement, &daemon->procfs);
	if (r == 0 && read_policies(daemon, &(struct policies_report){ 0 }) != POLICIES_LOADED)
		r = -EINVAL;
	if (r == 0)
		r = keep_descriptors(daemon);
	return r < 0 ? r : inherit(daemon);
}

int daemon_run(const struct daemon_options *options)
{
	struct daemon daemon = {
		.options = options,
		.service.socket = -1,
		.store.socket = -1,
		.predecessor = -1,
		.directory = -1,
		.procfs = -1,
		.labelling.directory = -1,
		.since = time(NULL),
		.keeper = getpid(),
	};

	int r = open_all(&daemon);

	if (r == 0)
		r = confine(&daemon);
	if (r < 0)
		return EXIT_FAILURE;
	r = keeper_run(&(struct keeper_config){
		.journal = daemon.journal,
		.procfs = daemon.procfs,
		.patience = options->config->patience,
		.desk = daemon.sockets[SOCKET_CONTROL].fd,
		.passes_signals = true,
		.calls = options->config->calls,
		.work = work,
		.place = &daemon,
	});
	if (r == -ECHILD)
		log_error("the worker has died as often as it was started");
	return r < 0 ? EXIT_FAILURE : r;
}
