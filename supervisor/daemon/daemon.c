/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * All that is found by a path is opened first: sockets, the folder of policies, the way to the service manager. Then the
 * process sheds its privileges, reads the policies (opened.h), puts what another daemon has left into its journal
 * (import.h), and becomes the keeper (keep/keeper.h) of workers (worker.h). A worker builds the engine and accepts
 * connections; when it dies, the next one serves the same listeners.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/config.h"
#include "daemon/opened.h"
#include "daemon/worker.h"
#include "keep/journal.h"
#include "keep/keeper.h"

int daemon_run(const struct daemon_options *options)
{
	struct opened opened;
	int r = opened_open(options, &opened);

	if (r == 0)
		r = opened_confine(&opened);
	if (r == 0)
		r = import_take(&opened.import, opened.journal, &opened.store);
	if (r < 0)
		return EXIT_FAILURE;
	r = keeper_run(&(struct keeper_config){
		.journal = opened.journal,
		.procfs = opened.procfs,
		.patience = options->config->patience,
		.control = opened.sockets[SOCKET_CONTROL].fd,
		.passes_signals = true,
		.calls = options->config->calls,
		.work = worker_run,
		.place = &opened,
	});
	if (r == -ECHILD)
		log_error("giving up: the worker died %lu times before serving",
			  journal_deaths(opened.journal));
	return r < 0 ? EXIT_FAILURE : r;
}
