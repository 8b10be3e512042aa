/* SPDX-License-Identifier: Apache-2.0 */
/* How long requests took: by classes, and percentiles of these. */
#include "base/latency.h"

#include <criterion/criterion.h>
#include <string.h>

static uint64_t counts[LATENCY_CLASSES];

Test(latency, has_classes_that_follow_each_other)
{
	for (size_t i = 1; i < LATENCY_CLASSES; i++)
		cr_expect_gt(latency_bound(i), latency_bound(i - 1));
	cr_expect_eq(latency_bound(0), 4);
	cr_expect_eq(latency_bound(1), 6);
	cr_expect_eq(latency_bound(LATENCY_CLASSES - 2), 1 << 23);
	cr_expect_eq(latency_bound(LATENCY_CLASSES - 1), UINT64_MAX);
}

/* Up to the bound, and no further. */
Test(latency, puts_each_time_into_its_class)
{
	for (size_t i = 0; i + 1 < LATENCY_CLASSES; i++) {
		cr_expect_eq(latency_class(latency_bound(i)), i, "%zu", i);
		cr_expect_eq(latency_class(latency_bound(i) + 1), i + 1, "%zu", i);
	}
	cr_expect_eq(latency_class(0), 0);
	cr_expect_eq(latency_class(UINT64_MAX), LATENCY_CLASSES - 1);
}

Test(latency, counts)
{
	struct latency latency = { 0 };

	latency_count(&latency, 3);
	latency_count(&latency, 5);
	latency_count(&latency, 6);
	cr_expect_eq(atomic_load(&latency.microseconds), 14);
	cr_expect_eq(atomic_load(&latency.classes[0]), 1);
	cr_expect_eq(atomic_load(&latency.classes[1]), 2);
}

Test(latency, has_no_percentile_of_nothing)
{
	cr_expect_eq(latency_percentile(counts, 50), 0);
}

Test(latency, has_percentiles)
{
	counts[0] = 50;
	counts[5] = 49; /* above 16, up to 24 */
	counts[10] = 1; /* above 96, up to 128 */
	cr_expect_eq(latency_percentile(counts, 50), 4);
	cr_expect_eq(latency_percentile(counts, 99), 24);
	cr_expect_eq(latency_percentile(counts, 100), 128);
	uint64_t middle = latency_percentile(counts, 75);

	cr_expect(middle > 16 && middle < 24, "%lu", (unsigned long)middle);
}

Test(latency, says_of_the_last_class_where_it_begins)
{
	counts[LATENCY_CLASSES - 1] = 1;
	cr_expect_eq(latency_percentile(counts, 99), 1 << 23);
}
