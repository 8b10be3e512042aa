/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As sched_getattr(2) has it. */
struct found {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

static struct found look(void)
{
	struct found found = { 0 };

	cr_assert_eq(syscall(SYS_sched_getattr, 0, &found, sizeof(found), 0), 0);
	return found;
}

static void *look_in_thread(void *place)
{
	*(struct found *)place = look();
	return NULL;
}

Test(slice, is_shorter_for_a_thread_and_those_that_it_starts_and_nothing_else_is_changed)
{
	struct found before = look(), after, others;
	pthread_t thread;

	slice_shorten();
	after = look();
	cr_assert_eq(pthread_create(&thread, NULL, look_in_thread, &others), 0);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	/* Before Linux 6.12 the kernel gives all threads the same slices. */
	if (before.runtime == 0)
		cr_expect_eq(after.runtime, 0);
	else
		cr_expect_lt(after.runtime, before.runtime);
	cr_expect_eq(others.runtime, after.runtime);
	cr_expect_eq(after.policy, (uint32_t)SCHED_OTHER);
	cr_expect_eq(after.nice, before.nice);
	cr_expect_eq(after.flags, before.flags);
}
