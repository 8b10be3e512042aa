/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_PROCESSES_H
#define NSXATTR_TESTS_PROCESSES_H

/*
 * The processes of nsxattr that a test has: a keeper, what starts its workers, its worker, and the children of that: what
 * makes deputies, and deputies.
 */

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "launch.h"

static inline pid_t parent_of(pid_t pid)
{
	char path[64], text[512];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	close(fd);
	if (length <= 0)
		return 0;
	text[length] = '\0';
	const char *end = strrchr(text, ')');

	return end ? (pid_t)strtol(end + 4, NULL, 10) : 0;
}

static inline bool is_nsxattr(pid_t pid)
{
	char path[64], exe[512] = "";
	char *nsxattr = realpath(build_path("nsxattr"), NULL);

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	bool is = readlink(path, exe, sizeof(exe) - 1) > 0 && strcmp(exe, nsxattr) == 0;

	free(nsxattr);
	return is;
}

/* The processes whose parent this is and whose program is nsxattr. Return: how many. */
static inline size_t find_children(pid_t parent, pid_t *children, size_t size)
{
	DIR *proc = opendir("/proc");
	size_t count = 0;

	cr_assert_not_null(proc);
	for (struct dirent *entry; (entry = readdir(proc)) && count < size;) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && parent_of(pid) == parent && is_nsxattr(pid))
			children[count++] = pid;
	}
	closedir(proc);
	return count;
}

static inline bool is_named(pid_t pid, const char *name)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	close(fd);
	text[length > 0 ? length - 1 : 0] = '\0';
	return strcmp(text, name) == 0;
}

/* The children of a worker that have this name. Return: how many. */
static inline size_t find_named_children(pid_t worker, const char *name, pid_t *children,
					 size_t size)
{
	size_t count = find_children(worker, children, size), named = 0;

	for (size_t i = 0; i < count; i++)
		if (is_named(children[i], name))
			children[named++] = children[i];
	return named;
}

static inline size_t find_deputies(pid_t worker, pid_t *deputies, size_t size)
{
	return find_named_children(worker, "nsxattr-deputy", deputies, size);
}

/* Return: 0: the worker has none. */
static inline pid_t find_forker(pid_t worker)
{
	pid_t children[64];

	return find_named_children(worker, "nsxattr-forker", children, 64) > 0 ? children[0] : 0;
}

static inline pid_t find_only_child(pid_t parent)
{
	pid_t found[2];

	cr_assert_eq(find_children(parent, found, 2), 1, "there is not one supervisor");
	return found[0];
}

/* The only one that this test has: it is our child, since its first parent has ended. */
static inline pid_t find_keeper(void)
{
	return find_only_child(getpid());
}

/* The worker below a keeper: it leads the process group of its deputies. Return: 0: there is none. */
static inline pid_t find_worker(pid_t keeper)
{
	pid_t found[64];
	size_t count = find_children(keeper, found, 64);

	for (size_t i = 0; i < count; i++)
		if (getpgid(found[i]) == found[i])
			return found[i];
	return 0;
}

/* The worker below the keeper, when it is another than @before; @seconds: how long to wait. */
static inline pid_t await_worker(pid_t keeper, pid_t before, time_t seconds)
{
	time_t end = time(NULL) + seconds;
	pid_t found;

	while ((found = find_worker(keeper)) == 0 || found == before)
		cr_assert_lt(time(NULL), end, "no worker takes over");
	return found;
}

static inline pid_t find_supervisor(void)
{
	pid_t worker = find_worker(find_keeper());

	cr_assert_gt(worker, 0, "there is no supervisor");
	return worker;
}

static inline size_t count_descriptors(pid_t pid)
{
	char path[64];
	size_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *directory = opendir(path);

	cr_assert_not_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

#endif
