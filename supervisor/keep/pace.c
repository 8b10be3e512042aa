/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/pace.h"

#include <sys/resource.h>

#include "base/clock.h"

/* What takes longer is suspected: ten times what a request takes where nothing waits. */
#define LONG_MICROSECONDS 200
/* A container is slow from the third request that has slept, and not any more after six quick ones. */
#define SCORE_SLOW 3
#define SCORE_MAX 8

static long thread_sleeps(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) < 0 ? 0 : usage.ru_nvcsw;
}

bool pace_is_slow(const struct pace *pace)
{
	return atomic_load_explicit(&pace->score, memory_order_relaxed) >= SCORE_SLOW;
}

void pace_set_stuck(struct pace *pace)
{
	atomic_store_explicit(&pace->score, SCORE_MAX, memory_order_relaxed);
	atomic_store_explicit(&pace->is_suspected, true, memory_order_relaxed);
}

void pace_begin(const struct pace *pace, struct pace_mark *ret_mark)
{
	bool is_suspected = atomic_load_explicit(&pace->is_suspected, memory_order_relaxed);

	ret_mark->sleeps = is_suspected ? thread_sleeps() : -1;
	ret_mark->microseconds = clock_microseconds();
}

uint64_t pace_end(struct pace *pace, const struct pace_mark *mark)
{
	uint64_t microseconds = clock_microseconds() - mark->microseconds;
	bool is_long = microseconds >= LONG_MICROSECONDS;

	pace_judge(pace, microseconds,
		   is_long && mark->sleeps >= 0 ? thread_sleeps() - mark->sleeps : -1);
	return microseconds;
}

/* Two threads that judge at once may lose a point: it is a hint. */
void pace_judge(struct pace *pace, uint64_t microseconds, long sleeps)
{
	unsigned int score = atomic_load_explicit(&pace->score, memory_order_relaxed);

	if (microseconds < LONG_MICROSECONDS) {
		if (score > 0)
			atomic_store_explicit(&pace->score, score - 1, memory_order_relaxed);
		else if (atomic_load_explicit(&pace->is_suspected, memory_order_relaxed))
			atomic_store_explicit(&pace->is_suspected, false, memory_order_relaxed);
		return;
	}
	if (sleeps > 0 && score < SCORE_MAX)
		atomic_store_explicit(&pace->score, score + 1, memory_order_relaxed);
	atomic_store_explicit(&pace->is_suspected, true, memory_order_relaxed);
}
