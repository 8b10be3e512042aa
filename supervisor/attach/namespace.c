/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation: user_namespaces(7). The order is fixed by the kernel: unshare(2) first, then
 * the maps, each written once and with one write(2), then the change of identity, which needs them.
 * A map of more than one id needs a writer with CAP_SETUID outside, hence the second process.
 */
#include "attach/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/idmap_arg.h"
#include "base/fd.h"
#include "base/log.h"

int namespace_open_self(int *ret_proc)
{
	int proc = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0) {
		int error = errno;

		log_error("cannot open /proc/self: %s; is /proc mounted here?", strerror(error));
		return -error;
	}
	*ret_proc = proc;
	return 0;
}

/* unshare(2) has one errno for many reasons. */
static const char *unshare_reason(int error)
{
	switch (error) {
	case ENOSPC:
		return "the limit in /proc/sys/user/max_user_namespaces or max_mnt_namespaces, "
		       "or 32 nested ones, is reached";
	case EINVAL:
		return "this kernel is built without CONFIG_USER_NS";
	case EPERM:
		return "it is not permitted: in a chroot, or by a security module";
	default:
		return strerror(error);
	}
}

int namespace_unshare(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0)
		return 0;
	int error = errno;

	log_error("cannot make a user namespace: %s", unshare_reason(error));
	return -error;
}

static int write_file(int proc, const char *name, const char *text, size_t length)
{
	_cleanup_fd_ int file = openat(proc, name, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (file < 0 || write(file, text, length) != (ssize_t)length)
		error = errno;
	if (error)
		log_error("cannot write /proc/PID/%s: %s", name, strerror(error));
	return -error;
}

static int write_map(int proc, const char *name, const struct id_map *map)
{
	char text[ID_MAP_TEXT_SIZE];
	size_t length = idmap_arg_format(map, text);

	return write_file(proc, name, text, length);
}

static bool is_own_id_alone(const struct id_map *map, uint32_t own)
{
	return map->count == 1 && map->extents[0].count == 1 && map->extents[0].host == own;
}

/* PROGRAM PID INSIDE OUTSIDE COUNT…, each number a word. */
#define WORD_SIZE 12
#define WORDS_MAX (2 + 3 * ID_MAP_EXTENTS_MAX)

struct words {
	size_t count;
	char *argv[WORDS_MAX + 1];
	char text[WORDS_MAX][WORD_SIZE];
};

static void add_word(struct words *words, uint32_t number)
{
	char *word = words->text[words->count];

	snprintf(word, WORD_SIZE, "%u", number);
	words->argv[words->count++] = word;
}

static int run_program(const char *program, char **argv)
{
	int status;
	pid_t child;
	int error = posix_spawnp(&child, program, NULL, NULL, argv, environ);

	if (error) {
		log_error("cannot run %s: %s; it comes with the package uidmap", program,
			  strerror(error));
		return -error;
	}
	/* SIGCHLD may be ignored: then the child's end is all that can be learned, by ECHILD. */
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno == ECHILD ? 0 : -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	log_error("%s has refused the ids", program);
	return -EPERM;
}

static int have_map_written(const char *program, pid_t pid, const struct id_map *map)
{
	struct words words = { .count = 1, .argv = { (char *)(uintptr_t)program } };

	add_word(&words, (uint32_t)pid);
	for (unsigned int i = 0; i < map->count; i++) {
		add_word(&words, map->extents[i].inside);
		add_word(&words, map->extents[i].host);
		add_word(&words, map->extents[i].count);
	}
	return run_program(program, words.argv);
}

int namespace_write_maps(int proc, pid_t pid, const struct namespace_maps *maps)
{
	int r = pid == 0 || is_own_id_alone(maps->users, geteuid()) ?
			write_map(proc, "uid_map", maps->users) :
			have_map_written("newuidmap", pid, maps->users);

	if (r == 0 && maps->deny_setgroups)
		r = write_file(proc, "setgroups", "deny", strlen("deny"));
	if (r < 0)
		return r;
	return pid == 0 || is_own_id_alone(maps->groups, getegid()) ?
		       write_map(proc, "gid_map", maps->groups) :
		       have_map_written("newgidmap", pid, maps->groups);
}

static int become_root(const struct namespace_maps *maps)
{
	uint32_t ignored;

	if (getuid() == 0 && getgid() == 0)
		return 0;
	if (!maps->deny_setgroups && setgroups(0, NULL) < 0)
		return -errno;
	if (id_map_to_host(maps->groups, 0, &ignored) && setresgid(0, 0, 0) < 0)
		return -errno;
	if (id_map_to_host(maps->users, 0, &ignored) && setresuid(0, 0, 0) < 0)
		return -errno;
	return 0;
}

int namespace_complete(const struct namespace_maps *maps)
{
	int r = become_root(maps);

	if (r < 0) {
		log_error("cannot become root of the user namespace: %s", strerror(-r));
		return r;
	}
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		r = -errno;
		log_error("cannot make the mounts private: %s%s", strerror(-r),
			  r == -EACCES || r == -EPERM ?
				  "; a security module may forbid it (AppArmor, Landlock)" :
				  "");
	}
	return r;
}
