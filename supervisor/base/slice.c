/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Nanoseconds; the kernel gives no shorter ones. */
#define SHORTEST 100000

/* struct sched_attr of linux/sched/types.h, as of its first version; glibc before 2.41 has no word for it. */
struct attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime; /* of a thread that is not a real-time one: its slice */
	uint64_t deadline;
	uint64_t period;
};

void slice_shorten(void)
{
	struct attributes attributes = { 0 };

	if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) < 0)
		return;
	attributes.runtime = SHORTEST;
	(void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}
