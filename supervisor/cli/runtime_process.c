/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A name is podman's, or it is an id already. Runtimes keep a file for each id:
 *
 *	crun		ROOT/ID/status		{"pid": N}
 *	runc		ROOT/ID/state.json	{"init_process_pid": N}
 *
 * where ROOT depends on who calls them. LXC keeps none; its monitor's command line says which container it is for, and
 * the container's first process is the monitor's child. Root does not find those of other users so.
 */
#include "cli/runtime_process.h"

#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/text_file.h"
#include "cli/live_process.h"
#include "count_of.h"
#include "hook/json_value.h"

#define STATE_MAX (4 << 20)
#define RECORDS_MAX (64 << 20)
#define ID_SIZE 256
/* Of proc_pid_status(5), what has the ids. */
#define STATUS_SIZE 1024

/* ---- names ---- */

static bool find_in_records(struct json_object *records, const char *name, char ret_id[ID_SIZE])
{
	size_t count = json_length_of(records);

	for (size_t i = 0; i < count; i++) {
		const struct json_object *record = json_object_array_get_idx(records, i);
		struct json_object *names = json_value_member(record, "names", json_type_array);

		if (!names || !json_value_has_text(names, name))
			continue;
		snprintf(ret_id, ID_SIZE, "%s", json_text_of(record, "id"));
		return true;
	}
	return false;
}

static bool find_in_file(const char *path, const char *name, char ret_id[ID_SIZE])
{
	_cleanup_json_value_ struct json_object *records = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	return text_file_read(path, RECORDS_MAX, &text, &length) == TEXT_FILE_READ &&
	       json_value_read(&(struct json_text){ text, length }, &records) == 0 &&
	       find_in_records(records, name, ret_id);
}

/* Of a pattern of glob(3), as the names of storage drivers differ. */
static bool find_in_files(const char *pattern, const char *name, char ret_id[ID_SIZE])
{
	glob_t files = { 0 };
	bool is_found = false;

	if (glob(pattern, GLOB_NOSORT, NULL, &files) == 0)
		for (size_t i = 0; i < files.gl_pathc && !is_found; i++)
			is_found = find_in_file(files.gl_pathv[i], name, ret_id);
	globfree(&files);
	return is_found;
}

static bool find_podmans(const char *name, char ret_id[ID_SIZE])
{
	const char *home = getenv("HOME"), *run = getenv("XDG_RUNTIME_DIR");
	char pattern[PATH_MAX];

	if (geteuid() == 0)
		return find_in_files("/var/lib/containers/storage/*-containers/*containers.json",
				     name, ret_id) ||
		       find_in_files("/run/containers/storage/*-containers/*containers.json", name,
				     ret_id);
	snprintf(pattern, sizeof(pattern),
		 "%s/.local/share/containers/storage/*-containers/*containers.json",
		 home ? home : "");
	if (find_in_files(pattern, name, ret_id))
		return true;
	snprintf(pattern, sizeof(pattern), "%s/containers/*-containers/*containers.json",
		 run ? run : "");
	return find_in_files(pattern, name, ret_id);
}

/* ---- ids ---- */

pid_t runtime_process_of_state(const char *text, size_t length)
{
	static const char *const keys[] = { "init_process_pid", "pid" };
	_cleanup_json_value_ struct json_object *state = NULL;

	if (json_value_read(&(struct json_text){ text, length }, &state) < 0)
		return 0;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct json_object *pid = json_value_member(state, keys[i], json_type_int);

		if (pid && json_object_get_int64(pid) > 0 && json_object_get_int64(pid) <= INT_MAX)
			return json_object_get_int(pid);
	}
	return 0;
}

static pid_t look_into(const char *root, const char *id, const char *file)
{
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX];
	size_t length = 0;

	if (snprintf(path, sizeof(path), "%s/%s/%s", root, id, file) >= PATH_MAX ||
	    text_file_read(path, STATE_MAX, &text, &length) != TEXT_FILE_READ)
		return 0;
	return runtime_process_of_state(text, length);
}

static pid_t find_by_id(const char *id)
{
	static const char *const roots[] = { "/run/crun", "/run/runc",
					     "/run/docker/runtime-runc/moby",
					     "/run/containerd/runc/k8s.io",
					     "/run/containerd/runc/default" };
	const char *run = getenv("XDG_RUNTIME_DIR");
	char crun[PATH_MAX], runc[PATH_MAX];
	pid_t found = 0;

	if (strchr(id, '/') || id[0] == '.' || id[0] == '\0')
		return 0;
	snprintf(crun, sizeof(crun), "%s/crun", run ? run : "");
	snprintf(runc, sizeof(runc), "%s/runc", run ? run : "");
	if (run)
		found = look_into(crun, id, "status");
	if (run && !found)
		found = look_into(runc, id, "state.json");
	for (size_t i = 0; i < COUNT_OF(roots) && !found; i++) {
		found = look_into(roots[i], id, "status");
		if (!found)
			found = look_into(roots[i], id, "state.json");
	}
	return found;
}

/* ---- LXC ---- */

bool runtime_process_is_trusted(const char *status)
{
	static const char key[] = "\nUid:";
	const char *at = strstr(status, key);
	char *end = NULL;

	if (!at)
		return false;
	at += strlen(key);
	/* Real, effective, saved, and that of file systems. */
	for (int i = 0; i < 4; i++, at = end) {
		unsigned long user = strtoul(at, &end, 10);

		if (end == at || (user != 0 && user != geteuid()))
			return false;
	}
	return true;
}

/* Its owner on /proc would not do: that is root, too, where a process is not dumpable. */
static bool is_trusted(pid_t pid)
{
	char status[STATUS_SIZE];

	return live_process_read_file(pid, "status", status, sizeof(status)) > 0 &&
	       runtime_process_is_trusted(status);
}

/* "[lxc monitor] FOLDER NAME" */
static bool has_title(pid_t pid, const char *name)
{
	static const char title[] = "[lxc monitor] ";
	char line[PATH_MAX + 512], ending[512];

	if (live_process_read_file(pid, "cmdline", line, sizeof(line)) <= 0 ||
	    strncmp(line, title, strlen(title)) != 0)
		return false;
	snprintf(ending, sizeof(ending), " %s", name ? name : "");
	size_t size = strlen(line), end = strlen(ending);

	return !name || (size > end && strcmp(line + size - end, ending) == 0);
}

/* The name of the program that has become it. It lies in the kernel, as far as it goes. */
static bool has_command(pid_t pid)
{
	char name[32];

	return live_process_read_file(pid, "comm", name, sizeof(name)) > 0 &&
	       strncmp(name, "lxc-", 4) == 0;
}

/*
 * The command line lies in the process's own memory, and its user can have the reader wait there for ever: so we read
 * that of root's and of our own user's processes only. Of a container's, root's are not root's.
 */
bool runtime_process_is_monitor(pid_t pid, const char *name)
{
	if (!live_process_is_ours(pid))
		return false;
	return is_trusted(pid) ? has_title(pid, name) : !name && has_command(pid);
}

static pid_t find_child(pid_t pid)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	return text_file_read_start(path, text, sizeof(text)) > 0 ? (pid_t)strtol(text, NULL, 10) :
								    0;
}

static pid_t find_lxcs(const char *name)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	pid_t found = 0;

	while (processes && !found && (entry = readdir(processes)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && runtime_process_is_monitor(pid, name))
			found = find_child(pid);
	}
	if (processes)
		closedir(processes);
	return found;
}

pid_t runtime_process_find(const char *name)
{
	char id[ID_SIZE] = "";

	if (!find_podmans(name, id))
		snprintf(id, sizeof(id), "%s", name);
	pid_t found = find_by_id(id);

	return found ? found : find_lxcs(id);
}
