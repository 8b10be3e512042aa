/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine whose sources are made up: what it does with what a dead worker has left, and what listeners cost that
 * wait. What it does with real ones is in tests/live.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/proc.h"
#include "cpu_time.h"
#include "keep/engine.h"
#include "keep/journal.h"
#include "keep/shard.h"
#include "keep/source.h"
#include "policy.h"
#include "request/notify.h"

/* Seconds. */
#define PATIENCE 60

/** struct made_up - a source that receives nothing until it is let go */
struct made_up {
	struct source source; /* first */
	int peer;
	atomic_bool is_let_go;
	atomic_uint restored;
};

static struct journal *journal;
static struct loop *loop;
static struct engine *engine;
static int procfs = -1;
static pthread_t thread;
static struct policy policy;
static struct shard_counters counters;
static size_t served;

static void set_up(void)
{
	/* As a worker has it: without, only root limits the forker's system calls. */
	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	procfs = proc_open();
	policy = *policy_builtin("default");
	cr_assert_eq(journal_new(&journal), 0);
	cr_assert_eq(loop_new(&loop), 0);
}

static void begin(void)
{
	const struct engine_config config = {
		.loop = loop, .journal = journal, .procfs = procfs, .standins = STANDIN_PROCESS
	};

	cr_assert_eq(engine_new(&config, &engine), 0);
}

TestSuite(engine, .init = set_up, .timeout = 2 * PATIENCE);

static void await_let_go(struct made_up *made_up)
{
	while (!atomic_load(&made_up->is_let_go))
		poll(NULL, 0, 1);
}

static int receive_nothing(struct source *source, struct reception *reception)
{
	(void)reception;
	await_let_go((struct made_up *)source);
	return NOTIFY_ENDED;
}

/* As of a call that waits no more. */
static int restore_nothing(struct source *source, struct reception *reception)
{
	(void)reception;
	atomic_fetch_add(&((struct made_up *)source)->restored, 1);
	await_let_go((struct made_up *)source);
	return NOTIFY_NONE;
}

static int answer_nothing(struct source *source, struct reception *reception,
			  const struct outcome *outcome)
{
	(void)source;
	(void)reception;
	(void)outcome;
	return 0;
}

static void done(struct source *source)
{
	close(source->fd);
	close(((struct made_up *)source)->peer);
}

static const struct source_calls calls = {
	.receive = receive_nothing,
	.restore = restore_nothing,
	.answer = answer_nothing,
	.done = done,
};

static void ended(void *place, int result)
{
	(void)place;
	cr_expect_eq(result, 0);
	if (--served == 0)
		loop_end(loop, 0);
}

static void make_up(struct made_up *made_up)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*made_up = (struct made_up){ .source = { &calls, pair[0] }, .peer = pair[1] };
}

static void serve(struct made_up *made_up)
{
	const struct shard_config config = { .policy = &policy,
					     .counters = &counters,
					     .owner = 1000,
					     .id = "test",
					     .ended = ended };

	cr_assert_eq(engine_serve(engine, &config, &made_up->source), 0);
	served++;
}

/* All have been let go: the loop ends with the last one. */
static void end(void)
{
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_expect(engine_free(engine), "all threads have ended");
	loop_free(loop);
	journal_free(journal);
	close(procfs);
}

static void *run_loop(void *place)
{
	(void)place;
	cr_expect_eq(loop_run(loop), 0);
	return NULL;
}

static void run(void)
{
	cr_assert_eq(pthread_create(&thread, NULL, run_loop, NULL), 0);
}

/* ---- what a dead worker has left ---- */

#define INODE 4711

/* A change that may be made, of a thread that has ended; before begin(). */
static void leave_change(size_t index, const struct made_up *made_up)
{
	struct slot *slot = journal_slot(journal, index);

	slot->source = made_up->source.fd;
	slot->listener = -1;
	slot->effect.inode = INODE + index;
	/* No number of a thread is as high. */
	atomic_store(&slot->effect.performer, INT_MAX);
	atomic_store(&slot->effect.fd, -1);
	atomic_store(&slot->effect.step, EFFECT_BEGUN);
	slot->notification.id = 1 + index;
}

static bool is_held(size_t index)
{
	struct change change;
	bool is_free = changes_try_enter(engine->changes, &change,
					 &(struct change_key){ .inode = INODE + index });

	changes_leave(engine->changes, &change);
	return !is_free;
}

static void await_let_go_of_inode(size_t index)
{
	for (time_t end = time(NULL) + PATIENCE; is_held(index); poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "the inode of slot %zu is held for ever", index);
}

static void await_no_inherited(void)
{
	for (time_t end = time(NULL) + PATIENCE; !journal_is(journal, JOURNAL_CLEAR);
	     poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "not all that was inherited is answered");
}

static void await_resumed(struct made_up *made_up)
{
	for (time_t end = time(NULL) + PATIENCE; atomic_load(&made_up->restored) == 0;
	     poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "nothing is restored");
}

static bool has_hung_up(const struct made_up *made_up)
{
	bool is_there = false;
	struct shard *shard;

	pthread_mutex_lock(&engine->lock);
	TAILQ_FOREACH(shard, &engine->shards, all)
	if (shard->source == &made_up->source)
		is_there = !atomic_load(&shard->is_hung_up);
	pthread_mutex_unlock(&engine->lock);
	return !is_there;
}

Test(engine, lets_go_of_the_inode_of_a_call_that_waits_no_more)
{
	static struct made_up one;

	make_up(&one);
	leave_change(0, &one);
	begin();
	serve(&one);
	cr_expect(is_held(0));
	atomic_store(&one.is_let_go, true);
	engine_serve_inherited(engine);
	run();
	await_let_go_of_inode(0);
	await_no_inherited();
	cr_expect_eq(atomic_load(&one.restored), 1U);
	end();
}

Test(engine, answers_what_is_left_of_a_listener_that_ends_while_it_waits_for_a_place)
{
	static struct made_up first, second;

	policy.in_flight = 1;
	make_up(&first);
	make_up(&second);
	cr_assert_eq(write(first.peer, "x", 1), 1);
	leave_change(0, &first);
	leave_change(1, &second);
	begin();
	serve(&second);
	serve(&first);
	engine_serve_inherited(engine);
	/* It has no place, and no target: what it has left holds its inode still. */
	cr_assert_eq(shutdown(second.peer, SHUT_RDWR), 0);
	run();
	for (time_t end = time(NULL) + PATIENCE; !has_hung_up(&second); poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "nothing is seen of its end");
	poll(NULL, 0, 100);
	cr_expect(is_held(1));
	atomic_store(&second.is_let_go, true);
	atomic_store(&first.is_let_go, true);
	await_let_go_of_inode(0);
	await_let_go_of_inode(1);
	await_no_inherited();
	end();
}

Test(engine, goes_on_with_what_is_left_after_a_pause)
{
	static struct made_up one;

	make_up(&one);
	leave_change(0, &one);
	leave_change(1, &one);
	begin();
	serve(&one);
	engine_serve_inherited(engine);
	await_resumed(&one);
	cr_expect_not(engine_pause(engine, 10), "its first request is in hand");
	atomic_store(&one.is_let_go, true);
	cr_expect(engine_pause(engine, PATIENCE * 1000));
	engine_resume(engine);
	run();
	await_no_inherited();
	await_let_go_of_inode(1);
	end();
}

/* ---- servers that cannot begin ---- */

static struct shard *find_shard(const struct made_up *made_up)
{
	struct shard *shard;

	TAILQ_FOREACH(shard, &engine->shards, all)
	if (shard->source == &made_up->source)
		break;
	return shard;
}

/* Return: what there was. */
static struct rlimit forbid_descriptors(void)
{
	struct rlimit before, none;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	return before;
}

Test(engine, that_cannot_begin_closes_nothing_of_others)
{
	const struct engine_config config = { .loop = loop, .journal = journal, .procfs = procfs };
	const struct rlimit limit = forbid_descriptors();

	cr_expect_lt(engine_new(&config, &engine), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_geq(fcntl(STDIN_FILENO, F_GETFD), 0);
	loop_free(loop);
	journal_free(journal);
	close(procfs);
}

static void await_no_server(struct shard *shard)
{
	unsigned int count = 1;

	for (time_t end = time(NULL) + PATIENCE; count > 0; poll(NULL, 0, 5)) {
		cr_assert_lt(time(NULL), end, "its server stays");
		pthread_mutex_lock(&engine->lock);
		count = shard->server_count;
		pthread_mutex_unlock(&engine->lock);
	}
}

/* The second one's server has no workspace. @loses_turn: it learns that too late */
static void fail_once(struct made_up *first, struct made_up *second, bool loses_turn)
{
	make_up(first);
	make_up(second);
	leave_change(0, second);
	begin();
	serve(first);
	serve(second);
	const struct rlimit limit = forbid_descriptors();
	struct shard *shard = find_shard(second);

	pthread_mutex_lock(&engine->lock);
	shard_serve_locked(find_shard(first));
	shard_serve_locked(shard);
	if (loses_turn) {
		struct server *server = atomic_load(&shard->turn);

		shard_take_turn_back_locked(shard);
		server_set_aside_locked(server);
	}
	pthread_mutex_unlock(&engine->lock);
	await_no_server(shard);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	atomic_store(&second->is_let_go, true);
	run();
	await_let_go_of_inode(0);
	await_no_inherited();
	atomic_store(&first->is_let_go, true);
	end();
}

Test(engine, answers_what_is_left_though_a_server_cannot_begin)
{
	static struct made_up first, second;

	fail_once(&first, &second, false);
}

Test(engine, answers_what_is_left_though_a_server_cannot_begin_and_has_lost_the_turn)
{
	static struct made_up first, second;

	fail_once(&first, &second, true);
}

/* ---- listeners that wait ---- */

#define MANY 4096

/* Return: whether so many descriptors can be open. */
static bool have_descriptors(size_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted;
}

/* For a moment, as each server needs it. */
static void take_lock(void)
{
	struct timespec until;

	/* By the clock that the thread sanitizer knows. */
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	cr_assert_eq(pthread_mutex_timedlock(&engine->lock, &until), 0,
		     "the lock is not to be had");
}

static bool is_told(void)
{
	take_lock();
	bool is_told = LIST_FIRST(&engine->places.containers)->is_told;

	pthread_mutex_unlock(&engine->lock);
	return is_told;
}

static size_t count_waiting(void)
{
	take_lock();
	size_t waiting = LIST_FIRST(&engine->places.containers)->waiting;

	pthread_mutex_unlock(&engine->lock);
	return waiting;
}

/* No process reads the log. Return: the pipe's other end. */
static int stop_reading_the_log(void)
{
	const char bytes[4096] = "";
	int log[2];

	cr_assert_eq(pipe2(log, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(log[1], bytes, sizeof(bytes)) > 0)
		;
	cr_assert_eq(fcntl(log[1], F_SETFL, 0), 0);
	cr_assert_eq(dup2(log[1], STDERR_FILENO), STDERR_FILENO);
	close(log[1]);
	return log[0];
}

Test(engine, holds_nothing_when_no_process_reads_what_it_says_of_a_container_that_waits)
{
	static struct made_up all[2];
	char bytes[4096];

	policy.in_flight = 1;
	begin();
	for (size_t i = 0; i < 2; i++) {
		make_up(&all[i]);
		serve(&all[i]);
		cr_assert_eq(write(all[i].peer, "x", 1), 1);
	}
	int error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0), log = stop_reading_the_log();

	run();
	for (time_t end = time(NULL) + PATIENCE; !is_told(); poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "nothing is said");
	/* The loop waits in write(2) by now, or soon; the lock is to be had after that, too. */
	poll(NULL, 0, 200);
	take_lock();
	pthread_mutex_unlock(&engine->lock);
	for (size_t i = 0; i < 2; i++)
		atomic_store(&all[i].is_let_go, true);
	while (read(log, bytes, sizeof(bytes)) > 0)
		;
	end();
	close(log);
	cr_assert_eq(dup2(error, STDERR_FILENO), STDERR_FILENO);
	close(error);
}

Test(engine, takes_no_time_for_listeners_that_wait_for_a_place)
{
	static struct made_up all[MANY];

	if (!have_descriptors(2 * MANY + 100))
		cr_skip_test("too few descriptors can be open");
	policy.in_flight = 1;
	begin();
	for (size_t i = 0; i < MANY; i++) {
		make_up(&all[i]);
		serve(&all[i]);
		cr_assert_eq(write(all[i].peer, "x", 1), 1);
	}
	run();
	for (time_t end = time(NULL) + PATIENCE; count_waiting() < MANY - 1; poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "%zu wait", count_waiting());
	/* Forty ticks. */
	expect_less_than_thousand_calls(2000, 2500);
	for (size_t i = 0; i < MANY; i++)
		atomic_store(&all[i].is_let_go, true);
	end();
}
