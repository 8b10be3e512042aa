/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tree_progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "exec/tree.h"

#define INTERVAL_MS 200
#define LINE_SIZE 128

static void ignore(void *place, const char *path, int error)
{
	(void)place;
	(void)path;
	(void)error;
}

static void *count(void *place)
{
	struct tree_progress *progress = place;
	const struct tree_walk walk = {
		.crosses_mounts = progress->crosses_mounts,
		.threads = 1,
		.complain = ignore,
		.count = &progress->total,
		.is_ended = &progress->is_ended,
	};
	bool is_whole = true;

	for (char **path = progress->paths; *path; path++)
		is_whole = tree_walk(&walk, progress->directory, *path) == 0 && is_whole;
	atomic_store(&progress->is_counted, is_whole);
	return NULL;
}

void tree_progress_write(char *line, size_t size, unsigned long done, unsigned long total,
			 uint64_t milliseconds)
{
	uint64_t rate = milliseconds > 0 ? (uint64_t)done * 1000 / milliseconds : 0;
	uint64_t left = rate > 0 && total > done ? (total - done) / rate : 0;

	if (total < done || rate == 0)
		snprintf(line, size, "%lu files, %lu a second", done, (unsigned long)rate);
	else if (left < 3600)
		snprintf(line, size, "%lu of %lu files, %lu a second, %lu:%02lu left", done, total,
			 (unsigned long)rate, (unsigned long)left / 60, (unsigned long)left % 60);
	else
		snprintf(line, size, "%lu of %lu files, %lu a second, %lu:%02lu:%02lu left", done,
			 total, (unsigned long)rate, (unsigned long)left / 3600,
			 (unsigned long)left / 60 % 60, (unsigned long)left % 60);
}

static void show(struct tree_progress *progress)
{
	unsigned long total = atomic_load(&progress->is_counted) ? atomic_load(&progress->total) :
								   0;
	char line[LINE_SIZE];

	tree_progress_write(line, sizeof(line), atomic_load(progress->done), total,
			    clock_milliseconds() - progress->began);
	fprintf(stderr, "\r\033[K%s", line);
	progress->is_shown = true;
}

static void *show_all(void *place)
{
	struct tree_progress *progress = place;

	pthread_mutex_lock(progress->lock);
	while (!progress->is_over) {
		struct timespec next = clock_after(INTERVAL_MS);

		show(progress);
		while (!progress->is_over &&
		       pthread_cond_timedwait(&progress->is_changed, progress->lock, &next) == 0)
			;
	}
	pthread_mutex_unlock(progress->lock);
	return NULL;
}

bool tree_progress_begin(struct tree_progress *progress)
{
	pthread_condattr_t attributes;

	if (isatty(STDERR_FILENO) != 1)
		return false;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&progress->is_changed, &attributes);
	pthread_condattr_destroy(&attributes);
	progress->began = clock_milliseconds();
	progress->has_counter = pthread_create(&progress->counter, NULL, count, progress) == 0;
	progress->has_shower = pthread_create(&progress->shower, NULL, show_all, progress) == 0;
	return true;
}

void tree_progress_clear(struct tree_progress *progress)
{
	if (progress && progress->is_shown)
		fprintf(stderr, "\r\033[K");
	if (progress)
		progress->is_shown = false;
}

void tree_progress_end(struct tree_progress *progress)
{
	atomic_store(&progress->is_ended, true);
	pthread_mutex_lock(progress->lock);
	progress->is_over = true;
	pthread_cond_signal(&progress->is_changed);
	pthread_mutex_unlock(progress->lock);
	if (progress->has_counter)
		pthread_join(progress->counter, NULL);
	if (progress->has_shower)
		pthread_join(progress->shower, NULL);
	pthread_cond_destroy(&progress->is_changed);
	tree_progress_clear(progress);
}
