/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/answers.h"

#include <sys/stat.h>

#include "base/log.h"
#include "daemon/may_use.h"
#include "daemon/status.h"
#include "daemon/worker.h"
#include "keep/engine.h"
#include "keep/journal.h"

int answers_reload(struct worker *worker, struct policies_report *report)
{
	struct policies **policies = &worker->attachments.policies;

	(void)service_tell_reloading(&worker->opened->service);
	int r = opened_read_policies(worker->opened, policies, report);

	if (r == POLICIES_LOADED)
		log_notice("%zu policies were read anew", policies_count(*policies));
	else
		log_error("the policies stay as they were");
	(void)service_tell_ready(&worker->opened->service);
	return r;
}

static struct json_object *answer_reload(void *context)
{
	struct worker *worker = context;
	struct policies_report report = { 0 };
	int r = answers_reload(worker, &report);

	return reload_json_new(r, worker->attachments.policies, &report);
}

static struct json_object *answer_status(void *context, uid_t user)
{
	struct worker *worker = context;
	const struct opened *opened = worker->opened;
	const struct status_source source = {
		.registry = worker->attachments.registry,
		.policies = worker->attachments.policies,
		.places = engine_places(worker->engine),
		.since = opened->since,
		.keeper = opened->keeper,
		.is_guarded = engine_is_guarded(worker->engine),
		.kernel = &opened->kernel,
		.worker_deaths = journal_deaths(opened->journal),
	};
	struct registry_time now = registry_time_now();

	return status_json_new(&source, user, &now);
}

/* Its number tells hooks which namespace is the host's. */
static uint64_t user_namespace(const struct opened *opened)
{
	struct stat status;

	return fstatat(opened->procfs, "self/ns/user", &status, 0) == 0 ? status.st_ino : 0;
}

static struct json_object *answer_may_use(void *context, uid_t user, const char *question)
{
	struct worker *worker = context;
	const struct may_use_source source = {
		.policies = worker->attachments.policies,
		.registry = worker->attachments.registry,
		.user_namespace = user_namespace(worker->opened),
	};

	return may_use_json_new(&source, user, question);
}

static void answer_upgrade(void *context, int connection)
{
	struct worker *worker = context;

	upgrade_begin(&worker->upgrade, connection);
}

struct control_answers answers_of(struct worker *worker)
{
	const struct opened *opened = worker->opened;
	bool is_replaced_by_us = opened->store.socket < 0 && opened->program[0];

	return (struct control_answers){
		.status = answer_status,
		.may_use = answer_may_use,
		.reload = answer_reload,
		.upgrade = is_replaced_by_us ? answer_upgrade : NULL,
		.context = worker,
		.procfs = opened->procfs,
		.closer = worker->closer,
		.refusals = &worker->refusals,
	};
}
