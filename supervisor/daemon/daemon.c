/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * What has to be opened by a path is opened first: sockets, the folder of policies, the way to the
 * service manager. Then the process sheds its privileges, reads the policies, and becomes the keeper
 * (keep/keeper.h) of a worker, which builds the engine and opens the doors. A worker that dies is
 * followed by another one that serves the same listeners, and reads the policies anew.
 *
 * A worker's main thread runs the loop: it lets runtimes in, answers the control socket, and heeds
 * signals. Requests are the business of the engine's threads.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <grp.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "attach/confine.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sandbox.h"
#include "base/service.h"
#include "base/unix_socket.h"
#include "daemon/attachments.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/lxc_door.h"
#include "daemon/oci_door.h"
#include "daemon/policies.h"
#include "daemon/registry.h"
#include "daemon/status.h"
#include "keep/engine.h"
#include "keep/journal.h"
#include "keep/keeper.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Seconds for which calls wait while no worker can be had. */
#define PATIENCE 60
/* Milliseconds between two looks at the counters, for rates. */
#define SAMPLE 2000

enum socket_kind { SOCKET_OCI, SOCKET_LXC, SOCKET_CONTROL, SOCKET_COUNT };

/* What keeper and workers know: a worker has a copy of it, and sets up the rest. */
struct daemon {
	const struct daemon_options *options;
	struct unix_socket sockets[SOCKET_COUNT]; /* fd -1: there is none */
	struct policies_source source;
	struct service service;
	struct probe *probe;
	struct journal *journal;
	int procfs;
	time_t since;
	pid_t keeper;

	struct loop *loop;
	struct engine *engine;
	struct attachments attachments;
	struct guests guests;
	struct oci_door oci;
	struct lxc_door lxc;
	struct control *control;
	struct loop_watch signalled;
	struct loop_timer sample;
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
		.since = daemon->since,
		.keeper = daemon->keeper,
		.worker_deaths = journal_deaths(daemon->journal),
	};
	struct registry_time now = registry_time_now();

	return status_json_new(&source, user, &now);
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

static void take_sample(void *place)
{
	struct daemon *daemon = place;
	struct registry_time now = registry_time_now();

	registry_sample(daemon->attachments.registry, &now);
	loop_start_timer(daemon->loop, &daemon->sample, SAMPLE);
}

static void oci_arrived(void *place, uid_t uid, const struct oci_message *message, int listener)
{
	struct daemon *daemon = place;

	attachments_add_oci(&daemon->attachments, uid, message, listener);
}

static void lxc_arrived(void *place, const struct lxc_greeting *greeting, struct source *source)
{
	struct daemon *daemon = place;

	attachments_add_lxc(&daemon->attachments, greeting, source);
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

static int open_oci(struct daemon *daemon)
{
	int listening = daemon->sockets[SOCKET_OCI].fd;

	daemon->oci = (struct oci_door){
		.door = { .loop = daemon->loop, .guests = &daemon->guests, .listening = listening },
		.arrived = oci_arrived,
		.place = daemon,
	};
	return listening < 0 ? 0 : oci_door_open(&daemon->oci);
}

static int open_lxc(struct daemon *daemon)
{
	int listening = daemon->sockets[SOCKET_LXC].fd;

	daemon->lxc = (struct lxc_door){
		.door = { .loop = daemon->loop, .guests = &daemon->guests, .listening = listening },
		.procfs = daemon->procfs,
		.arrived = lxc_arrived,
		.place = daemon,
	};
	return listening < 0 ? 0 : lxc_door_open(&daemon->lxc);
}

static int open_control(struct daemon *daemon)
{
	const struct control_answers answers = {
		.status = answer_status,
		.reload = answer_reload,
		.context = daemon,
	};
	int listening = daemon->sockets[SOCKET_CONTROL].fd;

	return listening < 0 ? 0 : control_new(daemon->loop, listening, &answers, &daemon->control);
}

static int open_doors(struct daemon *daemon)
{
	daemon->guests = (struct guests){ .limits = &daemon->options->config->limits };
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

	if (r < 0)
		return r;
	const struct engine_config config = {
		.loop = daemon->loop,
		.journal = daemon->journal,
		.procfs = daemon->procfs,
		.standins = daemon->options->config->resolver,
		.probe = daemon->probe,
	};

	r = engine_new(&config, &daemon->engine);
	if (r == 0)
		r = registry_new(&daemon->options->config->limits, &attachments->registry);
	attachments->engine = daemon->engine;
	attachments->journal = daemon->journal;
	attachments->procfs = daemon->procfs;
	return r;
}

/* Return: 0; -errno: it has been logged. */
static int begin(struct daemon *daemon, bool is_successor)
{
	struct policies_report report = { 0 };
	int r = is_successor ? journal_inherit(daemon->journal) : 0;

	if (r >= 0)
		r = build(daemon);
	/* The keeper has read them once: if the folder has a mistake by now, these are what there is. */
	if (r == 0 && is_successor && read_policies(daemon, &report) != POLICIES_LOADED)
		log_error("the policies are those that were read at the start");
	if (r == 0) {
		attachments_restore(&daemon->attachments);
		engine_settle(daemon->engine);
		r = open_doors(daemon);
	}
	if (r < 0)
		log_error("cannot begin to serve: %s", strerror(-r));
	return r;
}

static void end(struct daemon *daemon)
{
	(void)service_tell_stopping(&daemon->service);
	control_free(daemon->control);
	for (size_t i = 0; i < SOCKET_COUNT; i++)
		unix_socket_done(&daemon->sockets[i]);
	/* Where a thread hangs, the end of the process releases what it uses. */
	if (!engine_free(daemon->engine))
		log_verbose("a request hangs, and ends with us");
}

/** work() - a worker's life. See keeper_config.work(). */
static void work(void *place, bool is_successor)
{
	struct daemon *daemon = place;

	prctl(PR_SET_NAME, "nsxattrd");
	int r = begin(daemon, is_successor);

	if (r < 0 && !is_successor)
		journal_conclude(daemon->journal, EXIT_FAILURE);
	if (r < 0)
		exit(EXIT_FAILURE);
	daemon->sample = (struct loop_timer){ .due = take_sample, .place = daemon };
	take_sample(daemon);
	journal_set_serving(daemon->journal, true);
	(void)service_tell_ready(&daemon->service);
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

static int group_of(const struct config_socket *socket, gid_t *ret_group)
{
	char *end;

	*ret_group = (gid_t)-1;
	if (!socket->group)
		return 0;
	const struct group *group = getgrnam(socket->group);
	unsigned long number = strtoul(socket->group, &end, 10);

	if (!group && (*end != '\0' || end == socket->group))
		return -ENOENT;
	*ret_group = group ? group->gr_gid : (gid_t)number;
	return 0;
}

static int listen_at(const struct config_socket *config, int type, struct unix_socket *ret_socket)
{
	struct unix_socket_place place = { .path = config->path,
					   .type = type,
					   .mode = config->mode };
	int r = group_of(config, &place.group);

	if (r < 0) {
		log_error("%s cannot belong to group '%s': there is no such group", config->path,
			  config->group);
		return r;
	}
	r = unix_socket_listen(&place, ret_socket);
	if (r == -EADDRINUSE)
		log_error("somebody listens at %s already: is another nsxattrd running?",
			  config->path);
	else if (r < 0)
		log_error("cannot listen at %s: %s", config->path, strerror(-r));
	return r;
}

/* By the name that the service manager gave to a descriptor: FileDescriptorName= of systemd.socket(5). */
static struct service_fd *find_handed_over(struct service_fds *fds, const char *name)
{
	for (size_t i = 0; i < fds->count; i++)
		if (strcmp(fds->fds[i].name, name) == 0)
			return &fds->fds[i];
	return NULL;
}

static int adopt(struct service_fd *handed, int type, struct unix_socket *ret_socket)
{
	int r = unix_socket_adopt(handed->fd, type, ret_socket);

	if (r == 0)
		handed->fd = -1;
	else
		log_error("the service manager's socket '%s' is of no use: %s", handed->name,
			  strerror(-r));
	return r;
}

static int open_sockets(struct daemon *daemon, struct service_fds *handed)
{
	const struct config *config = daemon->options->config;
	const struct {
		const char *name;
		const struct config_socket *config;
		int type;
	} wanted[SOCKET_COUNT] = {
		[SOCKET_OCI] = { "oci", &config->oci, SOCK_STREAM },
		[SOCKET_LXC] = { "lxc", &config->lxc, SOCK_SEQPACKET },
		[SOCKET_CONTROL] = { "control", &config->control, SOCK_STREAM },
	};
	int r = 0;

	for (size_t i = 0; i < SOCKET_COUNT && r == 0; i++) {
		struct service_fd *fd = find_handed_over(handed, wanted[i].name);

		if (fd)
			r = adopt(fd, wanted[i].type, &daemon->sockets[i]);
		else if (wanted[i].config->path)
			r = listen_at(wanted[i].config, wanted[i].type, &daemon->sockets[i]);
	}
	return r;
}

/* While paths lead somewhere. */
static int open_all(struct daemon *daemon)
{
	const struct config *config = daemon->options->config;
	struct service_fds handed = { 0 };
	int r = service_connect(&daemon->service);

	if (r == 0)
		r = service_take_fds(&handed);
	if (r < 0) {
		log_error("cannot understand the service manager: %s", strerror(-r));
		return r;
	}
	r = policies_source_open(config->policies, &daemon->source);
	if (r < 0)
		log_error("cannot open the folder of policies %s: %s", config->policies,
			  strerror(-r));
	daemon->source.default_policy = config->default_policy;
	daemon->source.refuses_not_allowed = config->refuses_not_allowed;
	if (r == 0)
		r = open_sockets(daemon, &handed);
	service_fds_done(&handed);
	return r;
}

/* All that a worker needs and that is open by then. Return: how many; below 0: none. */
static size_t list_descriptors(const struct daemon *daemon, int fds[2 * SOCKET_COUNT + 3])
{
	size_t count = 0;

	for (size_t i = 0; i < SOCKET_COUNT; i++) {
		fds[count++] = daemon->sockets[i].fd;
		fds[count++] = daemon->sockets[i].folder;
	}
	fds[count++] = daemon->source.folder;
	fds[count++] = daemon->source.etc;
	fds[count++] = daemon->service.socket;
	return count;
}

static int keep_descriptors(struct daemon *daemon)
{
	int fds[2 * SOCKET_COUNT + 5];
	size_t count = list_descriptors(daemon, fds);
	int r = journal_new(&daemon->journal);

	fds[count++] = daemon->procfs;
	fds[count++] = daemon->probe ? probe_fd(daemon->probe) : -1;
	for (size_t i = 0; i < count && r == 0; i++)
		if (fds[i] >= 0)
			r = journal_keep(daemon->journal, fds[i], KEPT_FOREVER, NULL, 0);
	if (r < 0)
		log_error("cannot have a journal: %s", strerror(-r));
	return r;
}

static int confine(struct daemon *daemon)
{
	int fds[2 * SOCKET_COUNT + 3];
	size_t count = list_descriptors(daemon, fds);
	int r = confine_surroundings(fds, count);

	if (r == 0)
		r = confine_probe(daemon->options->probe, &daemon->probe);
	if (r == 0)
		r = confine_privileges(false, &daemon->procfs);
	if (r == 0 && read_policies(daemon, &(struct policies_report){ 0 }) != POLICIES_LOADED)
		r = -EINVAL;
	return r < 0 ? r : keep_descriptors(daemon);
}

int daemon_run(const struct daemon_options *options)
{
	struct daemon daemon = {
		.options = options, .procfs = -1, .since = time(NULL), .keeper = getpid()
	};

	for (size_t i = 0; i < SOCKET_COUNT; i++)
		daemon.sockets[i] = (struct unix_socket){ .fd = -1, .folder = -1 };
	int r = open_all(&daemon);

	if (r == 0)
		r = confine(&daemon);
	if (r < 0)
		return EXIT_FAILURE;
	r = keeper_run(&(struct keeper_config){
		.journal = daemon.journal,
		.patience = PATIENCE,
		.passes_signals = true,
		.work = work,
		.place = &daemon,
	});
	if (r < 0)
		log_error("the worker has died as often as it was started");
	return r < 0 ? EXIT_FAILURE : r;
}
