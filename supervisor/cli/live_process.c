/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_process.h"

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
#include "base/text_file.h"
#include "exec/deputy.h"
#include "idmap_shown.h"
#include "request/userns.h"

/* Of a status: what comes before the groups, which can be many, and what comes behind. */
#define STATUS_SIZE 65536

/* ---- what everyone may know ---- */

static uint64_t number_behind(const char *text, const char *key, int base)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, base) : 0;
}

static void read_status(struct live_process *process, const char *status)
{
	process->parent = (pid_t)number_behind(status, "\nPPid:\t", 10);
	process->seccomp = (unsigned long)number_behind(status, "\nSeccomp:\t", 10);
	process->filters = (unsigned long)number_behind(status, "\nSeccomp_filters:\t", 10);
	process->effective = number_behind(status, "\nCapEff:\t", 16);
	process->bounding = number_behind(status, "\nCapBnd:\t", 16);
}

/* Without extents: it is not told. */
static void read_map(int proc, const char *name, struct id_map *ret_map)
{
	char text[ID_MAP_WHOLE_SIZE];
	ssize_t length = proc_read(proc, name, text, sizeof(text));

	if (length <= 0 || id_map_parse(text, (size_t)length, ret_map) < 0)
		ret_map->count = 0;
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
	read_status(process, status);
	length = proc_read(proc, "comm", process->command, sizeof(process->command));
	process->command[length > 0 ? strcspn(process->command, "\n") : 0] = '\0';
	if (proc_read(proc, "cgroup", process->cgroup, sizeof(process->cgroup)) < 0)
		process->cgroup[0] = '\0';
	read_map(proc, "uid_map", &process->uids);
	read_map(proc, "gid_map", &process->gids);
	return 0;
}

int live_process_look(pid_t pid, struct live_process *process)
{
	process->pid = pid;
	process->procfs = proc_open();
	return process->procfs < 0 ? process->procfs : read_public(process);
}

ssize_t live_process_read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return text_file_read_start(path, text, size);
}

pid_t live_process_parent(pid_t pid)
{
	char text[1024];

	return live_process_read_file(pid, "status", text, sizeof(text)) > 0 ?
		       (pid_t)number_behind(text, "\nPPid:\t", 10) :
		       0;
}

bool live_process_is_ours(pid_t pid)
{
	struct stat its, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return stat(path, &its) == 0 && stat("/proc/self/ns/user", &ours) == 0 &&
	       its.st_dev == ours.st_dev && its.st_ino == ours.st_ino;
}

/* ---- who it is ---- */

static void lost(void)
{
}

static int read_userns(struct live_process *process)
{
	const struct forker_config config = {
		.bodies = { [FORKER_DEPUTY] = deputy_serve, [FORKER_MEMBER] = userns_wait_within },
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

const char *live_process_identify(struct live_process *process)
{
	int r = read_identity(process);

	return r < 0 ? fault_of(-r) : NULL;
}

const char *live_process_read(pid_t pid, struct live_process *process)
{
	int r = live_process_look(pid, process);

	return r < 0 ? fault_of(-r) : live_process_identify(process);
}

const struct user_namespace *live_process_ids(const struct live_process *process)
{
	return &process->userns->ids;
}

const struct id_map *live_process_containers_uids(const struct live_process *process)
{
	return process->userns ? &access_container(live_process_ids(process))->uids :
				 &process->uids;
}

bool live_process_is_within(const struct live_process *process, pid_t other)
{
	char path[64];
	struct stat stat;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)other);
	if (!process->userns || other <= 0 || fstatat(AT_FDCWD, path, &stat, 0) < 0)
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
