/* SPDX-License-Identifier: Apache-2.0 */
#include "base/latency.h"

/* By the share of the class's own counts that lie below, as if they were spread evenly. */
static uint64_t within(size_t number, double share)
{
	uint64_t below = number > 0 ? latency_bound(number - 1) : 0;
	uint64_t bound = latency_bound(number);

	return bound == UINT64_MAX ? below : below + (uint64_t)(share * (double)(bound - below));
}

uint64_t latency_percentile(const uint64_t counts[LATENCY_CLASSES], double percent)
{
	double all = 0, wanted, seen = 0;

	for (size_t i = 0; i < LATENCY_CLASSES; i++)
		all += (double)counts[i];
	wanted = all * percent / 100;
	for (size_t i = 0; i < LATENCY_CLASSES; i++) {
		double count = (double)counts[i];

		if (count > 0 && seen + count >= wanted)
			return within(i, (wanted - seen) / count);
		seen += count;
	}
	return 0;
}
