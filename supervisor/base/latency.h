/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_LATENCY_H
#define NSXATTR_BASE_LATENCY_H

/*
 * How long requests took, in classes: two for each power of two microseconds, from 4 to 2^23 (8.4 s), so that a
 * percentile is known to a third.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define LATENCY_CLASSES 44

/** struct latency - zeroes at first; for any thread */
struct latency {
	_Atomic(uint64_t) microseconds; /* of all together */
	atomic_ulong classes[LATENCY_CLASSES]; /* how many in each */
};

/** latency_bound() - Return: the most microseconds of a class; UINT64_MAX for the last. */
static inline uint64_t latency_bound(size_t number)
{
	uint64_t base = number % 2 ? 6 : 4;

	return number + 1 < LATENCY_CLASSES ? base << (number / 2) : UINT64_MAX;
}

/** latency_class() - Return: the first class whose bound is not below. */
static inline size_t latency_class(uint64_t microseconds)
{
	if (microseconds <= 4)
		return 0;
	uint64_t below = microseconds - 1;
	unsigned int power = 63 - (unsigned int)__builtin_clzll(below);
	size_t number = 2 * (power - 2) + ((below >> (power - 1)) & 1) + 1;

	return number < LATENCY_CLASSES ? number : LATENCY_CLASSES - 1;
}

/** latency_count() - one request more */
static inline void latency_count(struct latency *latency, uint64_t microseconds)
{
	atomic_fetch_add_explicit(&latency->microseconds, microseconds, memory_order_relaxed);
	atomic_fetch_add_explicit(&latency->classes[latency_class(microseconds)], 1,
				  memory_order_relaxed);
}

/**
 * latency_percentile() - what so many of a hundred did not exceed
 * @counts: of the classes
 * @percent: 0 to 100
 *
 * Return: microseconds, as if the counts of a class were spread evenly over it; 0: there are no counts.
 */
uint64_t latency_percentile(const uint64_t counts[LATENCY_CLASSES], double percent);

#endif
