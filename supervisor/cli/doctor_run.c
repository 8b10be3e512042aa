/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 'nsxattr run' becomes the command, and its keeper is nobody's child. But the keeper was made when the command was,
 * and in its control group: a process is served by the keeper that began when it, or one that it descends from, did.
 */
#include "cli/doctor_run.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/live_process.h"

#define TEXT_SIZE 4096
#define KEEPERS_MAX 256
/* Of the processes that a process descends from. */
#define ANCESTORS_MAX 64
/* Seconds between the two. */
#define APART 2

/** struct life - when a process began, and whose child it is */
struct life {
	unsigned long long start; /* in ticks since boot */
	pid_t parent;
	char groups[TEXT_SIZE]; /* proc_pid_cgroup(5) */
};

/* proc_pid_stat(5): the name is in parentheses, and may have some itself; the parent and the start are 4 and 22. */
static bool read_life(pid_t pid, struct life *ret_life)
{
	char text[TEXT_SIZE];
	const char *at = live_process_read_file(pid, "stat", text, TEXT_SIZE) > 0 ?
				 strrchr(text, ')') :
				 NULL;

	if (!at || live_process_read_file(pid, "cgroup", ret_life->groups, TEXT_SIZE) < 0)
		return false;
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at + 1, ' ');
		if (at && field == 3)
			ret_life->parent = (pid_t)strtol(at, NULL, 10);
	}
	if (at)
		ret_life->start = strtoull(at, NULL, 10);
	return at != NULL;
}

/* Any process can call itself so, but one of a container is another user's. */
static bool is_keeper(pid_t pid)
{
	char text[TEXT_SIZE], path[64];
	struct stat stat_;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return live_process_read_file(pid, "comm", text, TEXT_SIZE) > 0 &&
	       strcmp(text, "nsxattr-keeper\n") == 0 && stat(path, &stat_) == 0 &&
	       (live_process_is_ours(pid) || (geteuid() != 0 && stat_.st_uid == geteuid()));
}

static size_t find_keepers(pid_t keepers[KEEPERS_MAX], pid_t daemon)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	size_t count = 0;

	while (processes && count < KEEPERS_MAX && (entry = readdir(processes)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && pid != daemon && is_keeper(pid))
			keepers[count++] = pid;
	}
	if (processes)
		closedir(processes);
	return count;
}

static bool fits(const struct life *keeper, const struct life *process)
{
	unsigned long long ticks = (unsigned long long)sysconf(_SC_CLK_TCK);

	return keeper->start >= process->start && keeper->start - process->start <= APART * ticks &&
	       strcmp(keeper->groups, process->groups) == 0;
}

pid_t doctor_run_find(pid_t pid, pid_t daemon)
{
	struct life keeper, process = { .parent = pid };
	pid_t keepers[KEEPERS_MAX];
	size_t count = find_keepers(keepers, daemon);

	for (int i = 0; i < ANCESTORS_MAX && process.parent > 0; i++) {
		if (!read_life(process.parent, &process))
			return 0;
		for (size_t k = 0; k < count; k++)
			if (read_life(keepers[k], &keeper) && fits(&keeper, &process))
				return keepers[k];
	}
	return 0;
}
