/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ending.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "keep/journal.h"
#include "keep/starter.h"
#include "request/notify.h"

/* A worker that has lived so long is not one that cannot start, in milliseconds. */
#define LIVED 1000
#define PAUSE_MIN 10
/* How many may die in a row before they had answered what they inherited, without a pause between. */
#define UNCLEAR_MAX 4
/* How many may die before one has ever served. */
#define STILLBORN_MAX 3
/* Sources that are told EIO at a time, and the control socket. */
#define REFUSED_MAX 64
/* Peers of the control socket that are told, between two workers. */
#define TOLD_MAX 256
/* For how long that goes on before a worker is tried again, in milliseconds. */
#define REFUSAL 5000

/*
 * Milliseconds between two looks whether the worker was killed and cannot end: while a request is in hand, and
 * else; and before the second look. A worker that can end is noticed by SIGCHLD.
 */
#define LOOK_BUSY 100
#define LOOK_IDLE 500
#define LOOK_AGAIN 20

/* How long the deputies of a dead worker may take to end, in milliseconds; less than a second. */
#define DEPUTIES_WAIT 900

struct keeper {
	const struct keeper_config *config;
	struct starter starter;
	pid_t worker; /* 0: there is none */
	bool was_final; /* its end, at the last look */
	siginfo_t end; /* of the last one; si_pid is 0 if it hangs in it */
	uint64_t end_by; /* when it is killed, for it was told to end; 0: it was not */
	unsigned int
		unclear; /* workers in a row that died before JOURNAL_CLEAR, or could not be started */
	uint64_t served; /* when a worker was last known to serve */
	bool has_served; /* any worker, ever */
	unsigned int told; /* peers of the control socket whose connection the next worker closes */
};

static void pass_signal(struct keeper *keeper, int number)
{
	if (number != SIGHUP && keeper->end_by == 0)
		keeper->end_by = clock_milliseconds() + KEEPER_FAREWELL;
	/* The end of all does not wait for a worker that cannot start. */
	if (number != SIGHUP && !journal_is(keeper->config->journal, JOURNAL_SERVING)) {
		journal_conclude(keeper->config->journal, 0);
		number = SIGKILL;
	}
	if (keeper->worker > 0)
		(void)kill(keeper->worker, number);
}

/* Return: whether there was a signal of those that are passed on, or SIGCHLD. */
static bool await_signal(struct keeper *keeper, const struct timespec *rest)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (keeper->config->passes_signals) {
		sigaddset(&set, SIGTERM);
		sigaddset(&set, SIGINT);
		sigaddset(&set, SIGHUP);
	}
	int number = sigtimedwait(&set, NULL, rest);

	if (number > 0 && number != SIGCHLD)
		pass_signal(keeper, number);
	return number > 0;
}

/* It is not reaped yet, so that no other process has its number, or that of its process group. */
static bool has_ended(pid_t worker, siginfo_t *ret_end)
{
	siginfo_t end = { 0 };
	int r = waitid(P_PID, (id_t)worker, &end, WEXITED | WNOHANG | WNOWAIT);

	*ret_end = end;
	return r < 0 ? errno == ECHILD : end.si_pid != 0;
}

static void say_if_refused(const siginfo_t *end)
{
	if (end->si_code != CLD_EXITED && end->si_status == SIGSYS)
		log_error("the worker was ended for a system call that it may not make");
}

/* Two looks, for most workers that are about to end have ended by the second one. */
static bool is_stuck(struct keeper *keeper)
{
	bool was_final = keeper->was_final;

	/* To look takes a descriptor. Until then a worker waits for nothing of others', and so is not stuck. */
	if (journal_is(keeper->config->journal, JOURNAL_LISTING))
		return false;
	keeper->was_final = ending_is_final(keeper->config->procfs, keeper->worker);
	return was_final && keeper->was_final;
}

/* Workers that could not end when they were killed, and what they have left. */
static void reap_others(const struct keeper *keeper)
{
	siginfo_t end = { 0 };

	while (waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid != 0 &&
	       end.si_pid != keeper->worker) {
		(void)waitpid(end.si_pid, NULL, WNOHANG);
		end.si_pid = 0;
	}
}

/* The end of all does not wait for a worker that hangs. */
static void end_overdue(const struct keeper *keeper)
{
	if (keeper->end_by == 0 || clock_milliseconds() < keeper->end_by)
		return;
	journal_conclude(keeper->config->journal, 0);
	(void)kill(keeper->worker, SIGKILL);
}

static struct timespec until_next_look(const struct keeper *keeper)
{
	bool is_busy = keeper->end_by > 0 || journal_count_in_hand(keeper->config->journal) > 0;
	long milliseconds = is_busy ? LOOK_BUSY : LOOK_IDLE;

	if (keeper->was_final)
		milliseconds = LOOK_AGAIN;
	return (struct timespec){ .tv_nsec = milliseconds * 1000000 };
}

/* Return: when the worker runs no more code. */
static void await_end(struct keeper *keeper)
{
	while (!has_ended(keeper->worker, &keeper->end) && !is_stuck(keeper)) {
		const struct timespec rest = until_next_look(keeper);

		(void)await_signal(keeper, &rest);
		end_overdue(keeper);
		reap_others(keeper);
	}
	say_if_refused(&keeper->end);
}

/*
 * The deputies of a worker that has died are our children then, and still in its process group. One that had
 * been told to make a change may make it until it is dead, and the next worker looks at what was made. One
 * that is stuck in a file system is not waited for any longer than DEPUTIES_WAIT. As long as the worker itself
 * is there they are its children, and nothing tells of their end: the next worker waits for those that are in
 * a change.
 */
static void end_deputies(const struct keeper *keeper)
{
	const uint64_t end = clock_milliseconds() + DEPUTIES_WAIT;
	siginfo_t worker;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	/* By the starter, for they have other ids; their worker is not reaped yet, so that its number is its own. */
	starter_end_group(&keeper->starter);
	if (!has_ended(keeper->worker, &worker))
		return;
	for (uint64_t now = clock_milliseconds(); now < end; now = clock_milliseconds()) {
		const struct timespec rest = { .tv_nsec = (long)(end - now) * 1000000 };

		/* Those that a worker before this one has left, too. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (waitpid(-keeper->worker, NULL, WNOHANG) < 0)
			return;
		(void)sigtimedwait(&set, NULL, &rest);
	}
}

static void await_death(struct keeper *keeper)
{
	struct journal *journal = keeper->config->journal;
	uint64_t born = clock_milliseconds();

	await_end(keeper);
	end_deputies(keeper);
	/* One that was told to end and has died in it is not followed by another. */
	if (keeper->end_by > 0 && journal_status(journal) < 0)
		journal_conclude(journal, 0);
	if (journal_is(journal, JOURNAL_SERVING)) {
		keeper->served = clock_milliseconds();
		keeper->has_served = true;
	}
	if (clock_milliseconds() - born >= LIVED || journal_is(journal, JOURNAL_CLEAR))
		keeper->unclear = 0;
	else
		keeper->unclear++;
}

/* Return: -1: no peer more is accepted before there is a worker. */
static int control_of(const struct keeper *keeper)
{
	return keeper->told < TOLD_MAX ? keeper->config->control : -1;
}

/*
 * What a peer has sent is not read, and is closed with its connection, which can take as long as the peer likes
 * (base/closer.h): so the next worker closes it, as everything without an entry.
 *
 * @fate: what becomes of calls.
 */
static void tell_one(struct keeper *keeper, const char *fate)
{
	int peer = accept4(keeper->config->control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	char text[160];

	snprintf(
		text, sizeof(text),
		"{\"error\":\"no worker can be had, %lu have died (the log says more); calls %s\"}\n",
		journal_deaths(keeper->config->journal), fate);
	(void)send(peer, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	/* It has its answer, and the end. */
	(void)shutdown(peer, SHUT_RDWR);
	keeper->told += peer >= 0;
}

static void pass_time(struct keeper *keeper, unsigned int milliseconds)
{
	uint64_t end = clock_milliseconds() + milliseconds;

	for (uint64_t now = clock_milliseconds(); now < end; now = clock_milliseconds()) {
		struct pollfd control = { .fd = control_of(keeper), .events = POLLIN };

		if (poll(&control, 1, (int)(end - now)) > 0)
			tell_one(keeper, "wait");
	}
}

static void pause_between(struct keeper *keeper)
{
	unsigned int pause = PAUSE_MIN;

	if (keeper->unclear <= UNCLEAR_MAX)
		return;
	for (unsigned int i = UNCLEAR_MAX; i < keeper->unclear && pause < KEEPER_PAUSE_MAX; i++)
		pause *= 2;
	pass_time(keeper, pause < KEEPER_PAUSE_MAX ? pause : KEEPER_PAUSE_MAX);
}

/* Those that a dead worker has received, and that a source of ours can answer. */
static void refuse_received(struct journal *journal)
{
	const struct outcome refusal = outcome_refused(EIO, REASON_NO_WORKER);

	for (size_t i = 0; i < journal_slot_count(journal); i++) {
		struct slot *slot = journal_slot(journal, i);

		if (slot->notification.id && slot->listener >= 0)
			(void)notify_answer(slot->listener, slot->notification.id, &refusal);
		slot->notification.id = 0;
	}
}

/* The control socket first. */
static size_t list_sources(const struct keeper *keeper, struct pollfd polled[REFUSED_MAX])
{
	struct journal *journal = keeper->config->journal;
	size_t count = 1;

	polled[0] = (struct pollfd){ .fd = control_of(keeper), .events = POLLIN };

	for (const struct entry *entry = NULL;
	     (entry = journal_next_of(journal, ENTRY_SOURCE, entry));)
		if (count < REFUSED_MAX)
			polled[count++] = (struct pollfd){ .fd = entry->fd, .events = POLLIN };
	return count;
}

/* Return: whether more may come. */
static bool refuse_one(int listener)
{
	const struct outcome refusal = outcome_refused(EIO, REASON_NO_WORKER);
	struct seccomp_notif notification;
	int r = notify_receive(listener, &notification);

	if (r == NOTIFY_RECEIVED)
		r = notify_answer(listener, notification.id, &refusal);
	return r >= 0 && r != NOTIFY_ENDED;
}

/* There is no worker, and calls have waited long enough. */
static void refuse(struct keeper *keeper)
{
	struct pollfd polled[REFUSED_MAX];
	size_t count = list_sources(keeper, polled);
	uint64_t end = clock_milliseconds() + REFUSAL;

	refuse_received(keeper->config->journal);
	for (uint64_t moment = clock_milliseconds(); moment < end; moment = clock_milliseconds()) {
		if (poll(polled, count, (int)(end - moment)) <= 0)
			continue;
		if (polled[0].revents)
			tell_one(keeper, "fail with EIO");
		polled[0].fd = control_of(keeper);
		for (size_t i = 1; i < count; i++)
			if (polled[i].revents && !refuse_one(polled[i].fd))
				polled[i].fd = -1;
	}
}

/* How a worker has ended: by which signal, or with which status. */
static void describe_end(const siginfo_t *end, char *text, size_t size)
{
	const char *name = end->si_code == CLD_EXITED ? NULL : sigabbrev_np(end->si_status);

	if (end->si_pid == 0)
		snprintf(text, size, "it hangs in its end");
	else if (end->si_code == CLD_EXITED)
		snprintf(text, size, "exit status %d", end->si_status);
	else
		snprintf(text, size, "signal %d, SIG%s%s", end->si_status, name ? name : "?",
			 end->si_code == CLD_DUMPED ? ", with a core dump" : "");
}

/* Return: whether there is to be another one. */
static bool count_death(struct keeper *keeper)
{
	unsigned long deaths = journal_count_death(keeper->config->journal);

	char how[64];

	describe_end(&keeper->end, how, sizeof(how));
	keeper->told = 0;
	if (keeper->has_served)
		log_warning("worker %lu has died (process %d: %s); another one takes over", deaths,
			    (int)keeper->worker, how);
	return keeper->has_served || deaths < STILLBORN_MAX;
}

/* No worker could be started: do what await_end() does beside its wait. */
static void go_without(struct keeper *keeper)
{
	const struct timespec now = { 0 };

	keeper->unclear++;
	while (await_signal(keeper, &now))
		;
	reap_others(keeper);
}

/* What comes before the next worker. Return: whether there is to be one. */
static bool come_round(struct keeper *keeper)
{
	struct journal *journal = keeper->config->journal;

	if (keeper->worker > 0 ? !count_death(keeper) : !keeper->has_served)
		return false;
	journal_set(journal, JOURNAL_SERVING, false);
	journal_set(journal, JOURNAL_LISTING, true);
	journal_set(journal, JOURNAL_CLEAR, false);
	pause_between(keeper);
	if (clock_milliseconds() - keeper->served >= keeper->config->patience * 1000ULL) {
		log_error("no worker has served for %u seconds: calls fail with EIO",
			  keeper->config->patience);
		refuse(keeper);
	}
	return true;
}

/* Return: 0; -EPIPE: there can be none any more; -errno. Either has been logged. */
static int start_worker(struct keeper *keeper, bool is_next)
{
	pid_t worker = 0;
	int r = starter_make_worker(&keeper->starter, is_next, &worker);

	keeper->worker = worker;
	keeper->was_final = false;
	if (r == -ECHILD) {
		log_error(
			"the process that starts workers has ended: there can be no other worker");
		return -EPIPE;
	}
	if (r < 0)
		log_error("cannot start a worker: %s", strerror(-r));
	return r;
}

/* The keeper gives up what it does not need any more, while the first worker begins. If it cannot, all of it ends. */
static void give_up(const struct keeper *keeper)
{
	const struct keeper_config *config = keeper->config;
	int r = sandbox_give_up_privileges();

	if (r == 0)
		r = allowed_calls_limit(ALLOWED_CALLS_KEEPER, config->calls);
	if (r == 0)
		return;
	log_error("cannot give up what a keeper does not need: %s", strerror(-r));
	journal_conclude(config->journal, EXIT_FAILURE);
	(void)kill(keeper->worker, SIGKILL);
}

static int begin(struct keeper *keeper)
{
	const struct keeper_config *config = keeper->config;

	/* A worker that has ended is there until we have seen it; so are the deputies that it leaves. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	int r = starter_begin(config->journal, config->work, config->place, &keeper->starter);

	if (r == 0)
		r = start_worker(keeper, false);
	if (r == 0)
		give_up(keeper);
	return r;
}

static bool is_to_be_closed(const struct entry *entry, bool is_listener)
{
	uint32_t kind = atomic_load(&entry->kind);

	return (kind == ENTRY_SOURCE || kind == ENTRY_CONNECTION) &&
	       notify_is_listener(entry->fd) == is_listener;
}

/*
 * No worker follows. The table of descriptors is there as long as any thread that cannot end, and no target or
 * runtime is to wait for an answer as long. Listeners first: to close a connection can take long, for what is in
 * its queue.
 */
static void close_sources(struct journal *journal)
{
	for (int is_listener = 1; is_listener >= 0; is_listener--)
		for (const struct entry *entry = NULL;
		     (entry = journal_next_entry(journal, entry));)
			if (is_to_be_closed(entry, is_listener))
				close(entry->fd);
}

/* Return: as keeper_run(). */
static int keep(struct keeper *keeper)
{
	struct journal *journal = keeper->config->journal;
	int r = begin(keeper);

	if (r < 0)
		return r;
	for (;;) {
		if (r == 0)
			await_death(keeper);
		else
			go_without(keeper);
		if (journal_status(journal) >= 0)
			return journal_status(journal);
		if (!come_round(keeper))
			return -ECHILD;
		r = start_worker(keeper, true);
		if (r == -EPIPE)
			return r;
	}
}

int keeper_run(const struct keeper_config *config)
{
	struct keeper keeper = { .config = config, .served = clock_milliseconds() };
	int r = keep(&keeper);

	close_sources(config->journal);
	return r;
}
