/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_DOCTOR_PARTS_H
#define NSXATTR_CLI_DOCTOR_PARTS_H

/*
 * The checks of 'nsxattr doctor': each adds what it finds, changes nothing, and leaves the others to themselves. Where
 * a program of ours decides, the check calls what that program calls.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/findings.h"
#include "daemon/config.h"
#include "hook/presence.h"

struct json_object;
struct kernel_facts;
struct policies;
struct refused_starts;

/* The runtimes that a user may ask about, as bits. */
enum doctor_runtime {
	DOCTOR_PODMAN = 1 << 0,
	DOCTOR_CRUN = 1 << 1,
	DOCTOR_RUNC = 1 << 2,
	DOCTOR_LXC = 1 << 3,
	DOCTOR_CONTAINERD = 1 << 4,
	DOCTOR_DOCKER = 1 << 5,
};

#define DOCTOR_ALL 0x3f
#define DOCTOR_OCI (DOCTOR_ALL & ~DOCTOR_LXC)

/** struct doctor - one run of all checks */
struct doctor {
	/* what the command line says */
	uint32_t runtime; /* one of enum doctor_runtime; 0: none was named */
	const char *container; /* NULL: none */
	uint32_t pid; /* 0: none */
	const char *policy; /* NULL: none */
	const char *file; /* NULL: none */
	const char *hooks; /* podman's --hooks-dir; NULL */
	const char *lxc_path; /* of lxc-start -P; NULL */
	const char *profile; /* of seccomp; NULL */
	const char *control; /* NULL: as in the settings */
	bool is_json;
	/* what is known of this host */
	const struct config *config;
	int config_result; /* of config_read() */
	const struct diagnostics *diagnostics; /* of it */
	struct hook_daemon oci, lxc; /* where hooks look for the daemon */
	struct json_object *status; /* of the daemon; NULL: it has not answered */
	int status_error; /* of control_call() */
	struct policies *policies; /* that this user can read; NULL: none */
	const char *subuid, *subgid; /* files */
	struct findings findings;
};

/** doctor_is_about() - does the user want to know of one of these runtimes? */
static inline bool doctor_is_about(const struct doctor *doctor, unsigned int runtimes)
{
	return doctor->runtime == 0 || (doctor->runtime & runtimes) != 0;
}

/** doctor_level() - Return: of a fault that matters to these runtimes only: a failure if one of them was named */
static inline enum finding_level doctor_level(const struct doctor *doctor, unsigned int runtimes)
{
	return (doctor->runtime & runtimes) != 0 ? FINDING_FAIL : FINDING_WARN;
}

/* ---- the kernel ---- */

void doctor_kernel_release(struct doctor *doctor);
void doctor_kernel_filter(struct doctor *doctor);
void doctor_kernel_security(struct doctor *doctor);
void doctor_kernel_facts(struct doctor *doctor);
void doctor_kernel_enforce(struct doctor *doctor);
void doctor_kernel_settings(struct doctor *doctor);

/** doctor_judge_release() - of a version, by the text of uname(2) */
void doctor_judge_release(struct findings *findings, const char *release,
			  const unsigned int version[3]);

/** doctor_judge_facts() - @is_root: it could try */
void doctor_judge_facts(struct findings *findings, const struct kernel_facts *facts, bool is_root);

/* ---- the daemon ---- */

void doctor_daemon_settings(struct doctor *doctor);
void doctor_daemon_policies(struct doctor *doctor);
void doctor_daemon_answers(struct doctor *doctor);
void doctor_daemon_health(struct doctor *doctor);
void doctor_daemon_sockets(struct doctor *doctor);
void doctor_daemon_policy(struct doctor *doctor);

/* ---- ids ---- */

void doctor_ids_overlaps(struct doctor *doctor);
void doctor_ids_own(struct doctor *doctor);
void doctor_ids_containers(struct doctor *doctor);
void doctor_ids_programs(struct doctor *doctor);

/* ---- runtimes ---- */

void doctor_podman_hooks(struct doctor *doctor);
void doctor_lxc_hook(struct doctor *doctor);
void doctor_engine_profiles(struct doctor *doctor);
void doctor_engine_docker(struct doctor *doctor);

/* ---- a container ---- */

void doctor_refused_starts(struct doctor *doctor);

/** doctor_judge_refused() - of those that were read */
void doctor_judge_refused(struct doctor *doctor, const struct refused_starts *starts);

/** doctor_process() - all of its checks: one that cannot be found has nothing that could be checked */
void doctor_process(struct doctor *doctor);

#endif
