/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor_parts.h"

#include <string.h>
#include <time.h>

#include "cli/refused_text.h"

/* Seconds for which a refusal counts as a fault of now. */
#define FRESH 86400

static bool is_about(const struct doctor *doctor, const struct refused_start *start)
{
	return !doctor->container || strcmp(doctor->container, start->container) == 0 ||
	       start->container[0] == '\0';
}

static void add(struct doctor *doctor, const struct refused_start *start, bool is_own)
{
	bool is_named = doctor->container && start->container[0];
	char at[REFUSED_TIME_SIZE], user[REFUSED_USER_SIZE];

	refused_time(start->time, at);
	refused_user(start->user, user);
	findings_add(&doctor->findings,
		     !is_own  ? FINDING_NOTE :
		     is_named ? FINDING_FAIL :
				FINDING_WARN,
		     "%s: %s of user %s was not started: %s", at,
		     start->container[0] ? start->container : "a container", user, start->reason);
	if (is_own)
		findings_remedy(&doctor->findings, "mend that, and start it again");
}

/* What is kept of another user has only that user's word for it: it is no fault that root is told of. */
void doctor_judge_refused(struct doctor *doctor, const struct refused_starts *starts)
{
	size_t own = 0;

	for (size_t i = 0; i < starts->count; i++) {
		const struct refused_start *start = &starts->all[i];
		bool is_own = start->user == starts->reader;

		if (start->time <= time(NULL) - FRESH || !is_about(doctor, start))
			continue;
		add(doctor, start, is_own);
		own += is_own;
	}
	if (own == 0)
		findings_add(&doctor->findings, FINDING_OK,
			     "no hook has refused a container of this user in the last 24 hours");
}

void doctor_refused_starts(struct doctor *doctor)
{
	__attribute__((cleanup(refused_starts_done))) struct refused_starts starts = { 0 };

	refused_starts_read(&starts);
	doctor_judge_refused(doctor, &starts);
}
