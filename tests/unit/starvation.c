/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/starvation.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

#define MS 1000000UL

static bool is_starved(uint64_t elapsed, uint64_t ran, uint64_t waited)
{
	return starvation_is(&(struct starvation_figures){
		.elapsed = elapsed * MS, .ran = ran * MS, .waited = waited * MS });
}

Test(starvation, is_to_wait_for_a_cpu_and_hardly_to_have_it)
{
	cr_expect(is_starved(1000, 25, 975), "beside a process of forty times the weight");
	cr_expect(is_starved(950, 0, 950), "beside one of the real-time class");
	cr_expect(is_starved(60, 10, 50), "beside five others");
}

Test(starvation, is_not_to_share_a_cpu)
{
	cr_expect_not(is_starved(50, 50, 0));
	cr_expect_not(is_starved(50, 25, 25));
	cr_expect_not(is_starved(60, 15, 45), "with three others");
}

Test(starvation, is_not_to_have_nothing_to_do)
{
	cr_expect_not(is_starved(50, 0, 0));
	cr_expect_not(is_starved(1000, 1, 9));
}

Test(starvation, is_told_by_the_kernel)
{
	_cleanup_fd_ int procfs = proc_open();
	struct starvation starvation;
	struct starvation_figures figures;

	if (access("/proc/thread-self/schedstat", R_OK) < 0)
		cr_skip_test("the kernel has no schedstat");
	starvation_watch(&starvation, procfs);
	while (!starvation_tell(&starvation, procfs, &figures))
		poll(NULL, 0, 1);
	cr_expect_geq(figures.elapsed, 50 * MS);
	cr_expect_leq(figures.ran, figures.elapsed);
	cr_expect_lt(figures.waited, 1000 * 1000 * MS, "no difference of other figures");
}

Test(starvation, is_not_asked_for_at_each_request)
{
	struct starvation starvation = { 0 };
	unsigned int due = 0;

	for (unsigned int i = 0; i < 640; i++)
		due += starvation_is_due(&starvation);
	cr_expect_eq(due, 10);
}

Test(starvation, is_unknown_where_the_kernel_does_not_tell)
{
	struct starvation starvation;
	struct starvation_figures figures;

	starvation_watch(&starvation, -1);
	for (int i = 0; i < 1000; i++)
		cr_assert_not(starvation_tell(&starvation, -1, &figures));
}
