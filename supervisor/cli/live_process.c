/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/forker.h"
#include "base/proc.h"
#include "base/share.h"
#include "cli/live_container.h"
#include "idmap.h"
#include "request/userns.h"

/* Of a status: what comes before the groups, which can be many, and what comes behind. */
#define STATUS_SIZE 65536
#define MAP_SIZE 4096

/* ---- what everyone may know ---- */

static unsigned long number_behind(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoul(at + strlen(key), NULL, 10) : 0;
}

/* Return: 0; -ESRCH: there is no such process; -errno. */
static int read_public(struct live_process *process)
{
	char number[16];
	_cleanup_free_ char *status = malloc(STATUS_SIZE);

	snprintf(number, sizeof(number), "%d", (int)process->pid);
	_cleanup_fd_ int proc = openat(process->procfs, number, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	ssize_t length = status ? proc_read(proc, "status", status, STATUS_SIZE) : -ENOMEM;

	if (length < 0)
		return (int)length;
	process->seccomp = number_behind(status, "\nSeccomp:\t");
	process->filters = number_behind(status, "\nSeccomp_filters:\t");
	length = proc_read(proc, "comm", process->command, sizeof(process->command));
	process->command[length > 0 ? strcspn(process->command, "\n") : 0] = '\0';
	if (proc_read(proc, "cgroup", process->cgroup, sizeof(process->cgroup)) < 0)
		process->cgroup[0] = '\0';
	return 0;
}

/* ---- who it is ---- */

static void lost(void)
{
}

static int read_userns(struct live_process *process)
{
	const struct forker_config config = {
		.bodies = { [FORKER_MEMBER] = userns_wait_within },
		.calls = ALLOWED_CALLS_NONE,
		.lost = lost,
	};
	const struct share_holder nobody = { 0 };
	int r = forker_new(&config, &process->forker);

	if (r == 0)
		r = userns_cache_new(process->procfs, process->forker, &process->usernses);
	if (r == 0)
		r = userns_find(process->usernses, &nobody, process->identity.userns,
				process->target, &process->userns);
	return r;
}

static int read_identity(struct live_process *process)
{
	int r = outer_read(process->procfs, &process->outer);

	if (r == 0)
		r = targets_new(process->procfs, NULL, &process->targets);
	if (r == 0)
		r = targets_identify(process->targets, process->pid, IDENTITY_WHOLE,
				     &process->target, &process->identity);
	return r == 0 ? read_userns(process) : r;
}

static const char *fault_of(int error)
{
	switch (error) {
	case ESRCH:
		return "there is no such process";
	case EACCES:
	case EPERM:
		return "its user namespace is not for us to see: only root may look at it, and who owns the namespace";
	case EXDEV:
		return "/proc is that of another pid namespace";
	default:
		return strerrordesc_np(error);
	}
}

const char *live_process_read(pid_t pid, struct live_process *process)
{
	process->pid = pid;
	process->procfs = proc_open();
	int r = process->procfs < 0 ? process->procfs : read_public(process);

	if (r == 0)
		r = read_identity(process);
	return r < 0 ? fault_of(-r) : NULL;
}

const struct user_namespace *live_process_ids(const struct live_process *process)
{
	return &process->userns->ids;
}

bool live_process_is_within(const struct live_process *process, pid_t other)
{
	char path[64];
	struct stat stat;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)other);
	if (other <= 0 || fstatat(AT_FDCWD, path, &stat, 0) < 0)
		return true;
	for (const struct userns *at = process->userns; at; at = userns_parent(at))
		if (at->inode == stat.st_ino)
			return true;
	return false;
}

void live_process_done(struct live_process *process)
{
	if (process->userns)
		userns_unref(process->userns);
	userns_cache_free(process->usernses);
	forker_free(process->forker);
	targets_free(process->targets);
	if (process->procfs > 0)
		fd_close(&process->procfs);
}

/* ---- which process ---- */

static bool has_cgroup(int proc, const char *id)
{
	char cgroup[MAP_SIZE];

	return proc_read(proc, "cgroup", cgroup, sizeof(cgroup)) > 0 &&
	       live_container_names(cgroup, id);
}

static bool has_map(int proc, const char *wanted)
{
	char text[MAP_SIZE], shown[MAP_SIZE];
	struct id_map map;
	ssize_t length = proc_read(proc, "uid_map", text, sizeof(text));

	if (length <= 0 || id_map_parse(text, (size_t)length, &map) < 0)
		return false;
	(void)id_map_print(&map, shown, sizeof(shown));
	return strcmp(shown, wanted) == 0;
}

static bool is_still(pid_t first, const char *map)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)first);
	_cleanup_fd_ int proc = first > 0 ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	return proc >= 0 && has_map(proc, map);
}

static pid_t lower(pid_t best, pid_t candidate)
{
	return best == 0 || candidate < best ? candidate : best;
}

pid_t live_process_search(pid_t first, const char *id, const char *map)
{
	if (is_still(first, map))
		return first;
	DIR *procfs = opendir("/proc");
	const struct dirent *entry;
	pid_t by_cgroup = 0, by_map = 0;

	while (procfs && (entry = readdir(procfs)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		_cleanup_fd_ int proc = pid > 0 ? openat(dirfd(procfs), entry->d_name,
							 O_PATH | O_DIRECTORY | O_CLOEXEC) :
						  -1;

		if (proc < 0)
			continue;
		if (has_cgroup(proc, id))
			by_cgroup = lower(by_cgroup, pid);
		else if (has_map(proc, map))
			by_map = lower(by_map, pid);
	}
	if (procfs)
		closedir(procfs);
	return by_cgroup ? by_cgroup : by_map;
}
