/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_LOG_BUDGET_H
#define NSXATTR_BASE_LOG_BUDGET_H

/*
 * How many lines of the log a source may cause: a user, or a container of root's. Each source has
 * LOG_LINES_AT_ONCE lines, and gets one more each LOG_LINE_INTERVAL. All users but root together have
 * LOG_LINES_OF_KIND, and get one more each LOG_LINE_INTERVAL_OF_KIND: a user who has a range of ids is many
 * sources. So have all containers of root's together. Of such a pool a source may take one more if share_is_fair()
 * (base/share.h) says so. Root itself is in neither. What is left out is counted, and the count is told.
 *
 * No locks and no clock in here: base/log.c has both.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINES_AT_ONCE 20
#define LOG_LINE_INTERVAL 1000 /* milliseconds */
#define LOG_LINES_OF_KIND 200
#define LOG_LINE_INTERVAL_OF_KIND 100
/*
 * Sources that are known at a time; the one that has not spoken for longest makes room. It has all its lines
 * again then: what bounds very many sources is the pool of their kind.
 */
#define LOG_SOURCES_MAX 512

/* Sources below this number are users, by their ids. */
#define LOG_SOURCE_CONTAINER (1ULL << 63)

/** struct log_share - the lines of one source, or of all of a kind */
struct log_share {
	uint64_t source;
	uint64_t refilled; /* milliseconds of CLOCK_MONOTONIC; 0: it has never been used */
	unsigned int lines; /* that may be written now */
	unsigned long left_out; /* since the last one that was told */
};

/** struct log_budget - begins zeroed */
struct log_budget {
	struct log_share users; /* but root */
	struct log_share containers; /* of root's */
	struct log_share sources[LOG_SOURCES_MAX];
	unsigned long left_out; /* by sources that had to make room */
};

/**
 * log_budget_take() - may a line of this source be written?
 * @budget: the budget
 * @source: a user's id; LOG_SOURCE_CONTAINER and any bits that tell containers apart
 * @now: milliseconds, not 0
 * @ret_left_out: if so: how many lines of it were left out before, which this call forgets
 *
 * Return: whether it may.
 */
bool log_budget_take(struct log_budget *budget, uint64_t source, uint64_t now,
		     unsigned long *ret_left_out);

/**
 * log_budget_left_out() - how many lines were left out that the log does not tell of yet
 *
 * The count is forgotten. Return: the lines of all sources together.
 */
unsigned long log_budget_left_out(struct log_budget *budget);

#endif
