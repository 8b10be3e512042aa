/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/import.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "daemon/entries.h"
#include "daemon/handover.h"
#include "keep/engine.h"
#include "keep/journal.h"

/* ---- in the keeper ---- */

int import_open(struct import *import)
{
	int r = service_take_fds(&import->handed);
	struct service_fd *predecessor = r < 0 ? NULL :
						 service_fds_find(&import->handed, "predecessor");

	if (predecessor)
		import->predecessor = TAKE_FD(predecessor->fd);
	return r;
}

/* The service manager need not store what has no entry in our journal. */
static void forget_rest(struct import *import, const struct service *store)
{
	for (size_t i = 0; i < import->handed.count; i++) {
		const struct service_fd *handed = &import->handed.fds[i];

		if (handed->fd >= 0 && succession_is_entry(handed->name))
			(void)service_forget(store, handed->name);
	}
	service_fds_done(&import->handed);
}

static int ask_predecessor(struct import *import)
{
	service_fds_done(&import->handed);
	import->asked = clock_milliseconds();
	return handover_take(import->predecessor, &import->handed);
}

int import_take(struct import *import, struct journal *journal, const struct service *store)
{
	bool is_living = import->predecessor >= 0;
	int r = is_living ? ask_predecessor(import) : 0;

	if (r == 0)
		r = succession_import(journal, &import->handed, is_living, &import->succession);
	/* It is better to begin with nothing than not to begin, but not while another daemon serves. */
	if (r == -EBADMSG && !is_living) {
		log_error("what the service manager has stored is no journal: running containers "
			  "are lost");
		r = 0;
	}
	if (r < 0)
		log_error("cannot take over from another nsxattrd: %s", strerror(-r));
	forget_rest(import, store);
	return r;
}

/* ---- in a worker ---- */

void import_protect(const struct import *import)
{
	if (import->predecessor >= 0)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/* Return: 0; -ECANCELED: it has been logged. */
static int claim(struct import *import, struct journal *journal, size_t lost)
{
	if (import->predecessor >= 0 && lost > 0) {
		log_error("takeover failed: %zu listeners would be lost; the running nsxattrd "
			  "serves on; exiting",
			  lost);
		return -ECANCELED;
	}
	if (!succession_claim(&import->succession)) {
		log_error("takeover failed: the running nsxattrd resumed service; exiting");
		return -ECANCELED;
	}
	if (import->predecessor < 0)
		return 0;
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	handover_finish(import->predecessor);
	journal_close(journal, &import->predecessor);
	return 0;
}

static void restore_requests(struct import *import, struct engine *engine)
{
	struct slot left;

	for (size_t i = 0; succession_next_request(&import->succession, &i, &left); i++)
		if (!engine_import(engine, &left))
			log_warning("a request is lost: there is no place for it");
}

/* From then on our journal is the one that counts. A death before that leaves the old one as it was. */
static int complete(struct import *import, struct engine *engine, struct entries *entries,
		    size_t lost)
{
	int r = claim(import, entries->journal, lost);

	if (r < 0)
		return r;
	restore_requests(import, engine);
	r = entries_store_journal(entries);
	if (r < 0)
		log_warning("the service manager does not store the journal: %s", strerror(-r));
	journal_set(entries->journal, JOURNAL_IMPORTED, true);
	return 0;
}

int import_complete(struct import *import, struct engine *engine, struct entries *entries,
		    size_t lost)
{
	if (journal_is(entries->journal, JOURNAL_IMPORTED))
		return 0;
	return complete(import, engine, entries, lost);
}

void import_serve(struct import *import, struct engine *engine, bool was_living)
{
	if (was_living)
		log_notice("the containers of the nsxattrd before are served; their calls have "
			   "waited for %u ms",
			   (unsigned int)(clock_milliseconds() - import->asked));
	succession_finish(&import->succession);
	engine_serve_inherited(engine);
}
