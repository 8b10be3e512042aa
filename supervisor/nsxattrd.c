/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * All that is found by a path is opened first: the settings, sockets, the folder of policies, the way to the service
 * manager. Then the process sheds its privileges, reads the policies (daemon/opened.h), puts what another daemon has left
 * into its journal (daemon/import.h), and becomes the keeper (keep/keeper.h) of workers (daemon/worker.h). A worker builds
 * the engine and accepts connections; when it dies, the next one serves the same listeners.
 */

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/filter.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/outer.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "daemon/opened.h"
#include "daemon/worker.h"
#include "exec/guard.h"
#include "keep/journal.h"
#include "keep/keeper.h"

/* From this size on, in bytes, memory is mapped, and unmapped when it is released. */
#define MAPPED_FROM (16 * 1024)

struct command_line {
	const char *config;
	const char *oci, *lxc, *control;
	bool is_check;
	unsigned int verbosity;
};

static const struct option_row rows[] = {
	{ "config", 'c', "FILE", "the settings, instead of " CONFIG_PATH,
	  INTO_TEXT(struct command_line, config) },
	{ "oci-socket", 0, "PATH", "where OCI runtimes hand over listeners",
	  INTO_SOCKET(struct command_line, oci) },
	{ "lxc-socket", 0, "PATH", "where monitors of LXC connect",
	  INTO_SOCKET(struct command_line, lxc) },
	{ "control", 0, "PATH", "where nsxattr status asks",
	  INTO_SOCKET(struct command_line, control) },
	{ "check", 0, NULL, "say what is wrong with the settings, and end",
	  INTO_FLAG(struct command_line, is_check) },
	{ "verbose", 'v', NULL, "say what becomes of each request; twice: each step",
	  INTO_COUNT(struct command_line, verbosity) },
};

static const struct option_table table = {
	.command = "nsxattrd",
	.operands = "",
	.about =
		"Give containers of podman, crun, runc and LXC their own security.* and trusted.*\n"
		"extended attributes. Runs in the foreground.",
	OPTION_ROWS(rows),
};

/** read_settings() - Return: whether they are good; what is wrong has been logged. */
static bool read_settings(const char *path, struct config_file *ret_file)
{
	struct diagnostics diagnostics = { 0 };
	int r = settings_read(path, ret_file, &diagnostics);

	output_log_mistakes(path ? path : CONFIG_PATH, &diagnostics);
	return r == CONFIG_LOADED;
}

static void apply_command_line(const struct command_line *line, struct config *config)
{
	if (line->oci)
		config->oci.path = line->oci;
	if (line->lxc)
		config->lxc.path = line->lxc;
	if (line->control)
		config->control.path = line->control;
	log_set_level(config->log);
	if (line->verbosity > 0)
		log_set_level(line->verbosity > 1 ? LOG_DEBUG : LOG_VERBOSE);
}

/* Its capabilities are those of that namespace, and not what security.* and trusted.* need. */
static void warn_of_namespace(void)
{
	_cleanup_fd_ int procfs = proc_open();
	struct outer outer;

	if (procfs >= 0 && outer_read(procfs, &outer) == 0 && !outer.is_host)
		log_warning(
			"nsxattrd was started in a user namespace: only policies with 'store: user' "
			"can keep values here");
}

/* Return: as keeper_run(). */
static int keep(struct opened *opened)
{
	const struct config *config = opened->options->config;
	int r = keeper_run(&(struct keeper_config){
		.journal = opened->journal,
		.procfs = opened->procfs,
		.patience = config->patience,
		.control = opened->sockets[SOCKET_CONTROL].fd,
		.passes_signals = true,
		.calls = config->calls,
		.work = worker_run,
		.place = opened,
	});

	if (r == -ECHILD)
		log_error("giving up: the worker died %lu times before serving",
			  journal_deaths(opened->journal));
	return r;
}

/* With one thread, until SIGTERM or SIGINT. Return: the exit status; whatever fails has been logged. */
static int serve(const struct daemon_options *options)
{
	struct opened opened;
	int r = opened_open(options, &opened);

	if (r == 0)
		r = opened_confine(&opened);
	if (r == 0)
		r = import_take(&opened.import, opened.journal, &opened.store);
	if (r == 0)
		r = opened_keep_gate(&opened);
	if (r == 0)
		r = keep(&opened);
	opened_done(&opened);
	return r < 0 ? EXIT_FAILURE : r;
}

static int start(const struct command_line *line, const struct config *config,
		 char *const *arguments)
{
	const char *missing = sandbox_missing_capability(), *lacking = filter_lacking();

	if (missing) {
		log_error("nsxattrd needs root's capabilities, and %s is missing", missing);
		return STATUS_USAGE;
	}
	if (lacking) {
		log_error("this kernel lacks %s", lacking);
		return EXIT_FAILURE;
	}
	warn_of_namespace();
	if (!guard_find(GUARD_AUTO))
		log_warning("%s", guard_warning());
	return serve(&(struct daemon_options){
		.config = config, .settings = line->config, .arguments = arguments });
}

/*
 * What a thread needs for its requests, mostly in large pieces, goes with it. glibc would keep
 * it for the next one: what lies in the heap below something else stays there, and when something large is
 * released, it takes the like from the heap from then on. So a thousand containers that come together would
 * leave a large heap behind. To set a bound keeps it from that.
 */
static void return_memory(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
}

int main(int argc, char **argv)
{
	struct command_line line = { 0 };
	struct config_file file = { 0 };
	char **operands;
	int status;

	log_find_journal();
	if (!options_parse(&table, argc, argv, &line, &operands, &status))
		return status;
	if (!read_settings(line.config, &file))
		return STATUS_USAGE;
	apply_command_line(&line, &file.config);
	return_memory();
	status = line.is_check ? 0 : start(&line, &file.config, argv);

	config_done(&file);
	return status;
}
