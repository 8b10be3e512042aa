/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduling.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "message.h"

bool scheduling_pin(long cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return true;
	complain("cannot go to CPU %ld: %s", cpu, strerror(errno));
	return false;
}

static void set_session_niceness(int niceness)
{
	FILE *file = fopen("/proc/self/autogroup", "we");

	if (!file)
		return;
	fprintf(file, "%d", niceness);
	fclose(file);
}

void scheduling_spread(void)
{
	static const struct sched_param ordinary = { 0 };
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	(void)sched_setaffinity(0, sizeof(all), &all);
	if (sched_getscheduler(0) == SCHED_OTHER)
		return;
	if (sched_setscheduler(0, SCHED_OTHER, &ordinary) < 0)
		return;
	(void)setpriority(PRIO_PROCESS, 0, -20);
	set_session_niceness(-20);
}

void scheduling_restore(void)
{
	if (getpriority(PRIO_PROCESS, 0) == -20)
		set_session_niceness(0);
}
