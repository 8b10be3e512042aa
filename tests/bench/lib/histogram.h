/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_HISTOGRAM_H
#define NSXATTR_BENCH_HISTOGRAM_H

/* Durations in nanoseconds, counted in buckets that are 1/32 of an octave wide. */

#include <stdint.h>

#define HISTOGRAM_STEP_BITS 5
#define HISTOGRAM_STEPS (1 << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS)

/** struct histogram - begins zeroed */
struct histogram {
	uint32_t counts[HISTOGRAM_BUCKETS];
};

/** histogram_add() - count one */
void histogram_add(struct histogram *histogram, uint64_t nanoseconds);

/** histogram_merge() - count all of @other, too */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/** histogram_percentile() - Return: what @part of them, of 1, do not exceed; 0: there are none. */
uint64_t histogram_percentile(const struct histogram *histogram, double part);

#endif
