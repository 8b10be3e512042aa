/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A table of checks, one after the other. A check adds findings, and none ends the others. All that is asked answers
 * within a deadline, or is asked by a child that is left behind. Nothing is changed; but a daemon whose sockets are the
 * service manager's is started by being asked, as a runtime starts it.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/subid.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/doctor_parts.h"
#include "cli/hook.h"
#include "cli/options.h"
#include "cli/output.h"
#include "daemon/control_call.h"
#include "daemon/policies.h"

/* Milliseconds for the daemon's answer. */
#define DEADLINE 3000

static const struct schema_word runtimes[] = {
	{ "podman", DOCTOR_PODMAN }, { "crun", DOCTOR_CRUN },
	{ "runc", DOCTOR_RUNC },     { "lxc", DOCTOR_LXC },
	{ "docker", DOCTOR_DOCKER }, { "containerd", DOCTOR_CONTAINERD },
};

struct doctor_request {
	struct doctor doctor;
	const char *settings; /* NULL: CONFIG_PATH */
};

#define DOCTOR_TEXT(member) INTO_TEXT(struct doctor_request, doctor.member)
#define DOCTOR_PATH(member) INTO_PATH(struct doctor_request, doctor.member)

static const struct option_row rows[] = {
	{ "runtime", 0, NULL, "that is to work: what is in its way is a failure",
	  INTO_WORD(struct doctor_request, doctor.runtime, runtimes) },
	{ "container", 0, "NAME", "one that was, or should be, started: its name or id",
	  DOCTOR_TEXT(container) },
	{ "pid", 0, "PID", "a process in a container",
	  INTO_NUMBER(struct doctor_request, doctor.pid, 1, 0x7fffffff) },
	{ "file", 0, "PATH", "in that container, on which a call fails", DOCTOR_PATH(file) },
	{ "policy", 'p', "NAME", "would nsxattrd serve this user's containers by it?",
	  DOCTOR_TEXT(policy) },
	{ "hooks-dir", 0, "FOLDER", "as podman is told", DOCTOR_TEXT(hooks) },
	{ "lxcpath", 'P', "FOLDER", "as lxc-start is told", DOCTOR_PATH(lxc_path) },
	{ "profile", 0, "FILE", "a seccomp profile of 'nsxattr profile'", DOCTOR_TEXT(profile) },
	{ "config", 'c', "FILE", "nsxattrd's settings, if not " CONFIG_PATH,
	  INTO_TEXT(struct doctor_request, settings) },
	{ "control", 0, "PATH", "its control socket, if not as in the settings",
	  DOCTOR_TEXT(control) },
	{ "json", 0, NULL, "say it for programs",
	  INTO_FLAG(struct doctor_request, doctor.is_json) },
};

static const struct option_table table = {
	.command = "nsxattr doctor",
	.operands = "",
	.about = "Say what is wrong on this host, or with one container, and what to do about it.\n"
		 "Nothing is changed. An ordinary user is told what could not be looked at.\n"
		 "Exit status: 0 if nothing is wrong, 1 with warnings, 2 with failures.",
	OPTION_ROWS(rows),
};

static const struct doctor_check {
	const char *name;
	void (*run)(struct doctor *doctor);
} checks[] = {
	{ "daemon.settings", doctor_daemon_settings },
	{ "daemon.policies", doctor_daemon_policies },
	{ "daemon.answer", doctor_daemon_answers },
	{ "daemon.health", doctor_daemon_health },
	{ "daemon.socket", doctor_daemon_sockets },
	{ "daemon.policy", doctor_daemon_policy },
	{ "kernel.release", doctor_kernel_release },
	{ "kernel.filter", doctor_kernel_filter },
	{ "kernel.security", doctor_kernel_security },
	{ "kernel.facts", doctor_kernel_facts },
	{ "kernel.enforce", doctor_kernel_enforce },
	{ "kernel.sysctl", doctor_kernel_settings },
	{ "ids.overlap", doctor_ids_overlaps },
	{ "ids.own", doctor_ids_own },
	{ "ids.containers", doctor_ids_containers },
	{ "ids.programs", doctor_ids_programs },
	{ "podman.hooks", doctor_podman_hooks },
	{ "lxc.hook", doctor_lxc_hook },
	{ "engine.profile", doctor_engine_profiles },
	{ "engine.docker", doctor_engine_docker },
	{ "hook.refused", doctor_refused_starts },
	{ "process", doctor_process },
};

static void find_daemon(struct doctor *doctor)
{
	const struct config *config = doctor->config;

	if (!doctor->control)
		doctor->control = config->control.path ? config->control.path :
							 CONFIG_CONTROL_SOCKET;
	doctor->oci.control = doctor->lxc.control = doctor->control;
	hook_complete(&doctor->oci, config,
		      config->oci.path ? config->oci.path : CONFIG_OCI_SOCKET);
	hook_complete(&doctor->lxc, config,
		      config->lxc.path ? config->lxc.path : CONFIG_LXC_SOCKET);
	doctor->status_error = control_call(doctor->control, "status", DEADLINE, &doctor->status);
	/* Hooks would wait for it. */
	if (!doctor->status)
		doctor->oci.control = doctor->lxc.control = NULL;
}

static void examine(struct doctor *doctor)
{
	find_daemon(doctor);
	for (size_t i = 0; i < COUNT_OF(checks); i++) {
		doctor->findings.check = checks[i].name;
		checks[i].run(doctor);
	}
}

static int report(const struct doctor *doctor)
{
	int status = findings_status(&doctor->findings);
	struct findings_look look;

	if (doctor->findings.is_cut)
		log_error("out of memory");
	if (doctor->is_json) {
		output_json(findings_json_new(&doctor->findings));
		return output_end(status, STATUS_FAILED);
	}
	findings_look_of(STDOUT_FILENO, &look);
	findings_show(&doctor->findings, &look, stdout);
	return output_end(status, STATUS_FAILED);
}

static void release(struct doctor *doctor)
{
	json_object_put(doctor->status);
	policies_free(doctor->policies);
	findings_done(&doctor->findings);
}

int cli_doctor(int argc, char **argv)
{
	__attribute__((cleanup(config_done))) struct config_file file = { 0 };
	struct doctor_request request = { .doctor = { .subuid = SUBUID_FILE,
						      .subgid = SUBGID_FILE } };
	struct doctor *doctor = &request.doctor;
	struct diagnostics diagnostics = { 0 };
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &request, &operands, &status))
		return status;
	doctor->config_result = config_read(request.settings, &file, &diagnostics);
	doctor->config = doctor->config_result == CONFIG_LOADED ? &file.config : config_defaults();
	doctor->diagnostics = &diagnostics;
	examine(doctor);
	status = report(doctor);
	release(doctor);
	return status;
}
