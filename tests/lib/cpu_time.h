/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_CPU_TIME_H
#define NSXATTR_TESTS_CPU_TIME_H

/* For tests of what must not take long: on a busy machine the clock tells nothing about that. */

#include <criterion/criterion.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel kills the test when it has used so many seconds of a CPU. */
static inline void limit_cpu_time(rlim_t seconds)
{
	const struct rlimit limit = { .rlim_cur = seconds, .rlim_max = seconds };

	cr_assert_eq(setrlimit(RLIMIT_CPU, &limit), 0);
}

/* Microseconds of the CPU, of all threads. */
static inline long cpu_time(void)
{
	struct rusage usage;

	cr_assert_eq(getrusage(RUSAGE_SELF, &usage), 0);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_usec;
}

/* What a thousand of the shortest system calls take. */
static inline long cpu_time_of_thousand_calls(void)
{
	const unsigned int thousands = 100;
	long before = cpu_time();

	for (unsigned int i = 0; i < 1000 * thousands; i++)
		(void)syscall(SYS_getppid);
	return (cpu_time() - before) / thousands;
}

/*
 * In these @milliseconds the process takes less of the CPU than so many of the shortest system calls would. They, and
 * not a time, for some processors are slow, and some emulated.
 */
static inline void expect_less_than_thousand_calls(int milliseconds, long thousands)
{
	long before = cpu_time();

	/* What is waited for is the passing of time itself. */
	poll(NULL, 0, milliseconds);
	long taken = cpu_time() - before, limit = cpu_time_of_thousand_calls() * thousands;

	cr_expect_lt(taken, limit,
		     "in %d ms it took %ld us of the CPU; %ld thousand calls take %ld",
		     milliseconds, taken, thousands, limit);
}

#endif
