/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_USAGE_H
#define NSXATTR_BENCH_USAGE_H

/* What processes hold, and have used of the CPU, by /proc. */

#include <stdbool.h>
#include <sys/types.h>

/** struct usage - of some processes together */
struct usage {
	double memory; /* PSS, bytes */
	double cpu; /* seconds so far, with those of the kernel's threads for their rings */
	unsigned int threads; /* without these */
	unsigned int descriptors;
};

/** usage_of_program() - of the processes that have executed @program */
struct usage usage_of_program(const char *program);

/** usage_of_session() - of the processes of a session, see credentials(7) */
struct usage usage_of_session(pid_t session);

/** usage_newest_session() - Return: the session of the youngest process that has executed @program; 0: there is none. */
pid_t usage_newest_session(const char *program);

#endif
