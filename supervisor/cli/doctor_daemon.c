/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/version.h"
#include "count_of.h"
#include "daemon/control_call.h"
#include "daemon/policies_load.h"
#include "daemon/policy_folders.h"
#include "hook/admission.h"
#include "policy.h"
#include "yaml/diagnostic.h"

#define START_IT \
	"'systemctl start nsxattrd', or 'nsxattrd' as root; its log says why if it ends again"

/* ---- its files ---- */

void doctor_daemon_settings(struct doctor *doctor)
{
	struct findings *findings = &doctor->findings;
	const struct diagnostics *mistakes = doctor->diagnostics;

	if (doctor->config_result == CONFIG_LOADED) {
		findings_add(findings, FINDING_OK, "the settings can be read");
	} else if (doctor->config_result == -EACCES) {
		findings_add(
			findings, FINDING_UNSEEN,
			"this user may not read the settings: the defaults are taken for them");
	} else if (doctor->config_result == CONFIG_MISTAKEN && mistakes->count > 0) {
		findings_add(findings, FINDING_FAIL,
			     "mistake in the settings, line %u, column %u: %s",
			     mistakes->entries[0].line, mistakes->entries[0].column,
			     mistakes->entries[0].text);
		findings_remedy(findings,
				"mend it, nsxattrd.yaml(5); nsxattrd does not start with it");
	} else {
		findings_add(findings, FINDING_FAIL, "cannot read the settings: %s",
			     strerror(-doctor->config_result));
		findings_remedy(findings, "make %s a file that root can read", CONFIG_PATH);
	}
}

/* The first lines: the remedy shows the others. */
static void add_report(struct findings *findings, const struct policies_report *report)
{
	const char *text = report->text;

	findings_add(findings, FINDING_FAIL, "%.*s", (int)strcspn(text, "\n"), text);
	findings_remedy(findings,
			"'nsxattr check' of the file says all; until then nsxattrd starts with no "
			"policy, or keeps those that it has");
}

void doctor_daemon_policies(struct doctor *doctor)
{
	_cleanup_free_ struct policies_report *report = calloc(1, sizeof(*report));
	struct policy_folders folders;
	struct policies_source source;
	int r;

	policy_folders_init(&folders, doctor->config->policies);
	r = policies_source_open(doctor->config->policies, folders.paths[1], &source);
	if (r == -EACCES)
		findings_add(&doctor->findings, FINDING_UNSEEN,
			     "this user may not look into %s, where the policies are",
			     doctor->config->policies);
	if (r < 0 || !report)
		return;
	source.default_policy = doctor->config->default_policy;
	r = policies_load(&source, &doctor->policies, report);
	policies_source_done(&source);
	if (r == POLICIES_LOADED)
		findings_add(&doctor->findings, FINDING_OK, "%zu polic%s in %s, without a mistake",
			     doctor->policies->file_count,
			     doctor->policies->file_count == 1 ? "y" : "ies",
			     doctor->config->policies);
	else if (r == POLICIES_MISTAKEN)
		add_report(&doctor->findings, report);
	else
		findings_add(&doctor->findings, FINDING_UNSEEN,
			     "cannot read the policies in %s: %s", doctor->config->policies,
			     strerror(-r));
}

/* ---- its answer ---- */

static void compare_versions(struct doctor *doctor)
{
	const char *version = json_text_of(doctor->status, "version");

	if (strcmp(version, NSXATTR_VERSION) == 0) {
		findings_add(&doctor->findings, FINDING_OK, "nsxattrd %s answers, pid %" PRId64,
			     version,
			     json_object_get_int64(json_object_object_get(doctor->status, "pid")));
		return;
	}
	findings_add(&doctor->findings, FINDING_WARN,
		     "nsxattrd is version %s, and this program, which hooks start, is %s", version,
		     NSXATTR_VERSION);
	findings_remedy(
		&doctor->findings,
		"'nsxattr reload --binary', or 'systemctl restart nsxattrd'; containers do not notice");
}

void doctor_daemon_answers(struct doctor *doctor)
{
	struct findings *findings = &doctor->findings;
	int r = doctor->status_error;

	if (r == 0 && !control_refusal(doctor->status)) {
		compare_versions(doctor);
		return;
	}
	if (r == 0) {
		findings_add(findings, FINDING_FAIL, "nsxattrd refuses to tell its status: %s",
			     control_refusal(doctor->status));
		findings_remedy(findings, "'systemctl restart nsxattrd'");
		return;
	}
	findings_add(findings, r == -EACCES ? FINDING_UNSEEN : FINDING_FAIL, "cannot ask %s: %s",
		     doctor->control, control_call_fault(r));
	if (r == -ENOENT || r == -ECONNREFUSED)
		findings_remedy(findings, START_IT);
	else if (r == -ETIMEDOUT || r == -EBUSY)
		findings_remedy(findings, "its log; then 'systemctl restart nsxattrd'");
	else if (r == -EACCES)
		findings_remedy(
			findings,
			"'mode' and 'group' of control-socket in nsxattrd.yaml say who may ask");
	else
		findings_remedy(findings, "'systemctl status nsxattrd'");
}

/* ---- how it is ---- */

static void judge_container(struct findings *findings, struct json_object *container)
{
	uint64_t stuck = json_number_of(container, "stuck");

	if (stuck == 0)
		return;
	findings_add(findings, FINDING_WARN, "container %s: %" PRIu64 " calls are stuck",
		     json_text_of(container, "id"), stuck);
	findings_remedy(
		findings,
		"look for a file system of the container's that does not answer (FUSE, NFS)");
}

void doctor_daemon_health(struct doctor *doctor)
{
	struct json_object *status = doctor->status;
	struct json_object *warnings = json_object_object_get(status, "warnings");
	struct json_object *containers = json_object_object_get(status, "containers");
	uint64_t deaths = json_number_of(status, "worker-deaths");

	for (size_t i = 0; i < json_length_of(warnings); i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(warnings, i));

		findings_add_sentence(&doctor->findings, FINDING_WARN, text ? text : "");
	}
	if (deaths > 0) {
		findings_add(&doctor->findings, FINDING_WARN,
			     "its worker has died %" PRIu64 " times, and was replaced", deaths);
		findings_remedy(&doctor->findings, "'journalctl -u nsxattrd' says of what");
	}
	for (size_t i = 0; i < json_length_of(containers); i++)
		judge_container(&doctor->findings, json_object_array_get_idx(containers, i));
	if (status)
		findings_add(&doctor->findings, FINDING_OK, "it serves %zu container%s%s",
			     json_length_of(containers), json_length_of(containers) == 1 ? "" : "s",
			     geteuid() == 0 ? "" : " of this user");
}

/* ---- its sockets ---- */

/** struct listening - a socket, and what it is for */
struct listening {
	const char *name; /* in the settings */
	const char *path; /* NULL: there is none */
	int type;
	unsigned int runtimes;
};

static void explain_silence(struct findings *findings, const struct listening *place, int error)
{
	if (error == -EACCES) {
		findings_add(findings, FINDING_FAIL, "%s is not for user %u", place->path,
			     (unsigned int)geteuid());
		findings_remedy(findings, "'mode' and 'group' of %s in nsxattrd.yaml", place->name);
	} else if (error == -ENOENT || error == -ECONNREFUSED) {
		findings_add(findings, FINDING_FAIL, "nsxattrd does not listen at %s", place->path);
		findings_remedy(findings, START_IT);
	} else {
		findings_add(findings, FINDING_FAIL, "cannot connect to %s: %s", place->path,
			     strerror(-error));
		findings_remedy(findings, "'systemctl restart nsxattrd'");
	}
}

static void judge_socket(struct findings *findings, const struct listening *place)
{
	struct stat stat;

	if (!place->path) {
		findings_add(findings, FINDING_WARN, "the settings have no %s", place->name);
		findings_remedy(findings, "%s: { path: … } in nsxattrd.yaml", place->name);
		return;
	}
	int r = presence_check(place->path, place->type);

	if (r < 0) {
		explain_silence(findings, place, r);
	} else if (lstat(place->path, &stat) == 0 && stat.st_uid != 0 && stat.st_uid != geteuid()) {
		findings_add(
			findings, FINDING_FAIL,
			"%s belongs to user %u, who could read what containers say and answer as "
			"they like",
			place->path, (unsigned int)stat.st_uid);
		findings_remedy(findings,
				"nsxattrd by root, in a folder where only root can write");
	} else {
		findings_add(findings, FINDING_OK, "%s is open to this user", place->path);
	}
}

void doctor_daemon_sockets(struct doctor *doctor)
{
	const struct listening places[] = {
		{ "oci-socket", doctor->config->oci.path, SOCK_STREAM, DOCTOR_OCI },
		{ "lxc-socket", doctor->config->lxc.path, SOCK_SEQPACKET, DOCTOR_LXC },
	};

	for (size_t i = 0; i < COUNT_OF(places); i++)
		if (doctor_is_about(doctor, places[i].runtimes))
			judge_socket(&doctor->findings, &places[i]);
}

/* ---- a policy ---- */

static unsigned int runtimes_of(const struct doctor *doctor)
{
	if (doctor->runtime == DOCTOR_LXC)
		return RUNTIME_LXC;
	if (doctor->runtime == DOCTOR_CRUN)
		return RUNTIME_CRUN;
	return RUNTIME_RUNC |
	       (doctor->runtime == DOCTOR_PODMAN ? RUNTIME_PODMAN | RUNTIME_CRUN : 0);
}

/* When the daemon cannot be asked. */
static void find_policy(struct doctor *doctor)
{
	char sentence[POLICY_FOLDERS_SENTENCE_SIZE];
	struct policy_folders folders;
	_cleanup_free_ char *path = NULL;

	policy_folders_init(&folders, doctor->config->policies);
	if (policy_builtin(doctor->policy) ||
	    policy_folders_find(&folders, doctor->policy, &path) != POLICY_FOLDERS_UNKNOWN) {
		findings_add(&doctor->findings, FINDING_UNSEEN,
			     "whether nsxattrd would serve by the policy '%s' only it can say",
			     doctor->policy);
		return;
	}
	policy_folders_explain(&folders, doctor->policy, sentence);
	findings_add(&doctor->findings, FINDING_FAIL, "%s", sentence);
	findings_remedy(&doctor->findings, "'nsxattr policies' lists all");
}

void doctor_daemon_policy(struct doctor *doctor)
{
	const struct admission_question question = {
		.control = doctor->status ? doctor->control : NULL,
		.policy = doctor->policy,
		.runtimes = runtimes_of(doctor),
		.id = "",
		.name = doctor->container ? doctor->container : "",
	};
	char sentence[ADMISSION_SENTENCE_SIZE];
	struct admission admission;

	if (!doctor->policy)
		return;
	switch (admission_ask(&question, &admission, sentence)) {
	case ADMISSION_GRANTED:
		findings_add(&doctor->findings, FINDING_OK,
			     "nsxattrd would serve a container of this user by the policy '%s'",
			     doctor->policy);
		break;
	case ADMISSION_REFUSED:
		findings_add(&doctor->findings, FINDING_FAIL, "%s", sentence);
		findings_remedy(&doctor->findings,
				"'nsxattr policies' lists all, and which ones are "
				"for this user (allow-users)");
		break;
	case ADMISSION_UNASKED:
	default:
		find_policy(doctor);
	}
}
