/* SPDX-License-Identifier: Apache-2.0 */
#include "spread.h"

#include <stdlib.h>

static int compare_samples(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Linear between the two neighbours; @samples are sorted. */
static double percentile(const double *samples, size_t count, double part)
{
	double place = part * (double)(count - 1);
	size_t below = (size_t)place;

	if (below + 1 >= count)
		return samples[count - 1];
	return samples[below] + (place - (double)below) * (samples[below + 1] - samples[below]);
}

struct spread spread_of(double *samples, size_t count)
{
	if (count == 0)
		return (struct spread){ 0 };
	qsort(samples, count, sizeof(*samples), compare_samples);
	return (struct spread){ count, percentile(samples, count, 0.5),
				percentile(samples, count, 0.1), percentile(samples, count, 0.9) };
}
