/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_PART_H
#define NSXATTR_BENCH_PART_H

/*
 * The parts of the benchmark. Each makes what it needs below the scene, measures its variants in
 * turns, and leaves matrices behind. Each returns false when something that must work did not; it
 * has said what.
 */

#include "matrix.h"
#include "scene.h"
#include "settings.h"

#define MATRICES_MAX 24

struct bench {
	struct settings settings;
	struct scene scene;
	struct matrix *matrices[MATRICES_MAX]; /* in the order of the parts */
	size_t matrix_count;
};

/** bench_matrix() - a new one, the bench's. Ends the process when there is no memory. */
struct matrix *bench_matrix(struct bench *bench, const char *part, const char *key,
			    const char *title, double scale);

/** bench_rounds() - Return: how many rounds a part has whose own number is @most. */
unsigned long bench_rounds(const struct bench *bench, unsigned long most);

bool part_calls(struct bench *bench);

#endif
