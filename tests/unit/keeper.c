/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The starter is this file's: it has a worker when the test says so. tests/live/deaths.c has a real one.
 */
#include "keep/keeper.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "child.h"
#include "keep/journal.h"
#include "keep/starter.h"

/* So often no worker can be had, and so long the pauses are together that come between, in milliseconds. */
#define REFUSALS 8
#define PAUSES 200

static struct journal *journal;
static unsigned int refusals; /* so many are left */

int starter_begin(struct journal *used, starter_work *work, void *place,
		  struct starter *ret_starter)
{
	(void)used;
	(void)work;
	(void)place;
	*ret_starter = (struct starter){ .pid = getpid(), .channel = -1 };
	return 0;
}

/* The first worker serves and dies, one that follows concludes. */
int starter_make_worker(const struct starter *starter, bool is_next, pid_t *ret_worker)
{
	(void)starter;
	if (is_next && refusals-- > 0) {
		(void)kill(getpid(), SIGTERM);
		return -EAGAIN;
	}
	journal_set(journal, JOURNAL_SERVING, true);
	if (is_next)
		journal_conclude(journal, 7);
	*ret_worker = fork();
	if (*ret_worker == 0)
		_exit(0);
	return *ret_worker < 0 ? -errno : 0;
}

void starter_end_group(const struct starter *starter)
{
	(void)starter;
}

static struct keeper_config begin(unsigned int refused, bool passes_signals)
{
	sigset_t all;

	NEED(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
	sigfillset(&all);
	NEED(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	NEED(journal_new(&journal) == 0);
	refusals = refused;
	return (struct keeper_config){
		.journal = journal,
		.procfs = -1,
		.patience = KEEPER_PATIENCE,
		.passes_signals = passes_signals,
		.control = -1,
		.calls = ALLOWED_CALLS_NONE,
	};
}

static void be_refused(void *place)
{
	const struct keeper_config config = begin(REFUSALS, false);
	uint64_t begun = clock_milliseconds();

	(void)place;
	NEED(keeper_run(&config) == 7);
	NEED(clock_milliseconds() - begun >= PAUSES);
	NEED(journal_deaths(journal) == 1);
}

/* Each try costs a line of the log, and whatever is short. */
Test(keeper, tries_again_with_pauses_when_no_worker_can_be_had)
{
	child_run(be_refused, NULL);
}

static void be_told_to_end(void *place)
{
	const struct keeper_config config = begin(~0U, true);

	(void)place;
	NEED(keeper_run(&config) == 0);
}

Test(keeper, ends_when_it_is_told_to_and_no_worker_can_be_had, .timeout = 20)
{
	child_run(be_told_to_end, NULL);
}
