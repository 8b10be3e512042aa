/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many servers receive side by side, from a source that is made up. How many calls real callers make with them,
 * make bench measures.
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/proc.h"
#include "keep/companion.h"
#include "keep/engine.h"
#include "keep/journal.h"
#include "keep/shard.h"
#include "keep/source.h"
#include "policy.h"
#include "request/notify.h"

/* Seconds. */
#define PATIENCE 60
#define CPUS 3

/** enum callers - what the source has */
enum callers {
	NO_CALLERS, /* nothing comes */
	MANY_CALLERS, /* while one is received, another one waits */
	ONE_CALLER, /* the next one comes when the last one is answered */
	GONE, /* it is over */
};

/** struct made_up - a source, and who calls */
struct made_up {
	struct source source; /* first */
	int peer;
	_Atomic(enum callers) callers;
	atomic_bool is_asked; /* the only caller waits for its answer */
	atomic_uint receiving;
	atomic_uint most; /* of these, at a time */
	atomic_ulong answered;
};

static struct journal *journal;
static struct loop *loop;
static struct engine *engine;
static int procfs = -1;
static pthread_t thread;
static struct policy policy;
static struct shard_counters counters;
static struct made_up made_up;
static struct loop_watch stopping; /* of an eventfd: the loop is to end */

static void receive_one(struct reception *reception)
{
	unsigned int receiving = atomic_fetch_add(&made_up.receiving, 1) + 1;
	unsigned int most = atomic_load(&made_up.most);

	while (receiving > most && !atomic_compare_exchange_weak(&made_up.most, &most, receiving))
		;
	poll(NULL, 0, 1);
	atomic_fetch_sub(&made_up.receiving, 1);
	/* A call that is none of ours: the kernel's. */
	reception->slot->listener = -1;
	reception->slot->notification = (struct seccomp_notif){ .id = 1, .data.nr = -2 };
}

/* Of the only caller. Return: false: a signal came first. */
static bool await_caller(void)
{
	while (atomic_exchange(&made_up.is_asked, true))
		if (poll(NULL, 0, 1) < 0)
			return false;
	return true;
}

/* The signal that recalls a server ends the wait. */
static int receive(struct source *source, struct reception *reception)
{
	enum callers callers = atomic_load(&made_up.callers);

	(void)source;
	if (callers == GONE)
		return NOTIFY_ENDED;
	if (callers == NO_CALLERS)
		poll(NULL, 0, 1000 * PATIENCE);
	if (callers == NO_CALLERS || (callers == ONE_CALLER && !await_caller()))
		return NOTIFY_NONE;
	receive_one(reception);
	return NOTIFY_RECEIVED;
}

static int answer(struct source *source, struct reception *reception, const struct outcome *outcome)
{
	(void)source;
	(void)reception;
	(void)outcome;
	atomic_fetch_add(&made_up.answered, 1);
	atomic_store(&made_up.is_asked, false);
	return 0;
}

static void done(struct source *source)
{
	close(source->fd);
	close(made_up.peer);
}

static const struct source_calls calls = { .receive = receive, .answer = answer, .done = done };

static void ended(void *place, int result)
{
	(void)place;
	cr_expect_eq(result, 0);
	loop_end(loop, 0);
}

static void stop(void *place, uint32_t events)
{
	eventfd_t value;

	(void)place;
	(void)events;
	cr_expect_eq(eventfd_read(stopping.fd, &value), 0);
	loop_end(loop, 0);
}

static void *run_loop(void *place)
{
	(void)place;
	cr_expect_eq(loop_run(loop), 0);
	return NULL;
}

/* Return: the shard of the source. */
static struct shard *begin(enum executor executor, enum callers callers)
{
	const struct shard_config shard_config = {
		.policy = &policy, .counters = &counters, .id = "test", .ended = ended
	};
	int pair[2];

	/* As a worker has it: without, only root limits the forker's system calls. */
	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	procfs = proc_open();
	if (policy.in_flight == 0)
		policy = *policy_builtin("default");
	cr_assert_eq(journal_new(&journal), 0);
	cr_assert_eq(loop_new(&loop), 0);
	stopping = (struct loop_watch){ eventfd(0, EFD_CLOEXEC), stop, NULL };
	cr_assert_eq(loop_add(loop, &stopping, EPOLLIN), 0);
	const struct engine_config config = { .loop = loop,
					      .journal = journal,
					      .procfs = procfs,
					      .standins = STANDIN_PROCESS,
					      .executor = executor };

	cr_assert_eq(engine_new(&config, &engine), 0);
	engine->cpus = CPUS;
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	made_up.source = (struct source){ &calls, pair[0] };
	made_up.peer = pair[1];
	atomic_store(&made_up.callers, callers);
	cr_assert_eq(write(made_up.peer, "x", 1), 1);
	cr_assert_eq(engine_serve(engine, &shard_config, &made_up.source), 0);
	struct shard *shard = TAILQ_FIRST(&engine->shards);

	/* All that do not receive walk a request, as if these took long. */
	atomic_store(&shard->working, CPUS);
	cr_assert_eq(pthread_create(&thread, NULL, run_loop, NULL), 0);
	return shard;
}

static void end(void)
{
	atomic_store(&made_up.callers, GONE);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_expect(engine_free(engine), "all threads have ended");
	close(stopping.fd);
	loop_free(loop);
	journal_free(journal);
	close(procfs);
}

static void await_answers(unsigned long count)
{
	unsigned long before = atomic_load(&made_up.answered);

	for (time_t end = time(NULL) + PATIENCE; atomic_load(&made_up.answered) < before + count;
	     poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "calls are not answered");
}

static void await_companions(struct shard *shard, unsigned int count)
{
	for (time_t end = time(NULL) + PATIENCE; atomic_load(&shard->companion_count) != count;
	     poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "there are %u companions, not %u",
			     atomic_load(&shard->companion_count), count);
}

/* The only caller's call is all there is to receive. */
static void leave_one_caller(struct shard *shard)
{
	char byte;

	cr_assert_eq(read(made_up.source.fd, &byte, 1), 1);
	atomic_store(&shard->working, 0);
	atomic_store(&made_up.is_asked, false);
	atomic_store(&made_up.callers, ONE_CALLER);
}

TestSuite(companion, .timeout = 2 * PATIENCE);

Test(companion, as_many_servers_as_cpus_receive_while_calls_queue)
{
	struct shard *shard = begin(EXECUTOR_AUTO, MANY_CALLERS);

	await_companions(shard, CPUS - 1);
	await_answers(200);
	cr_expect_eq(atomic_load(&made_up.most), CPUS);
	end();
}

/* Servers that have a CPU of their own, and how many have the same at most. */
static unsigned int count_cpus(unsigned int *ret_most)
{
	unsigned int count = 0;

	*ret_most = 0;
	pthread_mutex_lock(&engine->lock);
	for (size_t i = 0; i < CPU_SETSIZE; i++) {
		count += engine->receivers[i];
		if (engine->receivers[i] > *ret_most)
			*ret_most = engine->receivers[i];
	}
	pthread_mutex_unlock(&engine->lock);
	return count;
}

/* Servers that cannot run wherever this thread can. */
static unsigned int count_bound(void)
{
	struct server *server;
	unsigned int count = 0;
	cpu_set_t all, own;

	cr_assert_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	pthread_mutex_lock(&engine->lock);
	TAILQ_FOREACH(server, &engine->servers, all)
	{
		cr_assert_eq(pthread_getaffinity_np(server->thread, sizeof(own), &own), 0);
		count += !CPU_EQUAL(&own, &all);
	}
	pthread_mutex_unlock(&engine->lock);
	return count;
}

Test(companion, servers_that_receive_side_by_side_have_a_cpu_each_until_one_is_enough)
{
	unsigned int cpus = companion_count_cpus(), most;

	if (cpus == 1)
		cr_skip_test("there is one CPU only");
	struct shard *shard = begin(EXECUTOR_AUTO, MANY_CALLERS);

	await_companions(shard, CPUS - 1);
	for (time_t end = time(NULL) + PATIENCE; count_cpus(&most) != CPUS; poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "%u servers have a CPU", count_cpus(&most));
	cr_expect_eq(most, (CPUS + cpus - 1) / cpus);
	for (time_t end = time(NULL) + PATIENCE; count_bound() != CPUS; poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "%u servers are bound", count_bound());
	leave_one_caller(shard);
	await_companions(shard, 0);
	await_answers(3);
	for (time_t end = time(NULL) + PATIENCE; count_bound() > 0; poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "%u servers are bound", count_bound());
	cr_expect_eq(count_cpus(&most), 0);
	end();
}

/* Return: how many servers have the same CPU as another one. */
static unsigned int count_together(void)
{
	struct server *server, *other;
	unsigned int count = 0;

	pthread_mutex_lock(&engine->lock);
	TAILQ_FOREACH(server, &engine->servers, all)
	TAILQ_FOREACH(other, &engine->servers, all)
	count += server != other && server->has_cpu && other->has_cpu && server->cpu == other->cpu;
	pthread_mutex_unlock(&engine->lock);
	return count;
}

Test(companion, servers_of_a_shard_do_not_share_a_cpu_because_others_have_another_one)
{
	unsigned int most;
	cpu_set_t all;

	if (companion_count_cpus() == 1)
		cr_skip_test("there is one CPU only");
	cr_assert_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	struct shard *shard = begin(EXECUTOR_AUTO, MANY_CALLERS);

	/* So many of other shards have all CPUs but one. */
	pthread_mutex_lock(&engine->lock);
	engine->cpus = 2;
	for (size_t i = 0, free = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all) && free++ > 0)
			engine->receivers[i] = 10;
	pthread_mutex_unlock(&engine->lock);
	await_companions(shard, 1);
	for (time_t end = time(NULL) + PATIENCE; count_cpus(&most) % 10 != 2; poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "%u servers have a CPU", count_cpus(&most) % 10);
	cr_expect_eq(count_together(), 0);
	end();
}

Test(companion, one_server_is_enough_for_one_caller)
{
	struct shard *shard = begin(EXECUTOR_AUTO, MANY_CALLERS);

	await_companions(shard, CPUS - 1);
	leave_one_caller(shard);
	await_companions(shard, 0);
	await_answers(200);
	cr_expect_eq(atomic_load(&shard->companion_count), 0);
	end();
}

Test(companion, none_stays_where_nothing_comes)
{
	struct shard *shard = begin(EXECUTOR_AUTO, MANY_CALLERS);
	char byte;

	await_companions(shard, CPUS - 1);
	cr_assert_eq(read(made_up.source.fd, &byte, 1), 1);
	atomic_store(&made_up.callers, NO_CALLERS);
	await_companions(shard, 0);
	/* The loop watches again. */
	cr_assert_eq(write(made_up.peer, "x", 1), 1);
	atomic_store(&made_up.callers, MANY_CALLERS);
	await_companions(shard, CPUS - 1);
	end();
}

Test(companion, the_limit_of_a_container_holds)
{
	policy = *policy_builtin("default");
	policy.in_flight = 1;
	struct shard *shard = begin(EXECUTOR_AUTO, MANY_CALLERS);

	await_answers(200);
	cr_expect_eq(atomic_load(&made_up.most), 1);
	cr_expect_eq(atomic_load(&shard->companion_count), 0);
	end();
}

Test(companion, no_server_has_one_where_one_call_at_a_time_is_asked_for)
{
	begin(EXECUTOR_INLINE, MANY_CALLERS);
	await_answers(200);
	cr_expect_eq(atomic_load(&made_up.most), 1);
	end();
}

Test(companion, a_pause_ends_all)
{
	struct shard *shard = begin(EXECUTOR_AUTO, MANY_CALLERS);

	await_companions(shard, CPUS - 1);
	cr_assert_eq(eventfd_write(stopping.fd, 1), 0);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_expect(engine_pause(engine, 1000 * PATIENCE));
	unsigned long answered = atomic_load(&made_up.answered);

	cr_expect_eq(atomic_load(&shard->companion_count), 0);
	cr_expect_eq(shard->server_count, 0);
	cr_expect_eq(atomic_load(&made_up.receiving), 0);
	cr_expect_eq(atomic_load(&made_up.answered), answered);
	engine_resume(engine);
	cr_assert_eq(pthread_create(&thread, NULL, run_loop, NULL), 0);
	await_companions(shard, CPUS - 1);
	end();
}
