/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/offer.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep/journal.h"

static struct journal *journal, *copy;
static pid_t successor;

static void begin(void)
{
	cr_assert_eq(journal_new(&journal), 0);
	successor = fork();
	if (successor == 0)
		for (;;)
			pause();
	int pidfd = (int)syscall(SYS_pidfd_open, successor, 0);

	cr_assert_eq(offer_make(journal, pidfd, &copy), 0);
	close(pidfd);
}

/* Return: by which signal the successor has ended. */
static int finish(void)
{
	struct journal_offer offer = journal_offered(journal);
	int status = 0;

	if (offer.copy >= 0) {
		close(offer.copy);
		close(offer.successor);
		kill(successor, SIGTERM);
	}
	cr_assert_eq(waitpid(successor, &status, 0), successor);
	journal_free(copy);
	journal_free(journal);
	return WTERMSIG(status);
}

Test(offer, is_the_successors_when_it_claims_first, .init = begin)
{
	cr_expect(offer_is_copy(journal_fd(copy)));
	cr_expect(offer_claim(journal_fd(copy)));
	cr_expect(offer_claim(journal_fd(copy)), "it does not lose it");
	cr_expect_not(offer_take_back(journal));
	cr_expect_not(offer_take_back(journal), "nor does a next worker find anything else");
	cr_expect_eq(finish(), SIGTERM, "the successor lives");
}

Test(offer, is_taken_back_and_the_successor_killed, .init = begin)
{
	cr_expect(offer_take_back(journal));
	cr_expect_not(offer_claim(journal_fd(copy)));
	cr_expect(offer_take_back(journal), "nothing is offered any more");
	cr_expect_eq(journal_offered(journal).copy, -1);
	cr_expect_eq(finish(), SIGKILL);
}

Test(offer, is_taken_back_by_the_next_worker_too, .init = begin)
{
	pid_t worker = fork();
	int status = -1;

	if (worker == 0)
		_exit(offer_take_back(journal) ? 0 : 1);
	cr_assert_eq(waitpid(worker, &status, 0), worker);
	cr_expect_eq(status, 0);
	cr_expect_not(offer_claim(journal_fd(copy)));
	(void)kill(successor, SIGTERM);
	cr_assert_eq(waitpid(successor, &status, 0), successor);
	cr_expect_eq(WTERMSIG(status), SIGKILL);
}

/* A request that hangs finds out when it goes on. */
Test(offer, lets_no_request_begin_a_change, .init = begin)
{
	cr_expect(journal_is(journal, JOURNAL_BARRED));
	cr_expect_not(journal_is(copy, JOURNAL_BARRED));
	cr_expect(offer_take_back(journal));
	cr_expect_not(journal_is(journal, JOURNAL_BARRED));
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	struct journal *second = NULL;

	cr_assert_eq(offer_make(journal, pidfd, &second), 0);
	cr_expect(journal_is(journal, JOURNAL_BARRED));
	cr_expect(offer_claim(journal_fd(second)));
	journal_free(second);
	close(pidfd);
	(void)finish();
}

Test(offer, is_not_of_a_journal_itself)
{
	cr_assert_eq(journal_new(&journal), 0);
	cr_expect_not(offer_is_copy(journal_fd(journal)));
	cr_expect_not(offer_is_copy(STDIN_FILENO));
	cr_expect(offer_take_back(journal), "nothing was offered");
	journal_free(journal);
}

/* A worker has died before what it had barred was offered, or after it was taken back. */
Test(offer, a_next_worker_bars_nothing_that_is_not_offered)
{
	cr_assert_eq(journal_new(&journal), 0);
	journal_set(journal, JOURNAL_BARRED, true);
	cr_expect(offer_take_back(journal));
	cr_expect_not(journal_is(journal, JOURNAL_BARRED), "changes would wait for ever");
	journal_free(journal);
}
