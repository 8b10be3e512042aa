/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/starvation.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"

/* After so many requests it is time to ask, and after so many nanoseconds there is an answer. */
#define LOOK_INTERVAL 64
#define WINDOW 50000000
/* Starved is who waits for so many times as long as it runs. */
#define WAITS_MIN 4

static uint64_t now(void)
{
	return clock_microseconds() * 1000;
}

/* Return: false where the kernel does not tell. */
static bool read_figures(int procfs, struct starvation_figures *ret_figures)
{
	struct starvation_figures figures = { .elapsed = now() };
	char path[40], text[80];

	snprintf(path, sizeof(path), "%d/task/%d/schedstat", getpid(), gettid());
	if (proc_read(procfs, path, text, sizeof(text)) < 0 ||
	    sscanf(text, "%" SCNu64 " %" SCNu64, &figures.ran, &figures.waited) != 2)
		return false;
	*ret_figures = figures;
	return true;
}

void starvation_watch(struct starvation *starvation, int procfs)
{
	*starvation = (struct starvation){ 0 };
	(void)read_figures(procfs, &starvation->before);
}

bool starvation_is_due(struct starvation *starvation)
{
	return ++starvation->calls % LOOK_INTERVAL == 0;
}

bool starvation_tell(struct starvation *starvation, int procfs,
		     struct starvation_figures *ret_figures)
{
	struct starvation_figures before = starvation->before, after;

	if (before.elapsed == 0 || now() - before.elapsed < WINDOW || !read_figures(procfs, &after))
		return false;
	starvation->before = after;
	*ret_figures = (struct starvation_figures){ .elapsed = after.elapsed - before.elapsed,
						    .ran = after.ran - before.ran,
						    .waited = after.waited - before.waited };
	return true;
}

/* One that has hardly had anything to do is not starved. */
bool starvation_is(const struct starvation_figures *figures)
{
	return figures->waited >= figures->elapsed / 2 &&
	       figures->waited / WAITS_MIN >= figures->ran;
}
