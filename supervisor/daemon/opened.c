/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/opened.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/confine.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/probe.h"
#include "daemon/config.h"
#include "daemon/entries.h"
#include "integrity/gate.h"
#include "integrity/revocation.h"
#include "keep/journal.h"

int opened_read_policies(const struct opened *opened, struct policies **policies,
			 struct policies_report *report)
{
	struct policies *read = NULL;
	int r = policies_load(&opened->source, &read, report);

	policies_report_log(report, LOG_ERROR);
	if (r < 0)
		log_error("cannot read the policies in %s: %s", opened->source.path, strerror(-r));
	if (r != POLICIES_LOADED)
		return r;
	policies_free(*policies);
	*policies = read;
	return r;
}

/* ---- by a path ---- */

/* How another daemon would be started in our place. */
static void remember_start(struct opened *opened)
{
	ssize_t length = readlink("/proc/self/exe", opened->program, sizeof(opened->program) - 1);

	opened->program[length > 0 ? length : 0] = '\0';
	opened->directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* A relative path begins where we were started. */
static int remember_settings(struct opened *opened)
{
	const char *path = opened->options->settings ? opened->options->settings : CONFIG_PATH;
	_cleanup_free_ char *folder = path[0] == '/' ? strdup("") : getcwd(NULL, 0);
	size_t size = sizeof(opened->settings);

	if (!folder)
		return -errno;
	int length = snprintf(opened->settings, size, "%s%s%s", folder, folder[0] ? "/" : "", path);

	return (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/* The program that starts us in place of another daemon speaks like a service manager, but has no store. */
static int connect_service(struct opened *opened)
{
	int r = service_connect(&opened->service);

	if (r == 0)
		r = import_open(&opened->import);
	if (r < 0)
		log_error("cannot understand the service manager: %s", strerror(-r));
	else if (opened->import.predecessor < 0)
		opened->store = opened->service;
	return r;
}

int opened_open(const struct daemon_options *options, struct opened *ret_opened)
{
	const struct config *config = options->config;
	struct opened *opened = ret_opened;

	*opened = (struct opened){
		.options = options,
		.service.socket = -1,
		.store.socket = -1,
		.import.predecessor = -1,
		.directory = -1,
		.procfs = -1,
		.labelling.directory = -1,
		.pins.folder = -1,
		.revoked = { .root = &opened->source.root,
			     .settings = opened->settings,
			     .is_named = options->settings },
		.since = time(NULL),
		.keeper = getpid(),
	};
	int r = connect_service(opened);

	if (r < 0)
		return r;
	remember_start(opened);
	r = remember_settings(opened);
	if (r < 0) {
		log_error("cannot find the settings: %s", strerror(-r));
		return r;
	}
	policy_folders_init(&opened->folders, config->policies);
	r = policies_source_open(config->policies, opened->folders.paths[1], &opened->source);
	if (r < 0) {
		log_error("cannot open the folder of policies %s: %s", config->policies,
			  strerror(-r));
		return r;
	}
	r = trust_root_open(&opened->source.root);
	if (r < 0) {
		log_error("cannot open the root directory: %s", strerror(-r));
		return r;
	}
	opened->source.default_policy = config->default_policy;
	opened->source.refuses_not_allowed = config->refuses_not_allowed;
	r = audit_log_open(config->audit_log, &opened->audit_log);
	return r < 0 ? r : sockets_open(config, &opened->import.handed, opened->sockets);
}

/* ---- without paths ---- */

/* All that a worker needs; -1: there is none. Return: how many. */
static size_t list_descriptors(const struct opened *opened, int fds[OPENED_DESCRIPTORS])
{
	size_t count = 0;

	for (size_t i = 0; i < SOCKET_COUNT; i++) {
		fds[count++] = opened->sockets[i].fd;
		fds[count++] = opened->sockets[i].folder;
	}
	fds[count++] = opened->source.folder;
	fds[count++] = opened->source.share;
	fds[count++] = opened->source.root.directory;
	fds[count++] = opened->source.root.mounts;
	fds[count++] = opened->source.etc;
	fds[count++] = opened->service.socket;
	fds[count++] = opened->import.predecessor;
	fds[count++] = opened->directory;
	fds[count++] = opened->procfs;
	fds[count++] = opened->labelling.directory;
	fds[count++] = opened->probe ? probe_fd(opened->probe) : -1;
	audit_log_fds(opened->audit_log, fds + count);
	count += AUDIT_LOG_FDS;
	fds[count++] = opened->pins.folder;
	for (size_t i = 0; i < opened->pins.before_count; i++)
		fds[count++] = opened->pins.before[i].namespaces;
	return count;
}

static int keep_descriptors(struct opened *opened)
{
	int fds[OPENED_DESCRIPTORS];
	size_t count = list_descriptors(opened, fds);
	int r = journal_new(&opened->journal);

	for (size_t i = 0; i < count && r == 0; i++)
		if (fds[i] >= 0)
			r = journal_keep_own(opened->journal, fds[i]);
	if (r == 0)
		r = journal_reserve(opened->journal);
	if (r < 0)
		log_error("cannot make a journal: %s", strerror(-r));
	return r;
}

static int confine_descriptors(const struct opened *opened)
{
	const struct service_fds *handed = &opened->import.handed;
	_cleanup_free_ int *fds = calloc(OPENED_DESCRIPTORS + handed->count, sizeof(*fds));

	if (!fds) {
		log_error("out of memory");
		return -ENOMEM;
	}
	size_t count = list_descriptors(opened, fds);

	for (size_t i = 0; i < handed->count; i++)
		fds[count++] = handed->fds[i].fd;
	return confine_surroundings(fds, count);
}

/* ---- the gate ---- */

/* Of a container that runs, whatever has become of its policy's file. */
static bool is_handed_gate(const struct service_fds *handed)
{
	char path[32], target[32];

	for (size_t i = 0; i < handed->count; i++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", handed->fds[i].fd);
		ssize_t length = readlink(path, target, sizeof(target) - 1);

		target[length > 0 ? length : 0] = '\0';
		if (strcmp(target, "anon_inode:bpf-map") == 0)
			return true;
	}
	return false;
}

/* What is wrong with the policies is said when they are read for good. Without their keys. */
static bool policy_wants_gate(const struct opened *opened)
{
	_cleanup_free_ struct policies_report *report = calloc(1, sizeof(*report));
	struct policies_source source = opened->source;
	struct policies *policies = NULL;
	bool is_wanted = false;

	source.root.directory = -1;
	if (!report || policies_load(&source, &policies, report) != POLICIES_LOADED)
		return false;
	for (size_t i = 0; i < policies->count && !is_wanted; i++)
		is_wanted = policies->list[i].shared->policy->integrity.mode == INTEGRITY_ENFORCE;
	policies_free(policies);
	return is_wanted;
}

static void pin_gate(struct opened *opened)
{
	int r = gate_pins_make(&opened->pins, opened->gate);

	if (r < 0)
		log_warning(
			"what is executed passes no gate any more if all processes of nsxattrd are "
			"killed at a time, for it cannot be pinned in " GATE_PINS_PATH ": %s",
			r == -ENOENT ? "there is no bpffs" : strerror(-r));
}

/* Nothing that is loaded later on could be: policies that want a gate then have no container. */
static void have_gate(struct opened *opened)
{
	gate_pins_open(&opened->pins);
	if (!policy_wants_gate(opened) && !is_handed_gate(&opened->import.handed) &&
	    opened->pins.before_count == 0) {
		opened->source.no_gate =
			"nsxattrd has no gate, for no policy wanted one when it was started: start it anew "
			"('nsxattr reload --binary' does, and containers go on)";
		return;
	}
	int r = gate_new(&opened->gate);

	if (r == 0) {
		pin_gate(opened);
		return;
	}
	opened->source.no_gate = gate_obstacle(r);
	log_warning("what is executed cannot be refused ('mode: enforce'): %s",
		    opened->source.no_gate);
}

int opened_keep_gate(const struct opened *opened)
{
	struct entries entries = { .journal = opened->journal, .service = &opened->store };
	int fds[GATE_DESCRIPTORS_MAX], r = 0;
	size_t count = opened->gate ? gate_descriptors(opened->gate, fds) : 0;
	uint64_t serial;

	for (size_t i = 0; i < count && r == 0; i++)
		r = entries_keep(&entries, fds[i], ENTRY_GATE, NULL, 0, &serial);
	if (r < 0)
		log_error("cannot keep the gate: %s", strerror(-r));
	return r;
}

int opened_confine(struct opened *opened)
{
	int probe_error = 0, r = confine_descriptors(opened);

	if (r == 0)
		r = confine_probe(opened->options->probe, &opened->probe, &probe_error);
	if (r == 0)
		kernel_facts_learn(probe_error, &opened->kernel);
	labelling_open(&opened->labelling);
	if (r == 0)
		have_gate(opened);
	const struct confinement confinement = { .leaves_network = true,
						 .judges = true,
						 .has_gate = opened->gate,
						 .has_containers = true,
						 .calls = opened->options->config->calls };

	if (r == 0)
		r = confine_privileges(&confinement, &opened->procfs);
	if (r == 0 && opened_read_policies(opened, &opened->policies,
					   &(struct policies_report){ 0 }) != POLICIES_LOADED)
		r = -EINVAL;
	if (r == 0)
		r = revoked_begin(&opened->revoked, opened->options->config, &opened->revocation);
	return r < 0 ? r : keep_descriptors(opened);
}

void opened_done(struct opened *opened)
{
	policies_free(opened->policies);
	revocation_free(opened->revocation);
	probe_free(opened->probe);
	gate_free(opened->gate);
	audit_log_free(opened->audit_log);
	service_fds_done(&opened->import.handed);
}
