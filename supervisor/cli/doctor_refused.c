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

static void add(struct doctor *doctor, const struct refused_start *start)
{
	bool is_named = doctor->container && start->container[0];
	char at[REFUSED_TIME_SIZE], user[REFUSED_USER_SIZE];

	refused_time(start->time, at);
	refused_user(start->user, user);
	findings_add(&doctor->findings, is_named ? FINDING_FAIL : FINDING_WARN,
		     "%s: %s of user %s was not started: %s", at,
		     start->container[0] ? start->container : "a container", user, start->reason);
	findings_remedy(&doctor->findings, "mend that, and start it again");
}

void doctor_refused_starts(struct doctor *doctor)
{
	__attribute__((cleanup(refused_starts_done))) struct refused_starts starts = { 0 };
	size_t before = doctor->findings.count;

	refused_starts_read(&starts);
	for (size_t i = 0; i < starts.count; i++)
		if (starts.all[i].time > time(NULL) - FRESH && is_about(doctor, &starts.all[i]))
			add(doctor, &starts.all[i]);
	if (doctor->findings.count == before)
		findings_add(&doctor->findings, FINDING_OK,
			     "no hook has refused a container in the last 24 hours");
}
