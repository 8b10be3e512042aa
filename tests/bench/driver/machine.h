/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_MACHINE_H
#define NSXATTR_BENCH_MACHINE_H

/* Where it was measured. */

#include <stdio.h>
#include <sys/utsname.h>

struct machine {
	struct utsname system;
	char processor[128];
	long cpus;
	char file_system[64];
	double load; /* before we added to it; below 0: not known */
};

/** machine_describe() - Return: this one. @directory: where the files lie. */
struct machine machine_describe(const char *directory);

/** machine_print() - a line, and a warning if it is busy, on standard output */
void machine_print(const struct machine *machine);

/** machine_write() - as a JSON object */
void machine_write(const struct machine *machine, FILE *file);

#endif
