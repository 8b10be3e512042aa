/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * What /proc tells of a process, compared with what nsxattrd says of its container (cli/live_search.h). A command of
 * 'nsxattr run' is known by when it began (cli/doctor_run.h).
 *
 * Files are looked at by a child of ours, in the container's root directory: its file systems need not answer, and the
 * child is left behind then.
 */
#include "cli/doctor_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "cli/doctor_owners.h"
#include "cli/doctor_run.h"
#include "cli/live_container.h"
#include "cli/live_process.h"
#include "cli/live_search.h"
#include "cli/runtime_process.h"
#include "count_of.h"
#include "idmap.h"

/* Processes that a process descends from. */
#define ANCESTORS_MAX 64

/** struct patient - a process that is looked at */
struct patient {
	struct live_process process;
	struct live_container container; /* without an answer: none is known */
	const char *fault; /* why it is not; NULL: it is in none that nsxattrd lists */
	bool is_on_host; /* it is in our own user namespace, or in the host's */
};

/* ---- all that is read ---- */

/* A whole id map of the first user namespace. */
static bool is_hosts(const struct id_map *map)
{
	const struct id_extent *first = &map->extents[0];

	return map->count == 1 && first->inside == 0 && first->host == 0 &&
	       first->count == UINT32_MAX;
}

/* As the user has named it. What nsxattrd does not know may run all the same. */
static void ask_for_container(const struct doctor *doctor, struct live_container *container)
{
	if (!doctor->container || !doctor->status ||
	    !live_container_describe(doctor->control, doctor->container, container))
		return;
	live_container_done(container);
	*container = (struct live_container){ 0 };
}

static int read_patient(const struct doctor *doctor, pid_t pid, struct patient *patient)
{
	struct live_process *process = &patient->process;
	int r = live_process_look(pid, process);

	if (r < 0)
		return r;
	patient->is_on_host = live_process_is_ours(pid) || is_hosts(&process->uids);
	if (doctor->container || !doctor->status)
		return 0;
	(void)live_process_identify(process);
	patient->fault = live_search_container(doctor->control, doctor->status, process,
					       &patient->container);
	return 0;
}

static void forget(struct patient *patient)
{
	live_container_done(&patient->container);
	live_process_done(&patient->process);
}

/* ---- its user namespace ---- */

static void check_namespace(struct doctor *doctor, const struct patient *patient)
{
	struct findings *findings = &doctor->findings;
	uint32_t root;

	if (patient->is_on_host) {
		findings_add(
			findings, FINDING_FAIL,
			"process %d is in the host's user namespace: all names of attributes are the host's "
			"there, and nothing is kept apart",
			(int)patient->process.pid);
		findings_remedy(
			findings,
			"start it in one of its own: podman --userns=auto or --uidmap, LXC lxc.idmap, "
			"docker userns-remap, Kubernetes hostUsers: false");
	} else if (patient->process.uids.count == 0) {
		findings_add(findings, FINDING_UNSEEN, "the ids of process %d are not told",
			     (int)patient->process.pid);
	} else if (!id_map_to_host(&patient->process.uids, 0, &root)) {
		findings_add(
			findings, FINDING_FAIL,
			"no id is root in the user namespace of process %d: nothing can be set there",
			(int)patient->process.pid);
		findings_remedy(findings, "a map of ids that has 0");
	} else if (root == 0) {
		findings_add(
			findings, FINDING_FAIL,
			"root of the container is root of the host, whose values are not kept apart");
		findings_remedy(findings, "a map of ids from another number on");
	} else {
		findings_add(
			findings, FINDING_OK,
			"process %d has a user namespace of its own, whose root is %u: values are "
			"NAME@uid=%u on the host",
			(int)patient->process.pid, root, root);
	}
}

/* ---- its filter, and who has the listener ---- */

static void check_filter(struct doctor *doctor, const struct patient *patient)
{
	struct findings *findings = &doctor->findings;
	unsigned long count = patient->process.filters;

	if (patient->process.seccomp == 2) {
		findings_add(findings, FINDING_OK, "process %d has %lu seccomp filter%s",
			     (int)patient->process.pid, count, count == 1 ? "" : "s");
		return;
	}
	findings_add(findings, FINDING_FAIL,
		     "process %d has no seccomp filter: its calls go to the kernel, past nsxattrd",
		     (int)patient->process.pid);
	findings_remedy(
		findings,
		"podman: the annotation io.nsxattr.policy, and the folder of the hook (--hooks-dir); "
		"others: a seccomp profile of nsxattr's; then start it again");
}

/* A child, or a child's child, of LXC's monitor. */
static bool is_lxcs(const struct patient *patient)
{
	pid_t parent = patient->process.parent;

	for (int i = 0; i < ANCESTORS_MAX && parent > 1; i++) {
		if (runtime_process_is_monitor(parent, NULL))
			return true;
		parent = live_process_parent(parent);
	}
	return false;
}

/* Of nsxattrd; 0: not known. */
static pid_t keeper_of(const struct doctor *doctor)
{
	return (pid_t)json_object_get_int64(json_object_object_get(doctor->status, "pid"));
}

static void tell_unserved(struct doctor *doctor, const struct patient *patient)
{
	struct findings *findings = &doctor->findings;

	findings_add(
		findings, FINDING_FAIL,
		"nsxattrd serves no container%s that process %d could be in: the listener of its "
		"filter is another's, or there is none",
		geteuid() == 0 ? "" : " of this user", (int)patient->process.pid);
	findings_remedy(findings,
			"nsxattrd's log may say why it has refused it; start it again by one "
			"of the ways of nsxattr");
}

/* It has a filter, and no container is known. */
static void tell_listener(struct doctor *doctor, const struct patient *patient)
{
	struct findings *findings = &doctor->findings;
	pid_t run = doctor_run_find(patient->process.pid, keeper_of(doctor));

	if (run)
		findings_add(findings, FINDING_OK, "'nsxattr run' serves it, process %d", (int)run);
	else if (!doctor->status)
		findings_add(findings, FINDING_UNSEEN,
			     "who serves its filter is not known: nsxattrd does not answer");
	else if (patient->fault)
		findings_add(findings, FINDING_UNSEEN, "who serves its filter is not known: %s",
			     patient->fault);
	else if (is_lxcs(patient))
		findings_add(
			findings, FINDING_UNSEEN,
			"nsxattrd knows a container of LXC's from its first attribute call on, and none "
			"has come from that of process %d",
			(int)patient->process.pid);
	else
		tell_unserved(doctor, patient);
}

static void check_listener(struct doctor *doctor, const struct patient *patient)
{
	struct json_object *container = patient->container.answer;

	if (container)
		findings_add(&doctor->findings, FINDING_OK,
			     "nsxattrd serves it, as the container '%s' of %s",
			     json_text_of(container, "id"), json_text_of(container, "runtime"));
	else if (patient->process.seccomp == 2)
		tell_listener(doctor, patient);
}

/* ---- what it may do ---- */

static bool has(uint64_t set, unsigned int capability)
{
	return set >> capability & 1;
}

static void check_capability(struct doctor *doctor, const struct patient *patient)
{
	struct findings *findings = &doctor->findings;

	if (!has(patient->process.bounding, CAP_SYS_ADMIN)) {
		findings_add(
			findings, FINDING_FAIL,
			"no process in the container can have CAP_SYS_ADMIN: security.* and trusted.* "
			"cannot be set");
		findings_remedy(findings,
				"start it with that capability (podman and docker: --cap-add "
				"SYS_ADMIN, LXC: not in lxc.cap.drop)");
	} else if (!has(patient->process.effective, CAP_SYS_ADMIN)) {
		findings_add(
			findings, FINDING_WARN,
			"process %d itself does not have CAP_SYS_ADMIN: it sets neither security.* nor "
			"trusted.*",
			(int)patient->process.pid);
		findings_remedy(findings, "have root of the container set them");
	} else if (!has(patient->process.effective, CAP_SETFCAP)) {
		findings_add(findings, FINDING_WARN,
			     "process %d does not have CAP_SETFCAP: it sets no security.capability",
			     (int)patient->process.pid);
		findings_remedy(findings, "--cap-add SETFCAP, where that is needed");
	} else {
		findings_add(findings, FINDING_OK, "process %d may set security.* and trusted.*",
			     (int)patient->process.pid);
	}
}

static void check_policy(struct doctor *doctor, const struct patient *patient)
{
	if (!patient->container.answer)
		return;
	const char *name = json_text_of(patient->container.answer, "policy");

	if (strcmp(name, "kernel") == 0) {
		findings_add(&doctor->findings, FINDING_WARN,
			     "its policy is 'kernel', which leaves all names to the kernel");
		findings_remedy(&doctor->findings, "name another: 'nsxattr policies' lists all");
	} else {
		findings_add(&doctor->findings, FINDING_OK, "its policy is '%s'", name);
	}
}

/* ---- whose files are ---- */

static void tell_owner(struct doctor *doctor, const struct patient *patient,
		       const struct doctor_owner *owner)
{
	struct findings *findings = &doctor->findings;
	bool is_asked = doctor->file != NULL;
	uint32_t inside;
	bool has_user = id_map_to_inside(&patient->process.uids, owner->user, &inside);
	bool has_group = id_map_to_inside(&patient->process.gids, owner->group, &inside);

	if (owner->error && is_asked) {
		findings_add(findings, owner->error == EACCES ? FINDING_UNSEEN : FINDING_FAIL,
			     "cannot look at %s in the container: %s", owner->path,
			     strerror(owner->error));
		if (owner->error != EACCES)
			findings_remedy(findings, "the path as the container has it");
	} else if (!owner->error && has_user && has_group && is_asked) {
		findings_add(
			findings, FINDING_OK,
			"owner and group of %s, %u and %u of the host, are ids of the container",
			owner->path, owner->user, owner->group);
	} else if (!owner->error && (!has_user || !has_group)) {
		findings_add(findings, is_asked ? FINDING_FAIL : FINDING_WARN,
			     "%s %u of %s is no id of the container: nothing can be set there",
			     has_user ? "the group" : "the owner",
			     has_user ? owner->group : owner->user, owner->path);
		findings_remedy(findings,
				"chown on the host to ids of the container, or a mount with an id "
				"map (podman --volume=…:idmap)");
	}
}

/* What is known of a directory: its file system, which may never answer, is not asked. */
static bool find_inode(const char *path, struct statx *ret_stat)
{
	return statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, ret_stat) == 0 &&
	       (ret_stat->stx_mask & STATX_INO) != 0;
}

/* A command of 'nsxattr run' has the host's files, of which most belong to others. */
static bool has_our_root(pid_t pid)
{
	struct statx its, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	return find_inode(path, &its) && find_inode("/", &ours) &&
	       its.stx_dev_major == ours.stx_dev_major && its.stx_dev_minor == ours.stx_dev_minor &&
	       its.stx_ino == ours.stx_ino;
}

static void check_owners(struct doctor *doctor, const struct patient *patient)
{
	_cleanup_free_ struct doctor_owners *owners = calloc(1, sizeof(*owners));

	if (!owners || patient->is_on_host || patient->process.uids.count == 0 ||
	    (!doctor->file && has_our_root(patient->process.pid)))
		return;
	int r = doctor_owners_find(patient->process.pid, doctor->file, owners);

	for (size_t i = 0; i < owners->count; i++)
		tell_owner(doctor, patient, &owners->all[i]);
	if (r == -ETIMEDOUT) {
		findings_add(&doctor->findings, FINDING_WARN,
			     "a file system of the container does not answer");
		findings_remedy(&doctor->findings, "look behind the mounts of /proc/%d/mountinfo",
				(int)patient->process.pid);
	} else if (r < 0) {
		findings_add(&doctor->findings, FINDING_UNSEEN,
			     "this user cannot look into the files of process %d: %s",
			     (int)patient->process.pid, strerror(-r));
	}
}

/* ---- all of it ---- */

static const struct {
	const char *name;
	void (*run)(struct doctor *doctor, const struct patient *patient);
} checks[] = {
	{ "process.namespace", check_namespace },   { "process.filter", check_filter },
	{ "process.listener", check_listener },	    { "process.policy", check_policy },
	{ "process.capability", check_capability }, { "process.owner", check_owners },
};

static void tell_absence(struct doctor *doctor, const struct patient *patient)
{
	if (patient->container.answer)
		findings_add(&doctor->findings, FINDING_UNSEEN,
			     "nsxattrd serves '%s', but this user does not see its processes",
			     doctor->container);
	else
		findings_add(&doctor->findings,
			     doctor->runtime == DOCTOR_LXC ? FINDING_OK : FINDING_WARN,
			     "no container '%s' of this user runs", doctor->container);
	findings_remedy(&doctor->findings, "--pid= with a process of it, if it does run");
}

/* Return: whether there is one; if not, that has been said. */
static bool find_patient(struct doctor *doctor, struct patient *patient)
{
	pid_t pid = (pid_t)doctor->pid;

	ask_for_container(doctor, &patient->container);
	if (!pid)
		pid = live_search_process(doctor->container, patient->container.answer);
	if (!pid) {
		tell_absence(doctor, patient);
	} else if (read_patient(doctor, pid, patient) < 0) {
		findings_add(&doctor->findings, FINDING_FAIL, "there is no process %d", (int)pid);
		findings_remedy(&doctor->findings,
				"the number of one that runs, as ps(1) of the host has it");
		pid = 0;
	}
	return pid != 0;
}

void doctor_process(struct doctor *doctor)
{
	_cleanup_free_ struct patient *patient = calloc(1, sizeof(*patient));

	if (!patient || (!doctor->pid && !doctor->container))
		return;
	doctor->findings.check = "process.there";
	bool is_there = find_patient(doctor, patient);

	for (size_t i = 0; is_there && i < COUNT_OF(checks); i++) {
		doctor->findings.check = checks[i].name;
		checks[i].run(doctor, patient);
	}
	forget(patient);
}
