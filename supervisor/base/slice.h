/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_SLICE_H
#define NSXATTR_BASE_SLICE_H

/*
 * How long a thread computes before others have their turn at the CPU. One with short slices does not get more or
 * less of the CPU, but sooner: where threads wait for their turn, the kernel takes the one whose slice would end first.
 */

/**
 * slice_shorten() - let the calling thread, and those that it starts from now on, have the shortest slices
 *
 * Needs no privilege. Before Linux 6.12 all have the same, and nothing is changed.
 */
void slice_shorten(void);

#endif
