/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon says about itself, and what is shown of it. */
#include "daemon/status.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/audit_log.h"
#include "base/syscalls.h"
#include "base/version.h"
#include "cli/status_text.h"
#include "exec/kernel_notes.h"
#include "idmap.h"

#define SECOND 1000000000ULL

static const struct config_limits limits = {
	.containers = 100,
	.containers_per_user = 100,
	.listeners_per_container = 4,
};
static const struct registry_time start = { .real = 1000000, .monotonic = 50 * SECOND };
static const struct registry_time later = { .real = 1000010, .monotonic = 60 * SECOND };

static struct registry *registry;
static struct policies *policies;
static struct policies_choice choice;
static struct status_source source;

/* It lacks nothing. */
static const struct kernel_facts kernel = { .version = { 6, 18, 0 }, .tells_mount_maps = true };

static void set_up(void)
{
	static struct policies_report report;
	const struct policies_source from = {
		.folder = -1,
		.share = -1,
		.path = "",
		.root = { -1, -1 },
		.etc = -1,
		.default_policy = "default",
	};

	cr_assert_eq(registry_new(&limits, &registry), 0);
	cr_assert_eq(policies_load(&from, &policies, &report), POLICIES_LOADED);
	cr_assert_eq(policies_choose(policies, &(struct policies_request){ .user = 0 }, &choice),
		     POLICIES_CHOSEN);
	source = (struct status_source){
		.registry = registry,
		.policies = policies,
		.since = 999000,
		.keeper = 77,
		.is_guarded = true,
		.kernel = &kernel,
		.worker_deaths = 3,
		.upgrades = 2,
	};
}

static void tear_down(void)
{
	registry_free(registry);
	shared_policy_unref(choice.shared);
	policies_free(policies);
}

TestSuite(status, .init = set_up, .fini = tear_down);

static struct container *attach(unsigned int runtime, const char *id, uid_t owner)
{
	const struct container_key key = { runtime, owner, id };
	struct container *container = NULL;

	cr_assert_eq(registry_attach(registry, &key, choice.shared, &start, &container),
		     REGISTRY_ATTACHED);
	return container;
}

static struct json_object *containers_of(struct json_object *status)
{
	struct json_object *containers = json_object_object_get(status, "containers");

	cr_assert(json_object_is_type(containers, json_type_array));
	return containers;
}

static const char *id_at(struct json_object *status, size_t index)
{
	struct json_object *container = json_object_array_get_idx(containers_of(status), index);

	return json_object_get_string(json_object_object_get(container, "id"));
}

Test(status, tells_all_about_a_container)
{
	static const struct id_map map = { 1, { { 0, 100000, 65536 } } };
	struct container *container = attach(RUNTIME_CRUN | RUNTIME_PODMAN, "web", 1000);

	attach(RUNTIME_CRUN | RUNTIME_PODMAN, "web", 1000);
	container_set_map(container, &map);
	container_set_name(container, "samba-dc");
	container->counters.requests = 25;
	container->counters.left_to_kernel = 4;
	container->counters.errors = 3;
	container->counters.reasons[REASON_NO_SYS_ADMIN] = 2;
	container->counters.reasons[REASON_ABSENT] = 1;
	container->counters.in_flight = 2;
	container->counters.places = 128;
	container->counters.stuck = 1;
	container->counters.late = 5;
	latency_count(&container->counters.latency, 5);
	latency_count(&container->counters.latency, 8);
	struct json_object *status = status_json_new(&source, 0, &later);

	cr_expect_str_eq(
		json_object_to_json_string_ext(json_object_array_get_idx(containers_of(status), 0),
					       0),
		"{\"runtime\":\"podman\",\"id\":\"web\",\"name\":\"samba-dc\",\"owner\":1000,\"policy\":\"default\","
		"\"audit\":\"off\",\"map\":\"0 100000 65536\",\"since\":1000000,\"listeners\":2,\"requests\":25,"
		"\"left-to-kernel\":4,\"errors\":3,\"reasons\":{\"absent\":1,\"no-cap-sys-admin\":2},\"in-flight\":2,\"in-flight-most\":128,\"stuck\":1,\"late\":5,"
		"\"latency\":{\"microseconds\":13,\"classes\":[0,1,1]},\"rate\":2.5}");
	json_object_put(status);
}

Test(status, tells_about_the_daemon)
{
	struct json_object *status = status_json_new(&source, 0, &later);

	cr_expect_str_eq(json_object_get_string(json_object_object_get(status, "version")),
			 NSXATTR_VERSION);
	cr_expect_eq(json_object_get_int(json_object_object_get(status, "pid")), 77);
	cr_expect_eq(json_object_get_int(json_object_object_get(status, "worker-deaths")), 3);
	cr_expect_eq(json_object_get_int(json_object_object_get(status, "upgrades")), 2);
	cr_expect_eq(json_object_array_length(json_object_object_get(status, "latency-bounds")),
		     LATENCY_CLASSES - 1);
	cr_expect_eq(json_object_get_int64(json_object_object_get(status, "since")), 999000);
	cr_expect_eq(json_object_get_int(json_object_object_get(status, "policies")), 0);
	json_object_put(status);
}

static size_t warnings_of(bool is_guarded, char *text, size_t size)
{
	struct status_source told = source;

	told.registry = registry;
	told.policies = policies;
	told.is_guarded = is_guarded;
	struct json_object *status = status_json_new(&told, 1000, &later);
	size_t count = json_object_array_length(json_object_object_get(status, "warnings"));
	FILE *to = fmemopen(text, size, "w");

	status_show(status, later.real, to);
	fclose(to);
	json_object_put(status);
	return count;
}

Test(status, warns_of_a_kernel_that_does_not_check)
{
	char text[4096];

	cr_expect_eq(warnings_of(true, text, sizeof(text)), 0);
	cr_expect_null(strstr(text, "warning: "));
	cr_expect_eq(warnings_of(false, text, sizeof(text)), 1);
	cr_expect_not_null(strstr(text, "\nwarning: this kernel lets every user"));
	cr_expect_not_null(strstr(text, "lsm="));
}

Test(status, tells_what_the_kernel_lacks)
{
	const struct kernel_facts old = { .version = { 6, 18, 0 }, .ring_error = -EPERM };
	char text[4096];

	source.kernel = &old;
	struct json_object *status = status_json_new(&source, 1000, &later);
	struct json_object *notes = json_object_object_get(status, "notes");
	FILE *to = fmemopen(text, sizeof(text), "w");

	cr_assert_eq(json_object_array_length(notes), 2);
	cr_expect_not_null(strstr(json_object_get_string(json_object_array_get_idx(notes, 0)),
				  "io_uring is forbidden"));
	status_show(status, later.real, to);
	fclose(to);
	cr_expect_not_null(strstr(text, "\nnote: io_uring is forbidden"));
	cr_expect_not_null(strstr(text, "\nnote: this kernel does not tell the id maps"));
	json_object_put(status);
}

Test(status, tells_root_what_containers_share)
{
	struct status_source full = source;

	full.registry = registry;
	full.policies = policies;
	full.places = (struct share_pool){ 1024, 600, 500 };
	attach(RUNTIME_CRUN, "b", 1000);
	attach(RUNTIME_CRUN, "b", 1000);
	attach(RUNTIME_CRUN, "c", 0);
	struct json_object *status = status_json_new(&full, 0, &later);

	cr_expect_str_eq(json_object_to_json_string_ext(json_object_object_get(status, "pools"), 0),
			 "{\"containers\":{\"size\":100,\"taken\":2,\"of-users\":1},"
			 "\"listeners\":{\"size\":8192,\"taken\":3,\"of-users\":2},"
			 "\"places\":{\"size\":1024,\"taken\":600,\"of-users\":500}}");
	json_object_put(status);
	status = status_json_new(&full, 1000, &later);
	cr_expect_null(json_object_object_get(status, "pools"));
	json_object_put(status);
}

Test(status, tells_root_what_became_of_audit_records)
{
	struct audit_record record = { .kind = &syscall_kinds[0] };
	struct status_source audited = source;
	struct audit_log *log;

	cr_assert_eq(audit_log_open("journal", &log), 0);
	audit_log_begin(log);
	audit_log_put(log, &record, &(uint32_t){ 0 });
	audited.audit_log = log;
	attach(RUNTIME_CRUN, "a", 1000)->audit = AUDIT_REFUSALS;
	struct json_object *status = status_json_new(&audited, 0, &later);

	cr_expect_str_eq(json_object_to_json_string_ext(json_object_object_get(status, "audit"), 0),
			 "{\"log\":\"journal\",\"written\":0,\"lost\":0,\"waiting\":1}");
	json_object_put(status);
	status = status_json_new(&audited, 1000, &later);
	cr_expect_null(json_object_object_get(status, "audit"));
	cr_expect_str_eq(json_object_get_string(json_object_object_get(
				 json_object_array_get_idx(containers_of(status), 0), "audit")),
			 "refusals");
	json_object_put(status);
	audit_log_free(log);
}

Test(status, tells_users_about_their_own_containers)
{
	attach(RUNTIME_CRUN, "b", 1000);
	attach(RUNTIME_CRUN, "a", 1001);
	attach(RUNTIME_CRUN, "c", 0);
	struct json_object *status = status_json_new(&source, 0, &later);

	cr_assert_eq(json_object_array_length(containers_of(status)), 3);
	cr_expect_str_eq(id_at(status, 0), "a");
	cr_expect_str_eq(id_at(status, 1), "b");
	cr_expect_str_eq(id_at(status, 2), "c");
	json_object_put(status);
	status = status_json_new(&source, 1000, &later);
	cr_assert_eq(json_object_array_length(containers_of(status)), 1);
	cr_expect_str_eq(id_at(status, 0), "b");
	json_object_put(status);
	status = status_json_new(&source, 1002, &later);
	cr_expect_eq(json_object_array_length(containers_of(status)), 0);
	json_object_put(status);
}

Test(status, tells_which_container_has_ended)
{
	registry_retire(attach(RUNTIME_LXC, "a", 1000));
	attach(RUNTIME_LXC, "a", 1000);
	struct json_object *status = status_json_new(&source, 0, &later);
	unsigned int ended = 0;

	cr_assert_eq(json_object_array_length(containers_of(status)), 2);
	for (size_t i = 0; i < 2; i++)
		ended += json_object_object_get(json_object_array_get_idx(containers_of(status), i),
						"ended") != NULL;
	cr_expect_eq(ended, 1);
	json_object_put(status);
}

/* ---- reload ---- */

static void expect_reload(int result, bool has_revoked, const char *messages, const char *expected)
{
	static struct policies_report report;

	snprintf(report.text, sizeof(report.text), "%s", messages);
	struct json_object *answer = reload_json_new(result, has_revoked, policies, &report);

	cr_expect_str_eq(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_NOSLASHESCAPE),
			 expected);
	json_object_put(answer);
}

Test(status, tells_what_has_become_of_a_reload)
{
	expect_reload(POLICIES_LOADED, true, "", "{\"policies\":0,\"messages\":[]}");
	expect_reload(POLICIES_LOADED, true, "/a: b\n/c: d\n",
		      "{\"policies\":0,\"messages\":[\"/a: b\",\"/c: d\"]}");
	expect_reload(POLICIES_MISTAKEN, true, "/a: b\n",
		      "{\"error\":\"the policies stay as they were, for there are mistakes\","
		      "\"messages\":[\"/a: b\"]}");
	expect_reload(-5, true, "",
		      "{\"error\":\"the policies stay as they were: they cannot be read\","
		      "\"messages\":[]}");
	expect_reload(
		POLICIES_LOADED, false, "/a: b\n",
		"{\"error\":\"the revoked keys stay as they were; the policies were read anew\","
		"\"messages\":[\"/a: b\"]}");
}

/* ---- the table ---- */

static void expect_shown(struct json_object *status, time_t now, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	status_show(status, now, to);
	fclose(to);
	cr_expect_str_eq(text, expected, "expected:\n%sfound:\n%s", expected, text);
	free(text);
	json_object_put(status);
}

static void expect_text(const char *json, const char *expected)
{
	expect_shown(json_tokener_parse(json), 1000000, expected);
}

Test(status, shows_a_line_if_there_is_no_container)
{
	expect_text("{\"version\": \"1.2\", \"pid\": 7, \"since\": 999990, \"policies\": 1, "
		    "\"containers\": []}",
		    "nsxattrd 1.2, pid 7, up 10s; 1 policy; 0 containers\n");
}

Test(status, shows_what_became_of_audit_records)
{
	expect_text("{\"version\": \"1.2\", \"pid\": 7, \"since\": 999990, \"policies\": 1, "
		    "\"audit\": {\"log\": \"/log\", \"written\": 0, \"lost\": 2, \"waiting\": 1}, "
		    "\"containers\": []}",
		    "nsxattrd 1.2, pid 7, up 10s; 1 policy; 0 containers\n"
		    "audit: /log has 0 records, 2 are lost, 1 wait\n");
	expect_text("{\"version\": \"1.2\", \"pid\": 7, \"since\": 999990, \"policies\": 1, "
		    "\"audit\": {\"log\": \"/log\", \"written\": 0, \"lost\": 0, \"waiting\": 0}, "
		    "\"containers\": []}",
		    "nsxattrd 1.2, pid 7, up 10s; 1 policy; 0 containers\n");
}

Test(status, shows_of_what_little_is_left)
{
	expect_text("{\"version\": \"1.2\", \"pid\": 7, \"since\": 999990, \"policies\": 1, "
		    "\"pools\": {\"containers\": {\"size\": 8, \"taken\": 4, \"of-users\": 2}, "
		    "\"listeners\": {\"size\": 8, \"taken\": 5, \"of-users\": 0}, "
		    "\"places\": {\"size\": 8, \"taken\": 3, \"of-users\": 3}}, "
		    "\"containers\": []}",
		    "nsxattrd 1.2, pid 7, up 10s; 1 policy; 0 containers\n"
		    "listeners: 5 of 8, 0 of them of plain users\n"
		    "calls beside the first of each container: 3 of 8, 3 of them of plain users\n");
}

Test(status, shows_containers_in_columns)
{
	struct container *container = attach(RUNTIME_LXC, "dc", 0);
	char expected[1024];

	container->counters.requests = 123456;
	container->counters.errors = 7;
	container->counters.places = 128;
	container_set_name(
		attach(RUNTIME_CRUN,
		       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		       4000000000),
		"samba-dc");
	snprintf(
		expected, sizeof(expected),
		"nsxattrd " NSXATTR_VERSION ", pid %d, up 16m; 0 policies; 2 containers\n\n"
		"RUNTIME  CONTAINER     NAME      OWNER       POLICY   MAP  AGE  LISTENERS    REQ/S  IN FLIGHT"
		"  REQUESTS  ERRORS\n"
		"crun     0123456789ab  samba-dc  4000000000  default  -    10s          1      0.0          0"
		"         0       0\n"
		"lxc      dc            dc        root        default  -    10s          1  12345.6      0/128"
		"    123456       7\n",
		77);
	expect_shown(status_json_new(&source, 0, &later), later.real, expected);
}

Test(status, shows_why_calls_failed)
{
	expect_text(
		"{\"version\": \"1.2\", \"pid\": 7, \"since\": 999990, \"policies\": 1, "
		"\"containers\": [{\"id\": \"a\", \"reasons\": {\"absent\": 7, \"rule-hide\": 1}}, "
		"{\"id\": \"b\", \"reasons\": {}}]}",
		"nsxattrd 1.2, pid 7, up 10s; 1 policy; 2 containers\n\n"
		"RUNTIME  CONTAINER  NAME  OWNER  POLICY  MAP  AGE  LISTENERS  REQ/S  IN FLIGHT  "
		"REQUESTS  ERRORS\n"
		"-        a          -     root   -       -    11d          -      -          -  "
		"       -       -\n"
		"-        b          -     root   -       -    11d          -      -          -  "
		"       -       -\n\n"
		"a: reasons: 7 absent, 1 rule-hide\n");
}

Test(status, shows_what_is_judged)
{
	expect_text(
		"{\"version\": \"1.2\", \"pid\": 7, \"since\": 999990, \"policies\": 1, "
		"\"containers\": [{\"id\": \"a\", \"integrity\": {\"mode\": \"log\", \"files\": 9, "
		"\"known\": 4, \"verdicts\": {\"valid\": 5, \"invalid-hash\": 1}, "
		"\"measurements\": 6, \"violations\": 0, \"missed\": 0, "
		"\"keyids\": [\"00c0ffee\"], \"revoked-keyids\": []}}]}",
		"nsxattrd 1.2, pid 7, up 10s; 1 policy; 1 container\n\n"
		"RUNTIME  CONTAINER  NAME  OWNER  POLICY  MAP  AGE  LISTENERS  REQ/S  IN FLIGHT  "
		"REQUESTS  ERRORS\n"
		"-        a          -     root   -       -    11d          -      -          -  "
		"       -       -\n\n"
		"a: integrity log: 9 files executed or mapped, 4 of them as before\n"
		"    verdicts: 5 valid, 1 invalid-hash\n"
		"    measurements: 6, violations 0, missed 0\n"
		"    keyids: 00c0ffee\n"
		"    revoked keyids: none\n");
}

Test(status, shows_what_the_gate_has_refused)
{
	expect_text(
		"{\"version\": \"1.2\", \"pid\": 7, \"since\": 999990, \"policies\": 1, "
		"\"containers\": [{\"id\": \"a\", \"integrity\": {\"mode\": \"enforce\", \"files\": 1, "
		"\"known\": 0, \"verdicts\": {\"valid\": 1}, \"refused-by-gate\": 3, "
		"\"measurements\": 1, \"violations\": 0, \"missed\": 0, "
		"\"keyids\": [], \"revoked-keyids\": []}}]}",
		"nsxattrd 1.2, pid 7, up 10s; 1 policy; 1 container\n\n"
		"RUNTIME  CONTAINER  NAME  OWNER  POLICY  MAP  AGE  LISTENERS  REQ/S  IN FLIGHT  "
		"REQUESTS  ERRORS\n"
		"-        a          -     root   -       -    11d          -      -          -  "
		"       -       -\n\n"
		"a: integrity enforce: 1 files executed or mapped, 0 of them as before\n"
		"    verdicts: 1 valid\n"
		"    refused by the gate alone: 3\n"
		"    measurements: 1, violations 0, missed 0\n"
		"    keyids: none\n"
		"    revoked keyids: none\n");
}

Test(status, shows_no_bytes_that_steer_a_terminal)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	struct json_object *status = json_tokener_parse(
		"{\"version\": \"\\u001b[2J\", \"containers\": [{\"id\": \"a\\u001b]0;x\\u0007\xc2\x9b\", "
		"\"policy\": 7}, [], 3, null]}");

	cr_assert_not_null(status);
	status_show(status, 0, to);
	fclose(to);
	for (size_t i = 0; i < size; i++)
		cr_expect(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
	cr_expect(strstr(text, "a?]0;x?"), "%s", text);
	free(text);
	json_object_put(status);
}

Test(status, shows_long_names_cut)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	attach(RUNTIME_CRUN, "a-name-that-is-longer-than-anybody-has-use-for", 0);
	struct json_object *status = status_json_new(&source, 0, &later);

	status_show(status, 0, to);
	fclose(to);
	cr_expect(strstr(text, " a-name-that-is-longer-than-an...  "), "%s", text);
	free(text);
	json_object_put(status);
}
