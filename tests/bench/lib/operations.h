/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_OPERATIONS_H
#define NSXATTR_BENCH_OPERATIONS_H

/* The attribute operations that are measured, by libc's functions, so that a preloaded library sees them. */

#include <sys/types.h>

/*
 * Small, so that with the names, suffixed ones too, it fits into an ext4 inode of 256 bytes: another
 * block for it costs much more than anything that is measured here.
 */
#define VALUE_SIZE 16
#define BUFFER_SIZE 1024

/** struct site - where an operation works; begins zeroed but for the first two */
struct site {
	const char *path;
	int fd; /* of the same file, for the operations by descriptor */
	unsigned int turn;
	char value[VALUE_SIZE];
	char buffer[BUFFER_SIZE];
};

struct operation {
	const char *name;
	ssize_t (*call)(struct site *site);
};

/** operation_find() - Return: the one of that name; NULL: there is none. */
const struct operation *operation_find(const char *name);

/** operation_call() - Return: what the call gives, -errno if it fails. */
ssize_t operation_call(const struct operation *operation, struct site *site);

/** nanoseconds_now() - Return: CLOCK_MONOTONIC. */
double nanoseconds_now(void);

#endif
