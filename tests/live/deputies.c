/* SPDX-License-Identifier: Apache-2.0 */
/* The deputies of all containers: how many there are, whichever container asks. */
#include "exec/deputies.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/credential.h"
#include "base/errand.h"
#include "base/forker.h"
#include "base/proc.h"
#include "base/rate.h"
#include "child.h"
#include "exec/deputy.h"
#include "launch.h"
#include "processes.h"

static int procfs = -1, userns = -1, ready[2];
static pid_t inhabitant;
static struct forker *forker;
static struct deputies *deputies;
static const char one, another;

static void inhabit(void *argument)
{
	(void)argument;
	child_enter_userns(USUAL_MAP);
	NEED(write(ready[1], "x", 1) == 1);
	pause();
}

static void set_up(void)
{
	const struct forker_config config = { .bodies = { [FORKER_DEPUTY] = deputy_serve } };
	char path[64], byte;

	cr_assert_eq(forker_new(&config, &forker), 0);
	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	inhabitant = child_start(inhabit, NULL, 0);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", inhabitant);
	userns = open(path, O_RDONLY | O_CLOEXEC);
	procfs = proc_open();
	cr_assert(userns >= 0 && procfs >= 0);
}

static void tear_down(void)
{
	forker_free(forker);
	cr_assert_eq(kill(inhabitant, SIGKILL), 0);
	(void)child_end(inhabitant);
	close(userns);
	close(procfs);
	close(ready[0]);
	close(ready[1]);
}

TestSuite(deputies, .init = set_up, .fini = tear_down, .timeout = 120);

static int take_for(const struct share_holder *holder, unsigned int number,
		    struct deputy **ret_deputy)
{
	static _Thread_local struct credential_change change; /* they are large */
	static _Thread_local struct credential credential;

	credential = (struct credential){ .fsuid = USUAL_ROOT, .fsgid = USUAL_ROOT + number };
	change = (struct credential_change){ .userns = userns, .through = -1 };
	change.credential = credential;
	const struct deputy_role role = { *holder, 1, &credential, &change };

	return deputies_take(deputies, &role, ret_deputy);
}

/* One with another group for each number. */
static int take(const void *container, unsigned int number, struct deputy **ret_deputy)
{
	return take_for(&(struct share_holder){ container, 0 }, number, ret_deputy);
}

/* Our children; those that have ended and are not reaped yet do not count. */
static size_t count_children(void)
{
	DIR *proc = opendir("/proc");
	size_t count = 0;

	cr_assert_not_null(proc);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	for (struct dirent *entry; (entry = readdir(proc));) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		count += pid > 0 && parent_of(pid) == getpid();
	}
	closedir(proc);
	return count;
}

/* The inhabitant is a child, and the forker. */
static size_t count_deputies(void)
{
	return count_children() - 2;
}

Test(deputies, are_bounded_however_many_credentials_a_container_has)
{
	struct deputy *deputy;

	cr_assert_eq(deputies_new(forker, procfs, &deputies), 0);
	for (unsigned int i = 0; i < 3 * DEPUTIES_OF_CONTAINER_MAX; i++) {
		cr_assert_eq(take(&one, i, &deputy), 0);
		deputies_return(deputies, deputy, true);
		cr_expect_leq(count_deputies(), (size_t)DEPUTIES_OF_CONTAINER_MAX);
	}
	deputies_free(deputies);
}

Test(deputies, are_not_made_faster_than_a_container_may_have_them_made)
{
	const unsigned int later = 20;
	uint64_t begin = clock_microseconds();
	struct deputy *deputy;

	cr_assert_eq(deputies_new(forker, procfs, &deputies), 0);
	for (unsigned int i = 0; i < RATE_AT_ONCE + later; i++) {
		cr_assert_eq(take(&one, i, &deputy), 0);
		deputies_return(deputies, deputy, true);
	}
	cr_expect_geq(clock_microseconds() - begin, (uint64_t)later * RATE_INTERVAL);
	deputies_free(deputies);
}

Test(deputies, are_used_again)
{
	struct deputy *first, *again, *beside;

	cr_assert_eq(deputies_new(forker, procfs, &deputies), 0);
	cr_assert_eq(take(&one, 1, &first), 0);
	cr_expect(deputies_have(deputies, deputy_pid(first)));
	cr_assert_eq(take(&one, 1, &beside), 0);
	cr_expect_neq(first, beside, "one works for one request at a time");
	deputies_return(deputies, beside, false);
	deputies_return(deputies, first, true);
	cr_assert_eq(take(&one, 1, &again), 0);
	cr_expect_eq(first, again);
	deputies_return(deputies, again, true);
	cr_assert_eq(take(&another, 1, &beside), 0);
	cr_expect_neq(first, beside, "another container has its own");
	deputies_return(deputies, beside, true);
	cr_expect_not(deputies_have(deputies, getpid()));
	deputies_free(deputies);
}

Test(deputies, that_are_all_busy_keep_only_their_container_waiting)
{
	struct deputy *busy[DEPUTIES_OF_CONTAINER_MAX], *deputy;

	cr_assert_eq(deputies_new(forker, procfs, &deputies), 0);
	for (unsigned int i = 0; i < DEPUTIES_OF_CONTAINER_MAX; i++)
		cr_assert_eq(take(&one, i, &busy[i]), 0);
	cr_assert_eq(take(&another, 0, &deputy), 0);
	deputies_return(deputies, deputy, true);
	cr_expect_eq(take(&one, DEPUTIES_OF_CONTAINER_MAX, &deputy), -EAGAIN);
	for (unsigned int i = 0; i < DEPUTIES_OF_CONTAINER_MAX; i++)
		deputies_return(deputies, busy[i], true);
	cr_expect_eq(take(&one, DEPUTIES_OF_CONTAINER_MAX, &deputy), 0, "now there is room");
	deputies_return(deputies, deputy, true);
	deputies_free(deputies);
}

/* Half of what is not root's: the containers of one user have no more. */
Test(deputies, of_one_user_leave_some_to_others)
{
	enum { CONTAINERS = 8, MOST = DEPUTIES_MAX * 3 / 8 };
	static const char containers[CONTAINERS];
	struct deputy *busy[MOST], *deputy;

	cr_assert_eq(deputies_new(forker, procfs, &deputies), 0);
	for (unsigned int i = 0; i < MOST; i++)
		cr_assert_eq(take_for(&(struct share_holder){ &containers[i % CONTAINERS], 1000 },
				      i, &busy[i]),
			     0, "%u", i);
	cr_expect_eq(take_for(&(struct share_holder){ &containers[0], 1000 }, MOST, &deputy),
		     -EAGAIN);
	cr_assert_eq(take_for(&(struct share_holder){ &one, 1001 }, 0, &deputy), 0);
	deputies_return(deputies, deputy, true);
	cr_assert_eq(take(&another, 0, &deputy), 0);
	deputies_return(deputies, deputy, true);
	for (unsigned int i = 0; i < MOST; i++)
		deputies_return(deputies, busy[i], true);
	deputies_free(deputies);
}

/* A request that waits for a deputy, in a thread of its own. */
struct waiter {
	const void *container;
	pthread_t thread;
	_Atomic pid_t tid;
	_Atomic bool has_ended;
	int result;
};

static void *wait_for_deputy(void *place)
{
	struct waiter *waiter = place;
	struct deputy *deputy;

	waiter->tid = gettid();
	waiter->result = take(waiter->container, 0, &deputy);
	if (waiter->result == 0)
		deputies_return(deputies, deputy, true);
	waiter->has_ended = true;
	return NULL;
}

static bool sleeps(pid_t tid)
{
	char path[64], text[256] = "";

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return strstr(text, ") S ");
}

static void start_waiter(struct waiter *waiter, const void *container)
{
	*waiter = (struct waiter){ .container = container };
	cr_assert_eq(pthread_create(&waiter->thread, NULL, wait_for_deputy, waiter), 0);
	while (waiter->tid == 0 || !sleeps(waiter->tid))
		sched_yield();
}

/* Who waits for one of its own container, and was first, is not the one to be woken. */
Test(deputies, that_come_back_are_heard_of_by_those_who_wait_for_them)
{
	struct deputy *busy[2][DEPUTIES_OF_CONTAINER_MAX];
	struct waiter waiters[2];

	cr_assert_eq(deputies_new(forker, procfs, &deputies), 0);
	for (unsigned int i = 0; i < DEPUTIES_OF_CONTAINER_MAX; i++) {
		cr_assert_eq(take(&one, i, &busy[0][i]), 0);
		cr_assert_eq(take(&another, i, &busy[1][i]), 0);
	}
	start_waiter(&waiters[0], &one);
	start_waiter(&waiters[1], &another);
	deputies_return(deputies, busy[1][0], true);
	cr_assert_eq(pthread_join(waiters[1].thread, NULL), 0);
	cr_expect_eq(waiters[1].result, 0);
	cr_expect_not(waiters[0].has_ended, "it has waited until it was too late for the first");
	cr_assert_eq(pthread_join(waiters[0].thread, NULL), 0);
	cr_expect_eq(waiters[0].result, -EAGAIN, "all of its own are busy");
	for (unsigned int i = 0; i < DEPUTIES_OF_CONTAINER_MAX; i++) {
		deputies_return(deputies, busy[0][i], true);
		if (i > 0)
			deputies_return(deputies, busy[1][i], true);
	}
	deputies_free(deputies);
}

Test(deputies, that_nothing_needs_are_ended)
{
	const struct timespec rest = { .tv_sec = 1, .tv_nsec = 100000000 };
	struct deputy *deputy;

	cr_assert_eq(deputies_new(forker, procfs, &deputies), 0);
	cr_assert_eq(take(&one, 1, &deputy), 0);
	deputies_return(deputies, deputy, true);
	deputies_dismiss(deputies);
	cr_assert_eq(take(&one, 1, &deputy), 0);
	cr_expect_eq(count_deputies(), (size_t)1, "it is too young");
	deputies_return(deputies, deputy, true);
	/* What is waited for is the passing of time itself. */
	(void)nanosleep(&rest, NULL);
	deputies_dismiss(deputies);
	cr_expect_eq(count_deputies(), (size_t)0);
	deputies_free(deputies);
}
