/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/starter.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "keep/journal.h"

/* Whether the starter has ended is looked at as often as that while it has not answered, in milliseconds. */
#define LOOK 100
/* Milliseconds that a starter has for an answer. One that was stopped gives none. */
#define PATIENCE 5000

enum starter_order {
	ORDER_FIRST,
	ORDER_NEXT,
	ORDER_END_GROUP,
};

static int tell(int channel, int number)
{
	return send(channel, &number, sizeof(number), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static bool hear(int channel, int *ret_number)
{
	return recv(channel, ret_number, sizeof(*ret_number), 0) == sizeof(*ret_number);
}

/* ---- the starter ---- */

/*
 * The table of descriptors is shared, the memory is not. glibc has no name for this; a child of a
 * process with one thread may do anything all the same. The keeper gets the signal that it gets for the
 * starter.
 */
static pid_t make_worker(starter_work *work, void *place, bool is_next)
{
	long pid = syscall(SYS_clone, CLONE_FILES | CLONE_PARENT, NULL, NULL, NULL, NULL);

	if (pid == 0) {
		(void)setpgid(0, 0);
		/* The keeper waits for its child, the worker for none of its own. */
		(void)signal(SIGCHLD, SIG_IGN);
		work(place, is_next);
		_exit(1);
	}
	return pid < 0 ? -errno : (pid_t)pid;
}

static void serve(starter_work *work, void *place, int channel)
{
	pid_t worker = 0;
	int order;

	while (hear(channel, &order)) {
		int answer = 0;

		if (order != ORDER_END_GROUP)
			answer = worker = make_worker(work, place, order == ORDER_NEXT);
		else if (worker > 0)
			(void)kill(-worker, SIGKILL);
		(void)tell(channel, answer);
	}
}

static void run_starter(starter_work *work, void *place, pid_t keeper, int channel)
{
	prctl(PR_SET_NAME, "nsxattr-starter");
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() == keeper)
		serve(work, place, channel);
	_exit(0);
}

/* ---- the keeper ---- */

/* Return: 0: both ends have entries; -errno. */
static int make_channel(struct journal *journal, int ret_ends[2])
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	int r = journal_keep_own(journal, ends[0]);

	if (r == 0)
		r = journal_keep_own(journal, ends[1]);
	if (r == 0)
		memcpy(ret_ends, ends, sizeof(ends));
	return r;
}

int starter_begin(struct journal *journal, starter_work *work, void *place,
		  struct starter *ret_starter)
{
	pid_t keeper = getpid();
	int ends[2];
	int r = make_channel(journal, ends);

	if (r < 0)
		return r;
	long pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		run_starter(work, place, keeper, ends[1]);
	if (pid < 0)
		return -errno;
	*ret_starter = (struct starter){ (pid_t)pid, ends[0] };
	return 0;
}

static bool has_ended(pid_t starter)
{
	siginfo_t end = { 0 };
	int r = waitid(P_PID, (id_t)starter, &end, WEXITED | WNOHANG | WNOWAIT);

	return r < 0 ? errno == ECHILD : end.si_pid != 0;
}

/* Return: its answer; -ECHILD: it has ended, or was killed because it gave none. */
static int await_answer(const struct starter *starter)
{
	const uint64_t end = clock_milliseconds() + PATIENCE;
	struct pollfd channel = { .fd = starter->channel, .events = POLLIN };
	int answer;

	while (poll(&channel, 1, LOOK) <= 0) {
		if (clock_milliseconds() >= end)
			(void)kill(starter->pid, SIGKILL);
		else if (!has_ended(starter->pid))
			continue;
		return -ECHILD;
	}
	return hear(starter->channel, &answer) ? answer : -EPIPE;
}

static int ask(const struct starter *starter, enum starter_order order)
{
	int r = tell(starter->channel, (int)order);

	return r < 0 ? r : await_answer(starter);
}

int starter_make_worker(const struct starter *starter, bool is_next, pid_t *ret_worker)
{
	int r = ask(starter, is_next ? ORDER_NEXT : ORDER_FIRST);

	if (r < 0)
		return r;
	/* Here, too: whichever of the two comes first. */
	(void)setpgid(r, r);
	*ret_worker = r;
	return 0;
}

void starter_end_group(const struct starter *starter)
{
	(void)ask(starter, ORDER_END_GROUP);
}
