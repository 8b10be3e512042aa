/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_EVENT_H
#define NSXATTR_BASE_EVENT_H

/*
 * What is told of one call to those who watch (base/event_ring.h). Names and commands are bytes of the target's: they are
 * escaped where they are shown.
 */

#include <stdint.h>

#include "name.h"

/* Room for texts and their NUL; longer ones are cut. */
#define EVENT_COMMAND_SIZE 16
#define EVENT_ID_SIZE 256
#define EVENT_CONTAINER_SIZE 128

enum event_operation {
	EVENT_SET,
	EVENT_GET,
	EVENT_LIST,
	EVENT_REMOVE,
	EVENT_EXECUTE, /* a call by which a file is executed or mapped so, and which is judged */
	EVENT_OPERATIONS,
};

/** struct event - one call that has its answer; as it lies in the ring */
struct event {
	uint64_t time; /* of the answer: CLOCK_REALTIME, microseconds */
	uint32_t microseconds; /* from when it was received */
	uint32_t owner; /* the user of the container */
	uint32_t process; /* the target's number on the host; 0: it has gone */
	uint32_t thread; /* likewise */
	uint32_t uid; /* the real one, an id of the host; UINT32_MAX: it has gone */
	uint32_t error; /* the errno that the target gets; 0: none */
	uint16_t reason; /* enum reason (reason.h), of an error, or of what is left to the kernel for another reason than the rule */
	uint8_t operation; /* enum event_operation */
	uint8_t is_kernels; /* the kernel answers the call as it was made */
	char command[EVENT_COMMAND_SIZE]; /* of the thread; "": it has gone */
	char id[EVENT_ID_SIZE]; /* of the container */
	char container[EVENT_CONTAINER_SIZE]; /* what people call it */
	/* Of the attribute, or the path of the file that is executed, as the target gave it; "": none. */
	char name[NAME_SIZE];
	uint8_t is_cut; /* name is the end of a longer path */
	uint8_t unused[7]; /* zeroes: readers see all of it */
};

_Static_assert(sizeof(struct event) % sizeof(uint64_t) == 0, "it is copied by words");

#endif
