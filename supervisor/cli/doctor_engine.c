/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd, CRI-O and docker take a container's listener from a seccomp profile. One that an older nsxattr has made,
 * or another program, lets calls pass that nsxattrd should see. The kubelet's folder is known; a profile for docker is
 * wherever the user has put it.
 */
#include "cli/doctor_parts.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "base/text_file.h"
#include "cli/docker_version.h"
#include "count_of.h"
#include "daemon/policies.h"
#include "hook/exec_rules.h"
#include "hook/json_value.h"
#include "hook/seccomp_profile.h"
#include "hook/seccomp_rules.h"

#define PROFILE_MAX (4 << 20)
#define PROFILES_MAX 256
#define KUBELETS "/var/lib/kubelet/seccomp"
#define KUBELETS_DEPTH 3
#define DOCKERS "/etc/docker/daemon.json"
/* The first that hands listenerPath of a profile on. */
#define DOCKER_LEAST 23
#define AGAIN "print it again with 'nsxattr profile', and have containers started with that"

/** struct profile - one that was read */
struct profile {
	const char *path;
	struct json_object *section;
};

/* ---- what it says ---- */

/* Is the call in a rule of this action, whatever its arguments? */
static bool is_in_rule(const struct json_object *section, const char *call, const char *action)
{
	struct json_object *rules = json_value_member(section, "syscalls", json_type_array);

	for (size_t i = 0; rules && i < json_object_array_length(rules); i++) {
		const struct json_object *rule = json_object_array_get_idx(rules, i);
		struct json_object *names = json_value_member(rule, "names", json_type_array);

		if (names && json_value_has_text(names, call) &&
		    seccomp_action_is(json_value_text(rule, "action"), action))
			return true;
	}
	return false;
}

/* Return: the first of the twelve old calls that nsxattrd would not see; NULL: it sees all. */
static const char *missing_call(const struct json_object *section)
{
	for (size_t i = 0; i < SYSCALL_OLD_COUNT; i++)
		if (!is_in_rule(section, syscall_kinds[i].name, SECCOMP_NOTIFY))
			return syscall_kinds[i].name;
	return NULL;
}

/* Return: the first of the newer calls that passes by; NULL: none does. */
static const char *passing_call(const struct json_object *section)
{
	if (!xattrat_is_there())
		return NULL;
	for (size_t i = SYSCALL_OLD_COUNT; i < SYSCALL_COUNT; i++)
		if (is_in_rule(section, syscall_kinds[i].name, SECCOMP_ALLOW))
			return syscall_kinds[i].name;
	return NULL;
}

static bool judge_calls(struct findings *findings, const struct profile *profile)
{
	const char *missing = missing_call(profile->section);
	const char *passing = missing ? NULL : passing_call(profile->section);

	if (!missing && !passing)
		return true;
	findings_add(findings, FINDING_FAIL, "the profile %s does not hand '%s' to nsxattrd",
		     profile->path, missing ? missing : passing);
	findings_remedy(findings, AGAIN);
	return false;
}

static bool judge_socket(struct doctor *doctor, const struct profile *profile)
{
	const char *listener = json_value_text(profile->section, "listenerPath");

	if (listener && strcmp(listener, doctor->oci.socket) == 0)
		return true;
	if (listener)
		findings_add(&doctor->findings, FINDING_FAIL,
			     "the profile %s names the socket %s, and nsxattrd listens at %s",
			     profile->path, listener, doctor->oci.socket);
	else
		findings_add(
			&doctor->findings, FINDING_FAIL,
			"the profile %s names no socket (listenerPath): it does not come from 'nsxattr "
			"profile'",
			profile->path);
	findings_remedy(&doctor->findings, AGAIN);
	return false;
}

/* What the policy wants to see. @policy: NULL: nsxattrd chooses one. */
static bool judge_policy(struct doctor *doctor, const struct profile *profile,
			 const struct policy *policy)
{
	struct exec_edit exec = { 0 };

	if (policy)
		exec_edit_of(&policy->integrity, &exec);
	const char *lacking = exec_rules_lacking(profile->section, &exec);

	if (lacking) {
		findings_add(
			&doctor->findings, FINDING_FAIL,
			"the policy '%s' judges what is executed, and the profile %s lets %s pass",
			policy->name, profile->path, lacking);
		findings_remedy(&doctor->findings, AGAIN);
		return false;
	}
	if (is_in_rule(profile->section, "io_uring_setup", SECCOMP_ALLOW) &&
	    !(policy && policy->allow_io_uring)) {
		findings_add(
			&doctor->findings, FINDING_WARN,
			"the profile %s allows io_uring, whose attribute calls nsxattrd does not see",
			profile->path);
		findings_remedy(&doctor->findings, AGAIN);
		return false;
	}
	return true;
}

/* Return: false: it names one that is not there, which has been said. */
static bool find_policy(struct doctor *doctor, const struct profile *profile,
			const struct policy **ret_policy)
{
	const char *name = json_value_text(profile->section, "listenerMetadata");
	const struct listed_policy *listed =
		name && *name && doctor->policies ? policies_find(doctor->policies, name) : NULL;

	*ret_policy = listed ? listed->shared->policy : NULL;
	if (listed || !name || !*name || !doctor->policies)
		return true;
	findings_add(&doctor->findings, FINDING_FAIL,
		     "the profile %s names the policy '%s', which is not there", profile->path,
		     name);
	findings_remedy(&doctor->findings, "'nsxattr policies' lists all");
	return false;
}

static void judge(struct doctor *doctor, const struct profile *profile)
{
	const struct policy *policy;
	bool is_right = judge_socket(doctor, profile);

	is_right &= judge_calls(&doctor->findings, profile);
	if (find_policy(doctor, profile, &policy) && judge_policy(doctor, profile, policy) &&
	    is_right)
		findings_add(&doctor->findings, FINDING_OK, "the profile %s hands over all calls",
			     profile->path);
}

/* ---- the files ---- */

/* @is_named: by the user; others are passed over when they are not ours */
static void judge_file(struct doctor *doctor, const char *path, bool is_named)
{
	_cleanup_json_value_ struct json_object *section = NULL;
	char sentence[SECCOMP_PROFILE_SENTENCE_SIZE] = "cannot be read";
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	int r = text_file_read(path, PROFILE_MAX, &text, &length);

	if (r == TEXT_FILE_READ)
		r = seccomp_profile_read(&(struct json_text){ text, length }, &section, sentence) ==
				    SECCOMP_PROFILE_DONE ?
			    TEXT_FILE_READ :
			    0;
	if (r != TEXT_FILE_READ && is_named) {
		findings_add(&doctor->findings, FINDING_FAIL, "the profile %s: %s", path,
			     r < 0 ? strerror(-r) : sentence);
		findings_remedy(&doctor->findings, "a file that 'nsxattr profile' has printed");
	}
	if (section && (is_named || json_value_text(section, "listenerPath")))
		judge(doctor, &(struct profile){ path, section });
}

static size_t judge_folder(struct doctor *doctor, const char *folder, unsigned int depth)
{
	DIR *files = depth > 0 ? opendir(folder) : NULL;
	const struct dirent *entry;
	char path[PATH_MAX];
	size_t count = 0;

	while (files && (entry = readdir(files)) != NULL && count < PROFILES_MAX) {
		if (entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= PATH_MAX)
			continue;
		if (entry->d_type == DT_DIR)
			count += judge_folder(doctor, path, depth - 1);
		else
			judge_file(doctor, path, false);
		count++;
	}
	if (files)
		closedir(files);
	return count;
}

void doctor_engine_profiles(struct doctor *doctor)
{
	if (doctor->profile)
		judge_file(doctor, doctor->profile, true);
	else if (doctor_is_about(doctor, DOCTOR_CONTAINERD))
		(void)judge_folder(doctor, KUBELETS, KUBELETS_DEPTH);
}

/* ---- docker ---- */

static void check_docker_settings(struct doctor *doctor)
{
	_cleanup_json_value_ struct json_object *settings = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	if (text_file_read(DOCKERS, PROFILE_MAX, &text, &length) == TEXT_FILE_READ)
		(void)json_value_read(&(struct json_text){ text, length }, &settings);
	if (settings && json_value_text(settings, "userns-remap")) {
		findings_add(&doctor->findings, FINDING_OK, DOCKERS " has userns-remap");
		return;
	}
	findings_add(&doctor->findings, FINDING_FAIL,
		     DOCKERS
		     " has no userns-remap: containers are in the host's user namespace, where "
		     "nsxattrd keeps nothing apart");
	findings_remedy(&doctor->findings, "\"userns-remap\": \"default\" there");
}

/* The version is what a program at the socket says: bytes of any kind are not shown, digits are. */
static void check_docker_version(struct doctor *doctor)
{
	struct findings *findings = &doctor->findings;
	char version[DOCKER_VERSION_SIZE];
	int r = docker_version_ask(DOCKER_SOCKET, version);
	unsigned long major = r < 0 ? 0 : strtoul(version, NULL, 10);

	if (r < 0) {
		findings_add(findings, FINDING_UNSEEN,
			     "the version of Docker is not known: cannot ask %s: %s", DOCKER_SOCKET,
			     strerror(-r));
	} else if (major < DOCKER_LEAST) {
		findings_add(findings, FINDING_FAIL,
			     "dockerd is of version %lu, which drops listenerPath of a profile: "
			     "nsxattrd gets no listener",
			     major);
		findings_remedy(findings, "Docker %d or later", DOCKER_LEAST);
	} else {
		findings_add(findings, FINDING_OK, "dockerd is of version %lu", major);
	}
}

void doctor_engine_docker(struct doctor *doctor)
{
	if (doctor->runtime != DOCTOR_DOCKER)
		return;
	check_docker_settings(doctor);
	check_docker_version(doctor);
}
