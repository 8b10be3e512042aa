/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_SPREAD_H
#define NSXATTR_BENCH_SPREAD_H

#include <stddef.h>

/** struct spread - a summary of samples; count == 0: there are none */
struct spread {
	size_t count;
	double median;
	double tenth;
	double ninetieth;
};

/** spread_of() - sorts @samples. Return: their summary. */
struct spread spread_of(double *samples, size_t count);

#endif
