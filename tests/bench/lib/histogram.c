/* SPDX-License-Identifier: Apache-2.0 */
#include "histogram.h"

#include <stddef.h>

/* Below HISTOGRAM_STEPS a bucket is a nanosecond; from there each octave has as many buckets. */
static size_t bucket_of(uint64_t nanoseconds)
{
	if (nanoseconds < HISTOGRAM_STEPS)
		return nanoseconds;
	unsigned int shift = 63U - (unsigned int)__builtin_clzll(nanoseconds) - HISTOGRAM_STEP_BITS;

	return (shift + 1) * HISTOGRAM_STEPS + ((nanoseconds >> shift) - HISTOGRAM_STEPS);
}

/** end_of() - Return: the longest duration of a bucket. */
static uint64_t end_of(size_t bucket)
{
	if (bucket < HISTOGRAM_STEPS)
		return bucket;
	size_t shift = bucket / HISTOGRAM_STEPS - 1;

	return ((bucket % HISTOGRAM_STEPS + HISTOGRAM_STEPS + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds)
{
	histogram->counts[bucket_of(nanoseconds)]++;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->counts[i] += other->counts[i];
}

uint64_t histogram_percentile(const struct histogram *histogram, double part)
{
	uint64_t total = 0, seen = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += histogram->counts[i];
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->counts[i];
		if (seen > 0 && (double)seen >= part * (double)total)
			return end_of(i);
	}
	return 0;
}
