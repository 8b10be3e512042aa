/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_budget.h"

#include "base/share.h"

static void refill(struct log_share *share, uint64_t now, unsigned int most, unsigned int interval)
{
	uint64_t gained = (now - share->refilled) / interval;

	if (share->refilled == 0 || gained >= most - share->lines) {
		share->lines = most;
		share->refilled = now;
		return;
	}
	share->lines += (unsigned int)gained;
	share->refilled += gained * interval;
}

/* That of the source, or else the one that has not been refilled for longest. */
static struct log_share *find_share(struct log_budget *budget, uint64_t source)
{
	struct log_share *oldest = &budget->sources[0];

	for (size_t i = 0; i < LOG_SOURCES_MAX; i++) {
		struct log_share *share = &budget->sources[i];

		if (share->refilled != 0 && share->source == source)
			return share;
		if (share->refilled < oldest->refilled)
			oldest = share;
	}
	budget->left_out += oldest->left_out;
	*oldest = (struct log_share){ .source = source };
	return oldest;
}

/* Return: the share that this source has a part in; NULL: none, it is root. */
static struct log_share *common_share(struct log_budget *budget, uint64_t source, uint64_t now)
{
	struct log_share *common = source >= LOG_SOURCE_CONTAINER ? &budget->containers :
								    &budget->users;

	if (source == 0)
		return NULL;
	refill(common, now, LOG_LINES_OF_KIND, LOG_LINE_INTERVAL_OF_KIND);
	return common;
}

/* The source is refilled. */
static bool is_granted(const struct log_share *own, const struct log_share *common)
{
	return own->lines > 0 && (!common || share_is_fair(LOG_LINES_AT_ONCE - own->lines,
							   common->lines, LOG_LINES_OF_KIND));
}

bool log_budget_take(struct log_budget *budget, uint64_t source, uint64_t now,
		     unsigned long *ret_left_out)
{
	struct log_share *own = find_share(budget, source);
	struct log_share *common = common_share(budget, source, now);

	refill(own, now, LOG_LINES_AT_ONCE, LOG_LINE_INTERVAL);
	if (!is_granted(own, common)) {
		own->left_out++;
		return false;
	}
	own->lines--;
	if (common)
		common->lines--;
	*ret_left_out = own->left_out;
	own->left_out = 0;
	return true;
}

unsigned long log_budget_left_out(struct log_budget *budget)
{
	unsigned long count = budget->left_out;

	budget->left_out = 0;
	for (size_t i = 0; i < LOG_SOURCES_MAX; i++) {
		count += budget->sources[i].left_out;
		budget->sources[i].left_out = 0;
	}
	return count;
}
