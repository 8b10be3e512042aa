/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To find a directory on our procfs, its path below the root of its own instance is needed. We climb
 * from it to that root, which gives the depth, take as many components from the end of the path that
 * the kernel shows for our descriptor, and check that they lead to the same inode. The first of them is
 * a process number of the instance's pid namespace, which is one of the target's or of its ancestors'.
 */
#include "request/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "request/target.h"

/* The kernel nests pid namespaces this deep at most (MAX_PID_NS_LEVEL). */
#define LEVELS_MAX 33
/* /proc/PID/task/TID/DIRECTORY, and some more. */
#define DEPTH_MAX 6
#define STATUS_SIZE (16 * 1024)

#ifndef NS_GET_PARENT
#define NS_GET_PARENT _IO(0xb7, 0x2)
#endif
#ifndef NS_GET_PID_FROM_PIDNS /* Linux 6.11 */
#define NS_GET_PID_FROM_PIDNS _IOR(0xb7, 0x6, int)
#endif

/* A process or thread has a number in our pid namespace, and in each below down to its own. */
struct levels {
	size_t count;
	pid_t numbers[LEVELS_MAX];
};

static bool parse_levels(const char *status, const char *name, struct levels *ret_levels)
{
	const char *at = strstr(status, name);
	struct levels levels = { 0 };

	if (!at)
		return false;
	at += strlen(name);
	while (levels.count < LEVELS_MAX && *at == '\t') {
		char *end;

		levels.numbers[levels.count++] = (pid_t)strtol(at, &end, 10);
		at = end;
	}
	*ret_levels = levels;
	return levels.count > 0;
}

/* The text of a link of procfs, which is neither followed nor covered by a mount. */
static bool read_link(int root, const char *path, char *text, size_t size)
{
	_cleanup_fd_ int fd = proc_open_within(root, path, O_PATH | O_NOFOLLOW);
	ssize_t length = fd < 0 ? -1 : readlinkat(fd, "", text, size - 1);

	if (length <= 0)
		return false;
	text[length] = '\0';
	return true;
}

/*
 * Two processes are the same if they are in the same pid namespace and have the same number there,
 * the last of the line. The instance's own NStgid begins at its own pid namespace.
 */
static bool is_entry_of(const struct target *target, int root, pid_t process, pid_t innermost)
{
	char path[32], ours[64], theirs[64], status[STATUS_SIZE];
	struct levels levels;

	snprintf(path, sizeof(path), "%d/ns/pid", process);
	if (!read_link(target->proc, "ns/pid", ours, sizeof(ours)) ||
	    !read_link(root, path, theirs, sizeof(theirs)) || strcmp(ours, theirs) != 0)
		return false;
	snprintf(path, sizeof(path), "%d/status", process);
	return proc_read(root, path, status, sizeof(status)) > 0 &&
	       parse_levels(status, "\nNStgid:", &levels) && levels.numbers[0] == process &&
	       levels.numbers[levels.count - 1] == innermost;
}

/* The numbers of the target's process and thread, from our pid namespace down to its own. */
static int read_levels(const struct target *target, struct levels *ret_processes,
		       struct levels *ret_threads)
{
	char status[STATUS_SIZE];
	ssize_t length = proc_read(target->proc, "status", status, sizeof(status));

	if (length < 0)
		return (int)length;
	return parse_levels(status, "\nNStgid:", ret_processes) &&
			       parse_levels(status, "\nNSpid:", ret_threads) &&
			       ret_processes->count == ret_threads->count ?
		       0 :
		       -EPROTO;
}

int place_numbers(const struct target *target, int root, struct place_numbers *ret_numbers)
{
	struct levels processes, threads;
	int r = read_levels(target, &processes, &threads);

	if (r < 0)
		return r;
	for (size_t i = 0; i < processes.count; i++) {
		if (!is_entry_of(target, root, processes.numbers[i],
				 processes.numbers[processes.count - 1]))
			continue;
		*ret_numbers = (struct place_numbers){
			.process = processes.numbers[i],
			.thread = threads.numbers[i],
			.level = (unsigned int)i,
		};
		return 0;
	}
	return -ENOENT;
}

/* The pid namespace at a level: so many parents up from the target's, which is the deepest. */
static int open_pidns(const struct target *target, unsigned int level, unsigned int deepest)
{
	int fd = openat(target->proc, "ns/pid", O_RDONLY | O_CLOEXEC);

	for (unsigned int at = deepest; fd >= 0 && at > level; at--) {
		int parent = ioctl(fd, NS_GET_PARENT);

		close(fd);
		fd = parent;
	}
	return fd < 0 ? -errno : fd;
}

/* Before Linux 6.11 the kernel translates no numbers. Those of the target itself we know. */
static int translate_own(const struct levels *processes, const struct levels *threads,
			 unsigned int level, pid_t number, pid_t *ret_number)
{
	if (number == processes->numbers[level])
		*ret_number = processes->numbers[0];
	else if (number == threads->numbers[level])
		*ret_number = threads->numbers[0];
	else
		return -ENOTTY;
	return 0;
}

/* A number of the instance's pid namespace in ours. */
static int translate(const struct target *target, unsigned int level, pid_t number,
		     pid_t *ret_number)
{
	struct levels processes, threads;

	if (level == 0) {
		*ret_number = number;
		return 0;
	}
	int r = read_levels(target, &processes, &threads);

	if (r < 0)
		return r;
	_cleanup_fd_ int pidns = open_pidns(target, level, (unsigned int)threads.count - 1);

	if (pidns < 0)
		return pidns;
	int translated = ioctl(pidns, NS_GET_PID_FROM_PIDNS, number);

	if (translated < 0 && errno == ENOTTY)
		return translate_own(&processes, &threads, level, number, ret_number);
	if (translated < 0)
		return -errno;
	*ret_number = translated;
	return 0;
}

static int climb_to_root(int directory, unsigned int *ret_depth)
{
	_cleanup_fd_ int at = fcntl(directory, F_DUPFD_CLOEXEC, 0);

	for (unsigned int depth = 0; at >= 0 && proc_is_on(at, NULL) && depth <= DEPTH_MAX;
	     depth++) {
		if (proc_is_root(at)) {
			*ret_depth = depth;
			return TAKE_FD(at);
		}
		int parent = proc_open_parent(at);

		if (parent < 0)
			return parent;
		fd_close(&at);
		at = parent;
	}
	return -EXDEV;
}

/* The last @depth components of the path that the kernel shows for a descriptor of ours. */
static const char *last_components(int procfs, int fd, unsigned int depth, char *text, size_t size)
{
	char link[32];

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	ssize_t length = readlinkat(procfs, link, text, size - 1);

	if (length <= 0)
		return NULL;
	text[length] = '\0';
	char *at = text + length;

	while (depth > 0 && at > text)
		if (*--at == '/')
			depth--;
	return depth == 0 && *at == '/' ? at + 1 : NULL;
}

/* Where a directory is below its instance's root: "123/fd". */
static int path_below_root(const struct target *target, int directory, int *ret_root, char *path,
			   size_t size)
{
	char text[PATH_MAX];
	unsigned int depth;
	_cleanup_fd_ int root = climb_to_root(directory, &depth);

	if (root < 0)
		return root;
	const char *below = last_components(target->procfs, directory, depth, text, sizeof(text));

	if (!below || depth == 0 || strlen(below) >= size)
		return -ENOENT;
	_cleanup_fd_ int check = proc_open_within(root, below, O_PATH | O_DIRECTORY);

	if (check < 0 || !fd_is_same_inode(check, directory))
		return -ENOENT;
	memcpy(path, below, strlen(below) + 1);
	*ret_root = TAKE_FD(root);
	return 0;
}

/* The part of a path behind a number; false if it does not begin with one. */
static bool take_number(const char **path, pid_t *ret_number)
{
	char *end;
	long number = strtol(*path, &end, 10);

	if (end == *path || (*end != '/' && *end != '\0'))
		return false;
	*ret_number = (pid_t)number;
	*path = *end == '/' ? end + 1 : end;
	return true;
}

/* "123/task/124/fd" of the instance, in the numbers of our pid namespace. */
static int translate_path(const struct target *target, unsigned int level, const char *path,
			  pid_t *ret_process, char *ours, size_t size)
{
	const char *rest = path;
	pid_t thread;
	int r;

	if (!take_number(&rest, ret_process))
		return -ENOENT;
	r = translate(target, level, *ret_process, ret_process);
	if (r < 0)
		return r;
	if (strncmp(rest, "task/", 5) == 0) {
		rest += 5;
		if (!take_number(&rest, &thread))
			return -ENOENT;
		r = translate(target, level, thread, &thread);
		snprintf(ours, size, "%d/task/%d/%s", *ret_process, thread, rest);
	} else {
		snprintf(ours, size, "%d/%s", *ret_process, rest);
	}
	return r;
}

/* Whose entry it is: /proc/TID of a thread is the entry of its process. */
static int process_of(const struct target *target, pid_t number, pid_t *ret_process)
{
	char path[32], status[STATUS_SIZE];

	snprintf(path, sizeof(path), "%d/status", number);
	ssize_t length = proc_read(target->procfs, path, status, sizeof(status));

	if (length < 0)
		return (int)length;
	const char *line = strstr(status, "\nTgid:\t");

	if (!line)
		return -EPROTO;
	*ret_process = (pid_t)strtol(line + strlen("\nTgid:\t"), NULL, 10);
	return 0;
}

static int find_ours(const struct target *target, const char *path, unsigned int level,
		     struct place *ret_place)
{
	pid_t number, process, own;
	char ours[64];
	int r = translate_path(target, level, path, &number, ours, sizeof(ours));

	if (r == 0)
		r = process_of(target, number, &process);
	if (r == 0)
		r = process_of(target, target->tid, &own);
	if (r < 0)
		return r;
	int directory = proc_open_within(target->procfs, ours, O_PATH | O_DIRECTORY);

	if (directory < 0)
		return directory;
	/* What is in map_files is not granted to the process itself either. */
	*ret_place =
		(struct place){ directory, process, process == own && !strstr(ours, "/map_files") };
	return 0;
}

int place_find(const struct target *target, int directory, struct place *ret_place)
{
	struct place_numbers numbers;
	_cleanup_fd_ int root = -1;
	char path[64];
	int r = path_below_root(target, directory, &root, path, sizeof(path));

	if (r == 0)
		r = place_numbers(target, root, &numbers);
	return r < 0 ? r : find_ours(target, path, numbers.level, ret_place);
}

void place_done(struct place *place)
{
	fd_close(&place->directory);
}
