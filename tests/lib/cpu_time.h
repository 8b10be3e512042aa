/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_CPU_TIME_H
#define NSXATTR_TESTS_CPU_TIME_H

/* For tests of what must not take long: on a busy machine the clock tells nothing about that. */

#include <criterion/criterion.h>
#include <sys/resource.h>

/* The kernel kills the test when it has used so many seconds of a CPU. */
static inline void limit_cpu_time(rlim_t seconds)
{
	const struct rlimit limit = { .rlim_cur = seconds, .rlim_max = seconds };

	cr_assert_eq(setrlimit(RLIMIT_CPU, &limit), 0);
}

#endif
