/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_SLOW_H
#define NSXATTR_BENCH_SLOW_H

/* A slow file system (slowfs.c) in the scene. */

#include "part.h"
#include "runner.h"

struct slow {
	struct runner runner;
	char backing[PATH_MAX];
	char mountpoint[PATH_MAX];
};

enum slow_result {
	SLOW_MOUNTED = 1,
	SLOW_ABSENT, /* it was not built, or there is no FUSE */
	SLOW_WRONG, /* said */
};

/** slow_prepare() - make its folders in the scene, below @name. Return: false: said. */
bool slow_prepare(struct slow *slow, const struct bench *bench, const char *name);

/** slow_mount() - @delay in microseconds a request. Return: an enum slow_result. */
enum slow_result slow_mount(struct slow *slow, const struct bench *bench, unsigned int delay);

/** slow_release() - let go what hangs. Return: false: said. */
bool slow_release(const struct slow *slow);

/** slow_unmount() - what hangs gets an error; one that is not mounted is accepted */
void slow_unmount(struct slow *slow);

#endif
