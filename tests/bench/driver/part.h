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

/* For how long a row goes on to have rounds, in seconds: a slow machine gets wider spreads, not hours. */
#define ROW_SECONDS 20

/**
 * bench_goes_on() - is there another round of a row?
 * @round: its number; there is always one with number 0
 * @most: the part's own limit
 * @began: when the row did, of nanoseconds_now()
 */
bool bench_goes_on(const struct bench *bench, unsigned long round, unsigned long most,
		   double began);

bool part_calls(struct bench *bench);
bool part_work(struct bench *bench);
bool part_concurrency(struct bench *bench);
bool part_fuse(struct bench *bench);
bool part_cold(struct bench *bench);
bool part_isolation(struct bench *bench);
bool part_exec(struct bench *bench);
bool part_verdict(struct bench *bench);
bool part_gate(struct bench *bench);
bool part_scale(struct bench *bench);
bool part_tree(struct bench *bench);

#endif
