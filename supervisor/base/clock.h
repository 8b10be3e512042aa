/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_CLOCK_H
#define NSXATTR_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/** clock_milliseconds() - CLOCK_MONOTONIC, in milliseconds */
static inline uint64_t clock_milliseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/** clock_microseconds() - the same, in microseconds */
static inline uint64_t clock_microseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/** clock_real_microseconds() - CLOCK_REALTIME, in microseconds */
static inline uint64_t clock_real_microseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/** clock_at() - so many microseconds of CLOCK_MONOTONIC, for what sleeps until then */
static inline struct timespec clock_at(uint64_t microseconds)
{
	return (struct timespec){ .tv_sec = (time_t)(microseconds / 1000000),
				  .tv_nsec = (long)(microseconds % 1000000) * 1000 };
}

/** clock_after() - what CLOCK_MONOTONIC will be in so many milliseconds */
static inline struct timespec clock_after(unsigned int milliseconds)
{
	return clock_at(clock_microseconds() + (uint64_t)milliseconds * 1000);
}

#endif
