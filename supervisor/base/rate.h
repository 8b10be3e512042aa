/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_RATE_H
#define NSXATTR_BASE_RATE_H

/*
 * How often a container, and a plain user, may have something done that costs all others the CPU: RATE_AT_ONCE times in
 * a row, and then once each RATE_INTERVAL. A turn that comes later is booked, so that nothing is done in bursts but the
 * first one. What a container has booked makes another one of its user wait for RATE_WAIT at most.
 *
 * No lock and no clock in here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/share.h"

#define RATE_AT_ONCE 8
#define RATE_INTERVAL UINT64_C(10000) /* microseconds */
/* Microseconds between two turns of a container that come before those of others: 64 containers have one each interval. */
#define RATE_WAIT (64 * RATE_INTERVAL)
/* Containers and users that are known at a time; one that has all its turns needs not be known. */
#define RATE_SOURCES_MAX 512

/** struct rate_source - the turns of a container or of a user */
struct rate_source {
	uint64_t key;
	uint64_t taken_until; /* microseconds; past: it has all its turns */
	uint64_t passed; /* a container's last turn that came before those of others of its user */
};

/** struct rate - begins zeroed */
struct rate {
	struct rate_source sources[RATE_SOURCES_MAX];
};

/**
 * rate_book() - a turn for this container, and its user
 * @rate: all turns
 * @holder: whose; without a container: it has any number of turns
 * @now: microseconds of CLOCK_MONOTONIC
 * @patience: microseconds; a turn that would come later is not booked
 * @ret_turn: when it comes; not later than @now: at once
 *
 * Return: whether there is one.
 */
bool rate_book(struct rate *rate, const struct share_holder *holder, uint64_t now,
	       uint64_t patience, uint64_t *ret_turn);

#endif
