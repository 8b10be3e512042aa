/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/descriptors.h"

#include <inttypes.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/forker.h"
#include "base/log.h"
#include "base/passing.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/entries.h"
#include "daemon/opened.h"
#include "exec/deputies.h"
#include "integrity/gate_container.h"
#include "keep/places.h"
#include "request/watch.h"

/* Descriptors of a call under way and its thread, and those of a deputy. */
#define DESCRIPTORS_OF_PLACE 8
#define DESCRIPTORS_OF_DEPUTY 2
/* Of a container: a measurement list, its life, and what it has at the gate. */
#define DESCRIPTORS_OF_JUDGE (2 + GATE_CONTAINER_DESCRIPTORS)

/* What all that is let in can have open at a time, measurement lists included, but for what is kept for speed. */
static uint64_t descriptors_wanted(const struct config_limits *limits)
{
	uint64_t listeners = (uint64_t)limits->containers * limits->listeners_per_container;
	uint64_t places = (uint64_t)limits->containers + PLACES_BESIDE_MAX;

	return (listeners < LISTENERS_MAX ? listeners : LISTENERS_MAX) +
	       limits->containers * DESCRIPTORS_OF_JUDGE + places * DESCRIPTORS_OF_PLACE +
	       (uint64_t)DEPUTIES_MAX * DESCRIPTORS_OF_DEPUTY + limits->connections +
	       CONTROL_CONNECTIONS_MAX + WATCH_RINGS_MAX + PASSED_MAX + OPENED_DESCRIPTORS +
	       FORKER_TABLE;
}

void descriptors_compare(const struct config_limits *limits)
{
	uint64_t wanted = descriptors_wanted(limits);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted)
		log_warning("%" PRIu64 " descriptors can be open at a time, and the limits of the "
			    "settings allow for %" PRIu64
			    ": raise LimitNOFILE= of the service (ulimit "
			    "-n), or lower limits/containers",
			    (uint64_t)limit.rlim_cur, wanted);
}
