/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/offer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "keep/journal.h"

/* Written down before the copy leaves us: the next worker has to know of it. */
static int make(struct journal *journal, int successor, struct journal **ret_copy)
{
	struct journal *copy = NULL;
	int r = journal_copy(journal, &copy);

	if (r < 0)
		return r;
	struct journal_offer offer = {
		.copy = fcntl(journal_fd(copy), F_DUPFD_CLOEXEC, 0),
		.successor = fcntl(successor, F_DUPFD_CLOEXEC, 0),
	};

	if (offer.copy < 0 || offer.successor < 0) {
		r = -errno;
		fd_close(&offer.copy);
		fd_close(&offer.successor);
		journal_free(copy);
		return r;
	}
	journal_set_offer(journal, &offer);
	*ret_copy = copy;
	return 0;
}

int offer_make(struct journal *journal, int successor, struct journal **ret_copy)
{
	journal_set(journal, JOURNAL_BARRED, true);
	int r = make(journal, successor, ret_copy);

	if (r < 0)
		journal_set(journal, JOURNAL_BARRED, false);
	return r;
}

bool offer_is_copy(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_WRITE) && (seals & F_SEAL_SHRINK);
}

/* The last seals that are added tell which program has added them. Return: whether the successor has. */
static bool is_successors(int copy, int last)
{
	(void)fcntl(copy, F_ADD_SEALS, last);
	int seals = fcntl(copy, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_SEAL) && !(seals & F_SEAL_FUTURE_WRITE);
}

bool offer_claim(int copy)
{
	return is_successors(copy, F_SEAL_SEAL);
}

static void end_successor(int successor)
{
	struct pollfd polled = { .fd = successor, .events = POLLIN };

	(void)syscall(SYS_pidfd_send_signal, successor, SIGKILL, NULL, 0);
	if (poll(&polled, 1, OFFER_FAREWELL) == 0)
		log_error(
			"the new nsxattrd, which has not claimed the containers, was killed and does not end");
}

bool offer_take_back(struct journal *journal)
{
	struct journal_offer offer = journal_offered(journal);

	/* A worker may have died when it had barred changes and not offered anything yet, or any more. */
	if (offer.copy < 0) {
		journal_set(journal, JOURNAL_BARRED, false);
		return true;
	}
	if (is_successors(offer.copy, F_SEAL_SEAL | F_SEAL_FUTURE_WRITE))
		return false;
	end_successor(offer.successor);
	journal_set_offer(journal, &(struct journal_offer){ .copy = -1, .successor = -1 });
	close(offer.copy);
	close(offer.successor);
	journal_set(journal, JOURNAL_BARRED, false);
	return true;
}
