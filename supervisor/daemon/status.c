/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/status.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/audit_log.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/version.h"
#include "daemon/container_judge.h"
#include "daemon/runtimes.h"
#include "exec/guard.h"
#include "exec/kernel_notes.h"
#include "integrity/keyring.h"
#include "integrity/measurements.h"
#include "integrity/revocation.h"
#include "judge/fence.h"

/* ---- containers ---- */

static int compare_containers(const void *left, const void *right)
{
	const struct container_key *a = &(*(const struct container *const *)left)->key;
	const struct container_key *b = &(*(const struct container *const *)right)->key;
	int order = strcmp(a->id, b->id);

	if (order == 0)
		order = (a->owner > b->owner) - (a->owner < b->owner);
	return order != 0 ? order : (a->runtime > b->runtime) - (a->runtime < b->runtime);
}

/* Only those that there were. */
static void add_reasons(struct json_object *object, const struct shard_counters *counters)
{
	struct json_object *reasons = json_object_new_object();

	for (unsigned int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
		unsigned long count = atomic_load(&counters->reasons[reason]);

		if (count > 0)
			json_add_number(reasons, reason_word((enum reason)reason), count);
	}
	json_object_object_add(object, "reasons", reasons);
}

/* Without the last classes that have none: most have. */
static void add_latency(struct json_object *object, const struct latency *latency)
{
	struct json_object *member = json_object_new_object(), *classes = json_object_new_array();
	size_t count = LATENCY_CLASSES;

	while (count > 0 && atomic_load(&latency->classes[count - 1]) == 0)
		count--;
	for (size_t i = 0; i < count; i++)
		json_object_array_add(classes,
				      json_object_new_uint64(atomic_load(&latency->classes[i])));
	json_add_number(member, "microseconds", atomic_load(&latency->microseconds));
	json_object_object_add(member, "classes", classes);
	json_object_object_add(object, "latency", member);
}

static void add_latency_bounds(struct json_object *object)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i + 1 < LATENCY_CLASSES; i++)
		json_object_array_add(list, json_object_new_uint64(latency_bound(i)));
	json_object_object_add(object, "latency-bounds", list);
}

static void add_counters(struct json_object *object, const struct shard_counters *counters)
{
	json_add_number(object, "requests", atomic_load(&counters->requests));
	json_add_number(object, "left-to-kernel", atomic_load(&counters->left_to_kernel));
	json_add_number(object, "errors", atomic_load(&counters->errors));
	add_reasons(object, counters);
	json_add_number(object, "in-flight", atomic_load(&counters->in_flight));
	json_add_number(object, "in-flight-most", counters->places);
	json_add_number(object, "stuck", atomic_load(&counters->stuck));
	json_add_number(object, "late", atomic_load(&counters->late));
	add_latency(object, &counters->latency);
}

/* By the kernel's words, of which some are for several causes. */
static void add_verdicts(struct json_object *object, const struct judge_counters *counters)
{
	struct json_object *verdicts = json_object_new_object();

	for (enum appraisal_cause cause = CAUSE_NONE; cause < CAUSE_COUNT; cause++) {
		uint64_t count = atomic_load(&counters->causes[cause]);
		const char *word = cause_word(cause);

		if (count > 0)
			json_add_number(verdicts, word,
					count + json_object_get_uint64(
							json_object_object_get(verdicts, word)));
	}
	json_object_object_add(object, "verdicts", verdicts);
}

static void add_keyids(struct json_object *list, const struct public_key *key)
{
	char text[sizeof("12345678")];

	for (unsigned int i = 0; i < key->keyid_count; i++) {
		snprintf(text, sizeof(text), "%08x", key->keyids[i]);
		json_object_array_add(list, json_object_new_string(text));
	}
}

static void add_keys(struct json_object *object, const struct judge_means *means)
{
	struct json_object *all = json_object_new_array(), *revoked = json_object_new_array();

	for (size_t i = 0; i < means->keyring->count; i++) {
		const struct public_key *key = &means->keyring->keys[i].key;

		add_keyids(all, key);
		if (revocation_has(means->revocation, key))
			add_keyids(revoked, key);
	}
	json_object_object_add(object, "keyids", all);
	json_object_object_add(object, "revoked-keyids", revoked);
}

static void add_list(struct json_object *object, const struct measurements *measurements)
{
	struct measurements_view view;

	measurements_look(measurements, &view);
	json_add_number(object, "measurements", view.state.count);
	json_add_number(object, "violations", view.state.violations);
	json_add_number(object, "missed", view.state.missed);
}

static void add_integrity(struct json_object *object, const struct container *container)
{
	const struct container_judge *judge = container->judge;
	struct json_object *integrity = judge ? json_object_new_object() : NULL;

	if (!integrity)
		return;
	json_add_text(integrity, "mode",
		      integrity_mode_word(container->policy->policy->integrity.mode));
	json_add_number(integrity, "files", atomic_load(&judge->counters.files));
	json_add_number(integrity, "known", atomic_load(&judge->counters.known));
	add_verdicts(integrity, &judge->counters);
	if (judge->fence.fence)
		json_add_number(integrity, "refused-by-gate", fence_refusals(judge->fence.fence));
	add_list(integrity, judge->means.measurements);
	add_keys(integrity, &judge->means);
	json_object_object_add(object, "integrity", integrity);
}

static struct json_object *container_json(const struct container *container,
					  const struct registry_time *now)
{
	struct json_object *object = json_object_new_object();
	char rate[32];

	json_add_text(object, "runtime", runtime_name(container->key.runtime));
	json_add_text(object, "id", container->key.id);
	json_add_text(object, "name", container_name(container));
	json_add_number(object, "owner", container->key.owner);
	json_add_text(object, "policy", container->policy->policy->name);
	json_add_text(object, "audit",
		      audit_word((enum audit_extent)atomic_load(&container->audit)));
	json_add_text(object, "map", container->map);
	json_add_number(object, "since", (uint64_t)container->since);
	json_add_number(object, "listeners", container->listeners);
	add_counters(object, &container->counters);
	snprintf(rate, sizeof(rate), "%.1f", container_rate(container, now));
	json_object_object_add(object, "rate",
			       json_object_new_double_s(container_rate(container, now), rate));
	add_integrity(object, container);
	if (container->has_ended)
		json_object_object_add(object, "ended", json_object_new_boolean(1));
	return object;
}

/* ---- what containers share ---- */

static void add_pool(struct json_object *object, const char *key, const struct share_pool *pool)
{
	struct json_object *numbers = json_object_new_object();

	json_add_number(numbers, "size", pool->size);
	json_add_number(numbers, "taken", pool->taken);
	json_add_number(numbers, "of-users", pool->of_users);
	json_object_object_add(object, key, numbers);
}

static void add_pools(struct json_object *object, const struct status_source *source)
{
	struct json_object *pools = json_object_new_object();

	add_pool(pools, "containers", &registry_pools(source->registry)->containers);
	add_pool(pools, "listeners", &registry_pools(source->registry)->listeners);
	add_pool(pools, "places", &source->places);
	json_object_object_add(object, "pools", pools);
}

static void add_audit(struct json_object *object, const struct audit_log *log)
{
	struct json_object *audit = json_object_new_object();
	struct audit_counts counts;

	audit_log_count(log, &counts);
	json_add_text(audit, "log", audit_log_name(log));
	json_add_number(audit, "written", counts.written);
	json_add_number(audit, "lost", counts.lost);
	json_add_number(audit, "waiting", counts.waiting);
	json_object_object_add(object, "audit", audit);
}

/* The faults of this host that the daemon knows. */
static void add_warnings(struct json_object *object, const struct status_source *source)
{
	struct json_object *list = json_object_new_array();

	if (!source->is_guarded)
		json_object_array_add(list, json_object_new_string(guard_warning()));
	json_object_object_add(object, "warnings", list);
}

/* What the kernel lacks. */
static void add_notes(struct json_object *object, const struct status_source *source)
{
	struct json_object *list = json_object_new_array();
	const char *notes[KERNEL_NOTES_MAX];
	size_t count = kernel_notes(source->kernel, notes);

	for (size_t i = 0; i < count; i++)
		json_object_array_add(list, json_object_new_string(notes[i]));
	json_object_object_add(object, "notes", list);
}

struct json_object *status_json_new(const struct status_source *source, uid_t user,
				    const struct registry_time *now)
{
	_cleanup_free_ const struct container **containers = calloc(
		registry_pools(source->registry)->containers.taken + 1, sizeof(struct container *));
	const struct container *container = NULL;
	size_t count = 0;
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	if (!containers || !object || !list) {
		json_object_put(object);
		json_object_put(list);
		return NULL;
	}
	json_add_text(object, "version", NSXATTR_VERSION);
	json_add_number(object, "pid", (uint64_t)(source->keeper ? source->keeper : getpid()));
	json_add_number(object, "since", (uint64_t)source->since);
	json_add_number(object, "worker-deaths", source->worker_deaths);
	json_add_number(object, "upgrades", source->upgrades);
	json_add_number(object, "policies", source->policies->file_count);
	add_latency_bounds(object);
	add_warnings(object, source);
	add_notes(object, source);
	if (user == 0 && source->audit_log)
		add_audit(object, source->audit_log);
	if (user == 0)
		add_pools(object, source);
	while ((container = registry_next(source->registry, container)) != NULL)
		if (user == 0 || user == container->key.owner)
			containers[count++] = container;
	qsort(containers, count, sizeof(void *), compare_containers);
	for (size_t i = 0; i < count; i++)
		json_object_array_add(list, container_json(containers[i], now));
	json_object_object_add(object, "containers", list);
	return object;
}

/* ---- reload ---- */

static struct json_object *messages_json(const struct policies_report *report)
{
	struct json_object *list = json_object_new_array();

	for (const char *line = report->text; *line;) {
		size_t length = strcspn(line, "\n");

		json_object_array_add(list, json_object_new_string_len(line, (int)length));
		line += length + (line[length] == '\n');
	}
	if (report->is_cut)
		json_object_array_add(list, json_object_new_string("there is more to say"));
	return list;
}

struct json_object *reload_json_new(int result, bool has_revoked, const struct policies *policies,
				    const struct policies_report *report)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	if (result == POLICIES_LOADED && has_revoked)
		json_add_number(object, "policies", policies->file_count);
	else if (result == POLICIES_LOADED)
		json_add_text(object, "error",
			      "the revoked keys stay as they were; the policies were read anew");
	else if (result == POLICIES_MISTAKEN)
		json_add_text(object, "error",
			      "the policies stay as they were, for there are mistakes");
	else
		json_add_text(object, "error",
			      "the policies stay as they were: they cannot be read");
	json_object_object_add(object, "messages", messages_json(report));
	return object;
}
