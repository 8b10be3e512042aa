/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_STATUS_H
#define NSXATTR_DAEMON_STATUS_H

/* The state of the daemon, as JSON objects, for control.h. */

#include "base/share.h"
#include "daemon/policies_load.h"
#include "daemon/registry.h"

struct audit_log;
struct json_object;
struct kernel_facts;

/** struct status_source - what the answer is made of */
struct status_source {
	const struct registry *registry;
	const struct policies *policies;
	struct share_pool places; /* of the engine; of size 0: not known */
	time_t since; /* the daemon's start: CLOCK_REALTIME, seconds */
	pid_t keeper; /* the process that takes signals; 0: this one */
	const struct audit_log *audit_log; /* NULL: there is none */
	bool is_guarded; /* of engine_is_guarded() */
	const struct kernel_facts *kernel;
	unsigned long worker_deaths;
	unsigned long upgrades;
};

/**
 * status_json_new() - the daemon and its containers, in the order of their ids
 * @user: root sees all containers, other users their own
 * @now: the time, for rates
 *
 * {"version": TEXT, "pid": N, "since": SECONDS, "worker-deaths": N, "upgrades": N, "policies": N,
 * "latency-bounds": [N...], "warnings": [TEXT...],
 * "notes": [TEXT...], "audit": {"log": TEXT, "written": N, "lost": N, "waiting": N}, "pools": {"containers": POOL, "listeners": POOL, "places": POOL}, "containers": [{"runtime": TEXT,
 * "id": TEXT, "name": TEXT, "owner": UID, "policy": TEXT, "audit": TEXT, "map": TEXT, "since": SECONDS, "listeners": N, "requests": N,
 * "left-to-kernel": N, "errors": N, "reasons": {REASON: N...}, "in-flight": N, "in-flight-most": N, "stuck": N, "late": N,
 * "latency": {"microseconds": N, "classes": [N...]}, "rate": N.N,
 * "integrity": {"mode": TEXT, "files": N, "known": N, "verdicts": {CAUSE: N...}, "measurements": N, "violations": N,
 * "missed": N, "keyids": [TEXT...], "revoked-keyids": [TEXT...]}, "ended": true}...]}
 *
 * A REASON is a word of reason_word() (reason.h), and the number how many calls had it.
 *
 * "integrity" is there where what is executed is judged: files that came to be executed, of which some were as before;
 * by the words of cause_word() (integrity/appraise.h) what became of those that were appraised; entries of the
 * measurement list; its keys, and those of them that are revoked. What the worker counts begins with the worker, the list with the container.
 *
 * "ended" is there if the container has ended and some of it is left: another one can be listed with its runtime, id and owner.
 *
 * "latency" has how long all requests together took, and how many there were in each class of base/latency.h, of which the last
 * ones are left out if they had none; "latency-bounds" has the most microseconds of each class but the last.
 *
 * "audit" has where the records of changes go, and what became of them; each container's has of which it has records: "off",
 * "refusals" or "changes".
 *
 * A POOL is {"size": N, "taken": N, "of-users": N}: base/share.h has the words. Only root is told the pools, and of the log.
 *
 * Return: the object, the caller's; NULL without memory.
 */
struct json_object *status_json_new(const struct status_source *source, uid_t user,
				    const struct registry_time *now);

/**
 * reload_json_new() - what has become of a reload
 * @result: of policies_load()
 * @has_revoked: the revoked keys were read, too
 * @policies: POLICIES_LOADED: the set
 * @report: of policies_load()
 *
 * {"policies": N, "messages": [TEXT...]}, or {"error": TEXT, "messages": [TEXT...]}
 *
 * Return: the object, the caller's; NULL without memory.
 */
struct json_object *reload_json_new(int result, bool has_revoked, const struct policies *policies,
				    const struct policies_report *report);

#endif
