/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine with several containers, some of which have calls that never end: what the others have, and what
 * that costs. The targets are processes of tests/live/crowd-driver.c, whose calls wait for memory that is
 * not there.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attach/filter.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/passing.h"
#include "base/proc.h"
#include "child.h"
#include "cpu_time.h"
#include "keep/engine.h"
#include "keep/journal.h"
#include "keep/places.h"
#include "keep/source.h"
#include "launch.h"
#include "policy.h"

#define DRIVER "tests/live/crowd-driver"
/* Seconds; generous, for sanitizers. */
#define PATIENCE 120
#define LISTENERS_MAX 16

/** struct container - with as many listeners as you like */
struct container {
	uid_t owner;
	struct policy policy;
	struct shard_counters counters;
};

/** struct listener - one of a container, and its process */
struct listener {
	pid_t pid;
	int input, output;
};

static struct journal *journal;
static struct loop *loop;
static struct engine *engine;
static int procfs = -1;
static const char *program;
static pthread_t thread;
static struct listener listeners[LISTENERS_MAX];
static size_t listener_count;
static atomic_size_t served;

/* As many descriptors as may be had, as a worker has them. */
static void raise_limit(void)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void set_up(void)
{
	raise_limit();
	scratch_new();
	program = scratch_program(DRIVER);
	procfs = proc_open();
	cr_assert_eq(journal_new(&journal), 0);
	cr_assert_eq(loop_new(&loop), 0);
	cr_assert_eq(engine_new(&(struct engine_config){ .loop = loop,
							 .journal = journal,
							 .procfs = procfs,
							 .standins = STANDIN_ANY,
							 .executor = getenv("EXECUTOR") ?
									     EXECUTOR_RING :
									     EXECUTOR_AUTO },
				&engine),
		     0);
}

TestSuite(shares, .init = set_up, .fini = scratch_remove, .timeout = 4 * PATIENCE);

/* The loop ends with its last listener. */
static void ended(void *place, int result)
{
	(void)place;
	cr_expect_eq(result, 0);
	if (atomic_fetch_sub(&served, 1) == 1)
		loop_end(loop, 0);
}

static _Noreturn void be_target(int channel, int input, int output)
{
	const struct iovec piece = { "x", 1 };
	int listener = -1;

	NEED(dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0);
	NEED(filter_install(&(struct filter_options){ 0 }, &listener) == 0);
	NEED(passing_send(channel, &piece, 1, &listener, 1) == 1);
	close(listener);
	execl(program, program, "held", NULL);
	NEED(false);
	_exit(1);
}

static int receive_listener(int channel)
{
	struct passed passed;
	char byte;
	const struct iovec piece = { &byte, 1 };

	cr_assert_eq(passing_receive(channel, &piece, 1, 0, &passed), 1);
	int listener = passed_take_only(&passed);

	cr_assert_geq(listener, 0);
	return listener;
}

/* One more listener of a container, before run(). */
static struct listener *add(struct container *container)
{
	struct listener *added = &listeners[listener_count++];
	int channel[2], input[2], output[2];
	struct source *source;

	cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) == 0 &&
		  pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
	added->pid = fork();
	if (added->pid == 0)
		be_target(channel[1], input[0], output[1]);
	close(channel[1]);
	close(input[0]);
	close(output[1]);
	added->input = input[1];
	added->output = output[0];
	const struct shard_config config = {
		.policy = &container->policy,
		.counters = &container->counters,
		.owner = container->owner,
		.id = "test",
		.ended = ended,
	};

	cr_assert_eq(source_new_listener(receive_listener(channel[0]), &source), 0);
	close(channel[0]);
	cr_assert_eq(engine_serve(engine, &config, source), 0);
	atomic_fetch_add(&served, 1);
	return added;
}

static struct container container_of(uid_t owner, uint32_t in_flight)
{
	struct container container = { .owner = owner, .policy = *policy_builtin("default") };

	container.policy.in_flight = in_flight;
	return container;
}

static void *run_loop(void *place)
{
	(void)place;
	cr_expect_eq(loop_run(loop), 0);
	return NULL;
}

static void run(void)
{
	engine_serve_inherited(engine);
	cr_assert_eq(pthread_create(&thread, NULL, run_loop, NULL), 0);
}

static void say(const struct listener *listener, const char *line)
{
	cr_assert_eq(write(listener->input, line, strlen(line)), (ssize_t)strlen(line));
}

static void expect_answer(const struct listener *listener, const char *whose)
{
	struct pollfd polled = { .fd = listener->output, .events = POLLIN };
	char answer[32] = "";

	cr_assert_gt(poll(&polled, 1, PATIENCE * 1000), 0, "%s calls are not answered", whose);
	cr_assert_gt(read(listener->output, answer, sizeof(answer) - 1), 0);
	cr_expect_str_eq(answer, "answered\n");
}

static void await_in_flight(const struct container *container, unsigned int wanted)
{
	for (time_t end = time(NULL) + PATIENCE;
	     atomic_load(&container->counters.in_flight) != wanted; poll(NULL, 0, 5))
		cr_assert_lt(time(NULL), end, "%u are in flight, not %u",
			     atomic_load(&container->counters.in_flight), wanted);
}

static void kill_target(struct listener *listener)
{
	kill(listener->pid, SIGKILL);
	waitpid(listener->pid, NULL, 0);
	close(listener->input);
	close(listener->output);
	listener->pid = 0;
}

static void end(void)
{
	for (size_t i = 0; i < listener_count; i++)
		if (listeners[i].pid)
			kill_target(&listeners[i]);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	/* It waits for half a second, which hundreds of threads may need more than once. */
	for (time_t until = time(NULL) + PATIENCE; !engine_free(engine);)
		cr_assert_lt(time(NULL), until, "not all threads have ended");
	loop_free(loop);
	journal_free(journal);
	close(procfs);
}

Test(shares, of_a_container_are_of_all_its_listeners_together)
{
	struct container one = container_of(1000, 4), other = container_of(1000, 0);
	struct listener *first = add(&one), *second = add(&one), *beside = add(&other);

	run();
	say(first, "absent 3\n");
	await_in_flight(&one, 3);
	say(second, "absent 3\n");
	await_in_flight(&one, 4);
	/* What is waited for is the passing of time itself: ten ticks, at each of which one more would come. */
	poll(NULL, 0, 500);
	say(beside, "call 1000\n");
	expect_answer(beside, "another container's");
	cr_expect_eq(atomic_load(&one.counters.in_flight), 4U);
	kill_target(first);
	await_in_flight(&one, 3);
	say(second, "call 1\n");
	expect_answer(second, "its own");
	end();
}

Test(shares, are_given_by_listeners_of_a_container_to_each_other)
{
	struct container one = container_of(1000, 1);
	struct listener *all[] = { add(&one), add(&one), add(&one) };

	run();
	say(all[0], "call 1000000000\n");
	for (size_t i = 1; i < 3; i++)
		say(all[i], "call 1000\n");
	for (size_t i = 1; i < 3; i++)
		expect_answer(all[i], "one listener's");
	end();
}

static void expect_side_by_side(const struct container *container, const struct listener *listener,
				const char *whose)
{
	say(listener, "absent 2\n");
	await_in_flight(container, 2);
	say(listener, "call 100\n");
	expect_answer(listener, whose);
}

/* Nothing else is done in this process: what is measured is what hangs, for sixty ticks. */
static void expect_no_cost(void)
{
	expect_less_than_thousand_calls(3000, 500);
}

Test(shares, are_left_to_others_by_nine_containers_of_one_user)
{
	static struct container greedy[9];
	struct container neighbour = container_of(1001, 0), roots = container_of(0, 0);
	struct listener *of_neighbour = add(&neighbour), *of_root = add(&roots);
	unsigned int all = 0;

	for (size_t i = 0; i < 9; i++) {
		greedy[i] = container_of(1000, 0);
		say(add(&greedy[i]), "absent 128\n");
	}
	run();
	for (time_t until = time(NULL) + PATIENCE; all < PLACES_BESIDE_MAX * 3 / 8 + 9;
	     poll(NULL, 0, 5)) {
		cr_assert_lt(time(NULL), until, "%u are in flight", all);
		all = 0;
		for (size_t i = 0; i < 9; i++)
			all += atomic_load(&greedy[i].counters.in_flight);
	}
	expect_side_by_side(&neighbour, of_neighbour, "another user's");
	expect_side_by_side(&roots, of_root, "root's");
	all = 0;
	for (size_t i = 0; i < 9; i++)
		all += atomic_load(&greedy[i].counters.in_flight);
	cr_expect_eq(all, PLACES_BESIDE_MAX * 3 / 8 + 9U);
	expect_no_cost();
	end();
}

Test(shares, are_left_to_others_by_a_container_of_roots)
{
	struct container huge = container_of(0, 4096), small = container_of(0, 0);
	struct listener *of_huge = add(&huge), *of_small = add(&small);

	run();
	say(of_huge, "absent 1100\n");
	await_in_flight(&huge, PLACES_BESIDE_MAX / 2 + 1);
	expect_side_by_side(&small, of_small, "another container's");
	cr_expect_eq(atomic_load(&huge.counters.in_flight), PLACES_BESIDE_MAX / 2 + 1U);
	end();
}
