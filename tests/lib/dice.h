/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_DICE_H
#define NSXATTR_TESTS_DICE_H

/* Random numbers that are the same everywhere for the same seed: splitmix64. */

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/** dice_new() - the numbers of one step of a run: they do not depend on the steps before it */
static inline struct dice dice_new(uint64_t seed, uint64_t step)
{
	return (struct dice){ dice_mix(seed * 0x2545f4914f6cdd1dULL + dice_mix(step)) };
}

static inline uint64_t dice_next(struct dice *dice)
{
	dice->state += 0x9e3779b97f4a7c15ULL;
	return dice_mix(dice->state);
}

/** dice_below() - a number from 0 to @bound - 1 */
static inline unsigned int dice_below(struct dice *dice, unsigned int bound)
{
	return (unsigned int)((dice_next(dice) >> 32) % bound);
}

/** dice_chance() - true in @percent of all cases */
static inline bool dice_chance(struct dice *dice, unsigned int percent)
{
	return dice_below(dice, 100) < percent;
}

#define DICE_PICK(dice, array) \
	(&(array)[dice_below(dice, (unsigned int)(sizeof(array) / sizeof((array)[0])))])

#endif
