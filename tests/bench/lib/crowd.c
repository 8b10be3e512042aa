/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets and their leader wait for each other by futexes on words of the shared memory. Nobody is
 * waited for without a limit: a target that hangs in a call is found by the time at which its call
 * began, and killed.
 */
#include "crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "histogram.h"
#include "operations.h"

/* How long all of them may take to start, and to end after their time is over, in nanoseconds. */
#define START_PATIENCE 30e9
#define END_PATIENCE 5e9
/* How long their first calls may take; who is not back by then may hang. */
#define FIRST_PATIENCE 5e9
/* A pass over files has no end of its own. */
#define PASS_PATIENCE 60e9

/** struct target - a target's own corner */
struct target {
	_Atomic pid_t pid; /* 0: it has ended, or is not there yet */
	_Atomic uint64_t call_began; /* 0: it is in none */
	long result; /* of its first call */
	unsigned long calls;
	unsigned long odd;
	double end; /* when it was done; 0: never */
	struct histogram latencies;
};

struct crowd {
	struct crowd_task task;
	_Atomic uint32_t there; /* how many targets there are */
	_Atomic uint32_t ready; /* how many of them stand ready */
	_Atomic uint32_t ended;
	_Atomic uint32_t go;
	double begin;
	double deadline; /* of the targets */
	struct target targets[CROWD_MAX];
};

static void futex_wait(_Atomic uint32_t *word, uint32_t value, double nanoseconds)
{
	struct timespec timeout = { .tv_nsec = 100000000 };

	if (nanoseconds < 1e8)
		timeout.tv_nsec = nanoseconds > 0 ? (long)nanoseconds : 0;
	(void)syscall(SYS_futex, word, FUTEX_WAIT, value, &timeout, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void announce(_Atomic uint32_t *count)
{
	atomic_fetch_add(count, 1);
	futex_wake(count);
}

/** await() - until a count has been reached. Return: whether it has within the time. */
static bool await(_Atomic uint32_t *count, uint32_t goal, double nanoseconds)
{
	double end = nanoseconds_now() + nanoseconds;

	for (;;) {
		uint32_t value = atomic_load(count);
		double left = end - nanoseconds_now();

		if (value >= goal)
			return true;
		if (left <= 0)
			return false;
		futex_wait(count, value, left);
	}
}

struct crowd *crowd_new(void)
{
	void *memory = mmap(NULL, sizeof(struct crowd), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* The target. */

static void call(struct target *target, const struct operation *operation, struct site *site)
{
	uint64_t before = (uint64_t)nanoseconds_now();

	atomic_store_explicit(&target->call_began, before, memory_order_relaxed);
	long result = operation_call(operation, site);
	uint64_t after = (uint64_t)nanoseconds_now();

	atomic_store_explicit(&target->call_began, 0, memory_order_relaxed);
	histogram_add(&target->latencies, after - before);
	if (target->calls++ == 0)
		target->result = result;
	else if (result != target->result)
		target->odd++;
}

/** warm_up() - what a supervisor does once for each process is behind us then */
static void warm_up(struct target *target, const struct operation *operation, struct site *site)
{
	atomic_store(&target->call_began, (uint64_t)nanoseconds_now());
	(void)operation_call(operation, site);
	atomic_store(&target->call_began, 0);
}

static void work_on_own(const struct crowd *crowd, struct target *target,
			const struct operation *operation, struct site *site)
{
	do
		call(target, operation, site);
	while (crowd->task.milliseconds == 0 || nanoseconds_now() < crowd->deadline);
}

static void work_on_shared(const struct crowd *crowd, struct target *target, unsigned int first,
			   const struct operation *operation)
{
	const struct crowd_task *task = &crowd->task;
	char path[PATH_MAX + 16];
	struct site site = { .path = path, .fd = -1 };

	for (unsigned int i = first; i < task->files; i += task->targets) {
		snprintf(path, sizeof(path), "%s/%u", task->directory, i);
		call(target, operation, &site);
	}
}

_Noreturn void crowd_work(struct crowd *crowd, unsigned int target)
{
	const struct operation *operation = operation_find(crowd->task.operation);
	struct target *own = &crowd->targets[target];
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%u", crowd->task.directory, target);
	struct site site = { .path = path, .fd = -1 };

	if (!operation)
		_exit(EXIT_FAILURE);
	if (operation->name[0] == 'f')
		site.fd = open(path, O_RDONLY | O_CLOEXEC);
	atomic_store(&own->pid, getpid());
	announce(&crowd->there);
	if (crowd->task.files == 0 && crowd->task.milliseconds > 0)
		warm_up(own, operation, &site);
	announce(&crowd->ready);
	while (!atomic_load(&crowd->go))
		futex_wait(&crowd->go, 0, 1e9);
	if (crowd->task.files > 0)
		work_on_shared(crowd, own, target, operation);
	else
		work_on_own(crowd, own, operation, &site);
	own->end = nanoseconds_now();
	atomic_store(&own->pid, 0);
	announce(&crowd->ended);
	_exit(EXIT_SUCCESS);
}

/* The leader. */

static bool spawn_by_fork(void *place, struct crowd *crowd, unsigned int target)
{
	pid_t leader = getpid(), pid = fork();

	(void)place;
	if (pid != 0)
		return pid > 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != leader)
		_exit(EXIT_FAILURE);
	crowd_work(crowd, target);
}

static bool is_possible(const struct crowd_task *task)
{
	return operation_find(task->operation) && task->targets > 0 && task->targets <= CROWD_MAX;
}

bool crowd_begin(struct crowd *crowd, const struct crowd_task *task, crowd_spawn *spawn,
		 void *place)
{
	bool is_complete = is_possible(task);

	memset(crowd, 0, sizeof(*crowd));
	if (!is_complete)
		return false;
	crowd->task = *task;
	for (unsigned int i = 0; i < task->targets && is_complete; i++)
		is_complete = (spawn ? spawn : spawn_by_fork)(place, crowd, i);
	if (!is_complete || !await(&crowd->there, task->targets, START_PATIENCE)) {
		crowd_stop(crowd);
		return false;
	}
	(void)await(&crowd->ready, task->targets, FIRST_PATIENCE);
	crowd->begin = nanoseconds_now();
	crowd->deadline = crowd->begin + task->milliseconds * 1e6;
	atomic_store(&crowd->go, 1);
	futex_wake(&crowd->go);
	return true;
}

/* What was being done when a target was ended took at least this long. */
static void count_hung(struct target *target)
{
	uint64_t began = atomic_load(&target->call_began), now = (uint64_t)nanoseconds_now();

	if (began > 0 && began < now)
		histogram_add(&target->latencies, now - began);
}

static void collect(const struct crowd *crowd, struct crowd_figures *figures)
{
	struct histogram all = { 0 };

	figures->result = crowd->targets[0].result;
	for (unsigned int i = 0; i < crowd->task.targets; i++) {
		const struct target *target = &crowd->targets[i];

		figures->calls += target->calls;
		figures->odd +=
			target->odd + (target->calls > 0 && target->result != figures->result);
		histogram_merge(&all, &target->latencies);
	}
	figures->p50 = histogram_percentile(&all, 0.5);
	figures->p90 = histogram_percentile(&all, 0.9);
	figures->p99 = histogram_percentile(&all, 0.99);
	figures->longest = histogram_percentile(&all, 1);
}

/* All of them together are as fast as the slowest lets them. */
static double seconds_of(const struct crowd *crowd, bool is_anybody_hung)
{
	double end = is_anybody_hung ? nanoseconds_now() : 0;

	for (unsigned int i = 0; i < crowd->task.targets; i++)
		if (crowd->targets[i].end > end)
			end = crowd->targets[i].end;
	return (end - crowd->begin) / 1e9;
}

void crowd_end(struct crowd *crowd, struct crowd_figures *ret_figures)
{
	struct crowd_figures figures = { 0 };
	const struct crowd_task *task = &crowd->task;
	double patience = task->files > 0 ? PASS_PATIENCE : task->milliseconds * 1e6 + END_PATIENCE;

	if (!await(&crowd->ended, task->targets, patience)) {
		for (unsigned int i = 0; i < task->targets; i++)
			if (atomic_load(&crowd->targets[i].pid) != 0) {
				figures.hung++;
				count_hung(&crowd->targets[i]);
			}
		crowd_stop(crowd);
	}
	collect(crowd, &figures);
	figures.rate = (double)figures.calls / seconds_of(crowd, figures.hung > 0);
	*ret_figures = figures;
}

static bool is_alive(pid_t pid)
{
	return pid > 0 && kill(pid, 0) == 0;
}

void crowd_stop(struct crowd *crowd)
{
	static const struct timespec moment = { .tv_nsec = 1000000 };
	double end = nanoseconds_now() + END_PATIENCE;

	for (unsigned int i = 0; i < crowd->task.targets; i++) {
		pid_t pid = atomic_load(&crowd->targets[i].pid);

		if (pid > 0)
			kill(pid, SIGKILL);
	}
	for (unsigned int i = 0; i < crowd->task.targets; i++)
		while (is_alive(atomic_load(&crowd->targets[i].pid)) && nanoseconds_now() < end)
			nanosleep(&moment, NULL);
}

/* Lines. */

bool crowd_parse(const char *line, struct crowd_task *ret_task)
{
	struct crowd_task task = { 0 };

	if (sscanf(line, "%31s %4095s %u %u %u", task.operation, task.directory, &task.targets,
		   &task.files, &task.milliseconds) != 5)
		return false;
	*ret_task = task;
	return true;
}

void crowd_print(const struct crowd_figures *figures)
{
	printf("%ld %lu %lu %u %.1f %lu %lu %lu %lu\n", figures->result, figures->calls,
	       figures->odd, figures->hung, figures->rate, figures->p50, figures->p90, figures->p99,
	       figures->longest);
	fflush(stdout);
}
