/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * What /proc tells of a process, compared with what nsxattrd says of its containers. The kernel does not tell which
 * listener a filter has: a container of nsxattrd's is known by its id among the process's control groups, or by its map
 * of ids, and by its user namespace; a command of 'nsxattr run' by when it began.
 *
 * Files are looked at by a child of ours, in the container's root directory: its file systems need not answer, and the
 * child is left behind then.
 */
#include "cli/doctor_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include "cli/doctor_target.h"
#include "cli/live_container.h"
#include "cli/live_process.h"
#include "count_of.h"
#include "hook/json_value.h"
#include "idmap.h"

#define TEXT_SIZE 8192
/* Processes that a process descends from. */
#define ANCESTORS_MAX 64
/* A whole id_map of the first user namespace. */
#define HOST_MAP "0 0 4294967295"

/** struct patient - a process that is looked at */
struct patient {
	pid_t pid;
	struct json_object *container; /* of nsxattrd's status, borrowed; NULL: none is known */
	bool is_on_host; /* it is in our own user namespace, or in the host's */
	struct id_map users, groups;
	char status[TEXT_SIZE];
	char control_groups[TEXT_SIZE];
	char map[TEXT_SIZE]; /* as nsxattrd's status has it */
};

/* A number of proc_pid_status(5). Return: false: it has none of that name. */
static bool read_number(const char *status, const char *key, int base, uint64_t *ret_number)
{
	size_t length = strlen(key);

	for (const char *line = status; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ':') {
			*ret_number = strtoull(line + length + 1, NULL, base);
			return true;
		}
	}
	return false;
}

/* ---- who it is ---- */

static void read_map(struct patient *patient)
{
	char text[TEXT_SIZE];
	ssize_t length = doctor_target_read(patient->pid, "uid_map", text, TEXT_SIZE);

	if (length > 0)
		(void)id_map_parse(text, (size_t)length, &patient->users);
	length = doctor_target_read(patient->pid, "gid_map", text, TEXT_SIZE);
	if (length > 0)
		(void)id_map_parse(text, (size_t)length, &patient->groups);
	(void)id_map_print(&patient->users, patient->map, sizeof(patient->map));
}

static bool is_on_host(const struct patient *patient)
{
	return doctor_target_is_ours(patient->pid) || strcmp(patient->map, HOST_MAP) == 0;
}

/* ---- its container ---- */

typedef bool fits(const struct patient *patient, struct json_object *container);

static bool has_id(const struct patient *patient, struct json_object *container)
{
	return live_container_names(patient->control_groups, json_text_of(container, "id"));
}

static bool has_map(const struct patient *patient, struct json_object *container)
{
	const char *map = json_text_of(container, "map");

	return map[0] && strcmp(map, patient->map) == 0;
}

/*
 * Users choose ids, the names of control groups and maps. So its user namespace has to be the container's, or below it;
 * where that is not told, it is.
 */
static bool is_within(const struct doctor *doctor, const struct live_process *process,
		      struct json_object *container)
{
	__attribute__((cleanup(live_container_done))) struct live_container live = { 0 };

	if (!process->userns)
		return true;
	(void)live_container_describe(doctor->control, json_text_of(container, "id"), &live);
	return live_process_is_within(
		process, json_object_get_int(json_object_object_get(live.answer, "process")));
}

static struct json_object *find_fitting(const struct doctor *doctor, const struct patient *patient,
					const struct live_process *process, fits *fits_it)
{
	struct json_object *list = json_value_member(doctor->status, "containers", json_type_array);

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *container = json_object_array_get_idx(list, i);

		if (fits_it(patient, container) && is_within(doctor, process, container))
			return container;
	}
	return NULL;
}

/* Its id is in the path of its control group; else its map is its own. */
static struct json_object *find_container(const struct doctor *doctor,
					  const struct patient *patient)
{
	__attribute__((cleanup(live_process_done))) struct live_process process = { 0 };

	if (doctor->container && doctor->status)
		return doctor_target_named(doctor->status, doctor->container);
	if (doctor->status)
		(void)live_process_read(patient->pid, &process);
	struct json_object *container = find_fitting(doctor, patient, &process, has_id);

	return container ? container : find_fitting(doctor, patient, &process, has_map);
}

/* ---- all that is read ---- */

static bool read_patient(const struct doctor *doctor, pid_t pid, struct patient *ret_patient)
{
	ret_patient->pid = pid;
	if (doctor_target_read(pid, "status", ret_patient->status, TEXT_SIZE) <= 0)
		return false;
	(void)doctor_target_read(pid, "cgroup", ret_patient->control_groups, TEXT_SIZE);
	read_map(ret_patient);
	ret_patient->is_on_host = is_on_host(ret_patient);
	ret_patient->container = find_container(doctor, ret_patient);
	return true;
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
			(int)patient->pid);
		findings_remedy(
			findings,
			"start it in one of its own: podman --userns=auto or --uidmap, LXC lxc.idmap, "
			"docker userns-remap, Kubernetes hostUsers: false");
	} else if (patient->users.count == 0) {
		findings_add(findings, FINDING_UNSEEN, "the ids of process %d are not told",
			     (int)patient->pid);
	} else if (!id_map_to_host(&patient->users, 0, &root)) {
		findings_add(
			findings, FINDING_FAIL,
			"no id is root in the user namespace of process %d: nothing can be set there",
			(int)patient->pid);
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
			(int)patient->pid, root, root);
	}
}

/* ---- its filter, and who has the listener ---- */

static void check_filter(struct doctor *doctor, const struct patient *patient)
{
	struct findings *findings = &doctor->findings;
	uint64_t mode = 0, count = 0;

	(void)read_number(patient->status, "Seccomp", 10, &mode);
	(void)read_number(patient->status, "Seccomp_filters", 10, &count);
	if (mode == 2) {
		findings_add(findings, FINDING_OK, "process %d has %" PRIu64 " seccomp filter%s",
			     (int)patient->pid, count, count == 1 ? "" : "s");
		return;
	}
	findings_add(findings, FINDING_FAIL,
		     "process %d has no seccomp filter: its calls go to the kernel, past nsxattrd",
		     (int)patient->pid);
	findings_remedy(
		findings,
		"podman: the annotation io.nsxattr.policy, and the folder of the hook (--hooks-dir); "
		"others: a seccomp profile of nsxattr's; then start it again");
}

/* A child, or a child's child, of LXC's monitor. */
static bool is_lxcs(const struct patient *patient)
{
	char text[TEXT_SIZE];
	uint64_t parent = 0;

	(void)read_number(patient->status, "PPid", 10, &parent);
	for (int i = 0; i < ANCESTORS_MAX && parent > 1; i++) {
		if (doctor_target_is_monitor((pid_t)parent, NULL))
			return true;
		if (doctor_target_read((pid_t)parent, "status", text, TEXT_SIZE) <= 0 ||
		    !read_number(text, "PPid", 10, &parent))
			return false;
	}
	return false;
}

/* Of nsxattrd; 0: not known. */
static pid_t keeper_of(const struct doctor *doctor)
{
	return (pid_t)json_object_get_int64(json_object_object_get(doctor->status, "pid"));
}

static void check_listener(struct doctor *doctor, const struct patient *patient)
{
	struct findings *findings = &doctor->findings;
	pid_t run = patient->container ? 0 : doctor_run_find(patient->pid, keeper_of(doctor));
	uint64_t mode = 0;

	(void)read_number(patient->status, "Seccomp", 10, &mode);
	if (patient->container) {
		findings_add(findings, FINDING_OK,
			     "nsxattrd serves it, as the container '%s' of %s",
			     json_text_of(patient->container, "id"),
			     json_text_of(patient->container, "runtime"));
	} else if (run && mode == 2) {
		findings_add(findings, FINDING_OK, "'nsxattr run' serves it, process %d", (int)run);
	} else if (mode == 2 && doctor->status && is_lxcs(patient)) {
		findings_add(
			findings, FINDING_UNSEEN,
			"nsxattrd knows a container of LXC's from its first attribute call on, and none "
			"has come from that of process %d",
			(int)patient->pid);
	} else if (mode == 2 && !doctor->status) {
		findings_add(findings, FINDING_UNSEEN,
			     "who serves its filter is not known: nsxattrd does not answer");
	} else if (mode == 2) {
		findings_add(
			findings, FINDING_FAIL,
			"nsxattrd serves no container%s that process %d could be in: the listener of its "
			"filter is another's, or there is none",
			geteuid() == 0 ? "" : " of this user", (int)patient->pid);
		findings_remedy(
			findings,
			"nsxattrd's log may say why it has refused it; start it again by one "
			"of the ways of nsxattr");
	}
}

/* ---- what it may do ---- */

static bool has(const char *status, const char *set, unsigned int capability)
{
	uint64_t bits = 0;

	return read_number(status, set, 16, &bits) && (bits >> capability & 1);
}

static void check_capability(struct doctor *doctor, const struct patient *patient)
{
	struct findings *findings = &doctor->findings;

	if (!has(patient->status, "CapBnd", CAP_SYS_ADMIN)) {
		findings_add(
			findings, FINDING_FAIL,
			"no process in the container can have CAP_SYS_ADMIN: security.* and trusted.* "
			"cannot be set");
		findings_remedy(findings,
				"start it with that capability (podman and docker: --cap-add "
				"SYS_ADMIN, LXC: not in lxc.cap.drop)");
	} else if (!has(patient->status, "CapEff", CAP_SYS_ADMIN)) {
		findings_add(
			findings, FINDING_WARN,
			"process %d itself does not have CAP_SYS_ADMIN: it sets neither security.* nor "
			"trusted.*",
			(int)patient->pid);
		findings_remedy(findings, "have root of the container set them");
	} else if (!has(patient->status, "CapEff", CAP_SETFCAP)) {
		findings_add(findings, FINDING_WARN,
			     "process %d does not have CAP_SETFCAP: it sets no security.capability",
			     (int)patient->pid);
		findings_remedy(findings, "--cap-add SETFCAP, where that is needed");
	} else {
		findings_add(findings, FINDING_OK, "process %d may set security.* and trusted.*",
			     (int)patient->pid);
	}
}

static void check_policy(struct doctor *doctor, const struct patient *patient)
{
	if (!patient->container)
		return;
	const char *name = json_text_of(patient->container, "policy");

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
	bool has_user = id_map_to_inside(&patient->users, owner->user, &inside);
	bool has_group = id_map_to_inside(&patient->groups, owner->group, &inside);

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

	if (!owners || patient->is_on_host || patient->users.count == 0 ||
	    (!doctor->file && has_our_root(patient->pid)))
		return;
	int r = doctor_owners_find(patient->pid, doctor->file, owners);

	for (size_t i = 0; i < owners->count; i++)
		tell_owner(doctor, patient, &owners->all[i]);
	if (r == -ETIMEDOUT) {
		findings_add(&doctor->findings, FINDING_WARN,
			     "a file system of the container does not answer");
		findings_remedy(&doctor->findings, "look behind the mounts of /proc/%d/mountinfo",
				(int)patient->pid);
	} else if (r < 0) {
		findings_add(&doctor->findings, FINDING_UNSEEN,
			     "this user cannot look into the files of process %d: %s",
			     (int)patient->pid, strerror(-r));
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

/* Return: 0: there is none, which has been said. */
static pid_t find_process(struct doctor *doctor)
{
	pid_t pid = doctor->pid ? (pid_t)doctor->pid :
				  doctor_target_find(doctor->container, doctor->status);
	bool is_known = doctor->status && doctor->container &&
			doctor_target_named(doctor->status, doctor->container);

	if (pid)
		return pid;
	if (is_known)
		findings_add(&doctor->findings, FINDING_UNSEEN,
			     "nsxattrd serves '%s', but this user does not see its processes",
			     doctor->container);
	else
		findings_add(&doctor->findings,
			     doctor->runtime == DOCTOR_LXC ? FINDING_OK : FINDING_WARN,
			     "no container '%s' of this user runs", doctor->container);
	findings_remedy(&doctor->findings, "--pid= with a process of it, if it does run");
	return 0;
}

void doctor_process(struct doctor *doctor)
{
	_cleanup_free_ struct patient *patient = calloc(1, sizeof(*patient));
	pid_t pid;

	if (!patient || (!doctor->pid && !doctor->container))
		return;
	doctor->findings.check = "process.there";
	pid = find_process(doctor);
	if (!pid)
		return;
	if (!read_patient(doctor, pid, patient)) {
		findings_add(&doctor->findings, FINDING_FAIL, "there is no process %d", (int)pid);
		findings_remedy(&doctor->findings,
				"the number of one that runs, as ps(1) of the host has it");
		return;
	}
	for (size_t i = 0; i < COUNT_OF(checks); i++) {
		doctor->findings.check = checks[i].name;
		checks[i].run(doctor, patient);
	}
}
