/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The old daemon is the test, the new one its child, each with one end of a connection. What the child finds is its exit
 * status.
 */
#include "daemon/handover.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/passing.h"
#include "base/service.h"
#include "keep/journal.h"
#include "keep/offer.h"

#define RECORD "container 7"

static int ours, theirs;
static struct journal *journal;
static int kept; /* what is handed over */
static uint64_t serial;

static void begin(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	ours = ends[0];
	theirs = ends[1];
	cr_assert_eq(passing_ask_senders(ours), 0);
	cr_assert_eq(journal_new(&journal), 0);
	kept = memfd_create("kept", MFD_CLOEXEC);
	cr_assert_geq(kept, 0);
	cr_assert_eq(journal_keep(journal, kept, ENTRY_SOURCE, RECORD, sizeof(RECORD), &serial), 0);
}

static void finish(void)
{
	close(ours);
	close(theirs);
	journal_free(journal);
	close(kept);
}

TestSuite(handover, .init = begin, .fini = finish);

static pid_t start_new_one(int (*run)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		close(ours);
		_exit(run());
	}
	cr_assert_gt(pid, 0);
	close(theirs);
	theirs = -1;
	return pid;
}

/* Return: its exit status; or 100 and the signal by which it ended. */
static int end_of(pid_t pid)
{
	int status = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static int await_question(void)
{
	int successor = -1, r;

	while ((r = handover_is_asked(ours, &successor)) == 0)
		sched_yield();
	cr_assert_eq(r, 1, "%d", r);
	return successor;
}

/* What the old one does from the question on. */
static int give(void)
{
	int successor = await_question();
	int r = handover_give(ours, successor, journal);
	struct journal_offer offer = journal_offered(journal);

	/* These end with an old one whose place was taken. */
	if (offer.copy >= 0) {
		close(offer.copy);
		close(offer.successor);
	}
	close(successor);
	return r;
}

/* ---- the new one ---- */

static bool is_same_file(int one, int other)
{
	struct stat first, second;

	return fstat(one, &first) == 0 && fstat(other, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static struct service_fd *find_copy(struct service_fds *fds)
{
	for (size_t i = 0; i < fds->count; i++)
		if (offer_is_copy(fds->fds[i].fd))
			return &fds->fds[i];
	return NULL;
}

static int claims(void)
{
	struct service_fds fds = { 0 };
	char name[64];

	if (handover_take(theirs, &fds) < 0)
		return 1;
	struct service_fd *copy = find_copy(&fds);

	snprintf(name, sizeof(name), "kept-%llu", (unsigned long long)serial);
	struct service_fd *source = service_fds_find(&fds, name);

	if (!copy || is_same_file(copy->fd, journal_fd(journal)))
		return 2;
	if (!source || !is_same_file(source->fd, kept) || fds.count != 2)
		return 3;
	if (!offer_claim(copy->fd))
		return 4;
	handover_finish(theirs);
	return 0;
}

static int takes_and_ends(void)
{
	struct service_fds fds = { 0 };

	return handover_take(theirs, &fds) < 0 ? 1 : 0;
}

static int takes_and_says_no(void)
{
	struct service_fds fds = { 0 };

	if (handover_take(theirs, &fds) < 0 || write(theirs, "no\n", 3) != 3)
		return 1;
	for (;;)
		pause();
}

static int asks_for_something_else(void)
{
	return write(theirs, "give\n", 5) == 5 ? 0 : 1;
}

/* ---- the tests ---- */

Test(handover, gives_all_to_a_new_one_that_claims_it)
{
	pid_t pid = start_new_one(claims);

	cr_expect_eq(give(), 0, "it serves");
	/* This one ends. */
	close(ours);
	ours = -1;
	cr_expect_eq(end_of(pid), 0);
}

Test(handover, fails_when_the_new_one_ends_without_a_claim)
{
	pid_t pid = start_new_one(takes_and_ends);

	cr_expect_lt(give(), 0);
	cr_expect_eq(end_of(pid), 0);
	cr_expect(offer_take_back(journal), "the old one serves on");
}

Test(handover, kills_a_new_one_that_has_all_and_does_not_claim_it)
{
	pid_t pid = start_new_one(takes_and_says_no);

	cr_expect_lt(give(), 0);
	cr_expect_eq(end_of(pid), 100 + SIGKILL);
}

Test(handover, is_for_who_asks_for_it)
{
	int successor = -1;
	pid_t pid = start_new_one(asks_for_something_else);

	cr_expect_eq(end_of(pid), 0);
	cr_expect_eq(handover_is_asked(ours, &successor), -EPIPE);
	cr_expect_eq(successor, -1);
}

Test(handover, knows_an_end_before_the_question)
{
	int successor = -1;

	cr_expect_eq(handover_is_asked(ours, &successor), 0, "not yet");
	close(theirs);
	theirs = -1;
	cr_expect_eq(handover_is_asked(ours, &successor), -EPIPE);
}

Test(handover, ends_for_the_new_one_when_the_old_one_has_ended)
{
	struct service_fds fds = { 0 };

	close(ours);
	ours = -1;
	signal(SIGPIPE, SIG_IGN);
	cr_expect_lt(handover_take(theirs, &fds), 0);
	cr_expect_eq(fds.count, 0UL);
}

Test(handover, tells_how_the_old_one_was_started)
{
	char *const arguments[] = { "nsxattrd", "-c", "a \"file\"", NULL };
	struct handover_start start = { .program = "/usr/sbin/nsxattrd", .arguments = arguments };
	char line[HANDOVER_TEXT_MAX] = "";
	struct passed passed;

	handover_start_add(&start, "oci", kept);
	handover_start_add(&start, "lxc", -1);
	handover_start_add(&start, "control", kept);
	cr_assert_eq(handover_tell_start(ours, &start), 0);
	ssize_t length =
		passing_receive(theirs, &(struct iovec){ line, sizeof(line) - 1 }, 1, 0, &passed);

	cr_assert_gt(length, 0);
	cr_expect_eq(line[length - 1], '\n');
	cr_expect_str_eq(line, "{\"program\":\"\\/usr\\/sbin\\/nsxattrd\","
			       "\"arguments\":[\"nsxattrd\",\"-c\",\"a \\\"file\\\"\"],"
			       "\"descriptors\":[\"oci\",\"control\"]}\n");
	cr_expect_eq(passed.count, 2UL, "one that is not there is left out");
	passed_done(&passed);
}

Test(handover, tells_no_more_than_a_line_can_have)
{
	static char text[HANDOVER_TEXT_MAX];
	char *const arguments[] = { text, NULL };
	struct handover_start start = { .program = "/nsxattrd", .arguments = arguments };

	memset(text, 'x', sizeof(text) - 1);
	cr_expect_eq(handover_tell_start(ours, &start), -E2BIG);
}
