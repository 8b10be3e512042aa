/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_SCHEDULING_H
#define NSXATTR_BENCH_SCHEDULING_H

#include <stdbool.h>

/** scheduling_pin() - go to a CPU, with all that is started later. Return: false: said. */
bool scheduling_pin(long cpu);

/**
 * scheduling_spread() - for what many processes do at once: any CPU, and no real-time priority
 *
 * In a real-time class a process that never waits keeps its CPU, and the others of a crowd get none
 * of it. One that was started with such a priority goes before the ordinary ones still, with its
 * session, whose share of the CPUs that is (sched(7), autogroup).
 */
void scheduling_spread(void);

/** scheduling_restore() - the session has the share that it had */
void scheduling_restore(void);

#endif
