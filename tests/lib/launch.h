/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_LAUNCH_H
#define NSXATTR_TESTS_LAUNCH_H

/*
 * Starting programs for the live tests: as they are or under nsxattr, in our user namespace or in one
 * of their own; and a directory for them to work in.
 */

#include <stdbool.h>
#include <sys/types.h>

/* The usual namespace: its root is the host's 100000. */
#define USUAL_MAP "0:100000:65536"
#define USUAL_ROOT 100000

/* ROUNDS() - how often; the thread sanitizer makes everything slow */
#ifdef __SANITIZE_THREAD__
#define ROUNDS(number) ((number) / 10)
#else
#define ROUNDS(number) (number)
#endif

/** struct launch - how to start a program; zeroes mean: natively, here, with nothing to read */
struct launch {
	const char *const *argv; /* ends with NULL; argv[0] is a path */
	const char *map; /* INSIDE:OUTSIDE:COUNT[,…] of both ids; NULL: our user namespace */
	bool is_supervised; /* by nsxattr run */
	const char *policy; /* of nsxattr; NULL: its default */
	const char *resolver; /* ring or process; NULL: its default */
	const char *identity; /* probe or status; NULL: what launch_by_identity() said */
	bool is_unchecked; /* as on a kernel that does not check who changes security.* */
	int input; /* standard input; 0: /dev/null */
	int output; /* standard output; 0: ours */
	int errors; /* standard error; 0: ours */
	bool is_verbose; /* nsxattr is */
	const char *measurements; /* a folder for the list of what is executed; NULL: none */
	const char *directory; /* working directory; NULL: ours */
};

/**
 * launch_start() - start a program
 * @launch: what and how
 *
 * A failure fails the test.
 *
 * Return: its pid, for launch_wait().
 */
pid_t launch_start(const struct launch *launch);

/**
 * launch_wait() - wait for the end of a program
 * @pid: from launch_start()
 * @seconds: how long; then it is killed, and the test fails
 *
 * Return: its exit status; 128 and the number if a signal ended it.
 */
int launch_wait(pid_t pid, unsigned int seconds);

/**
 * launch_by_identity() - how supervisors find out who a target is, where a launch says nothing
 * @identity: probe or status; NULL: their default
 */
void launch_by_identity(const char *identity);

/** launch_run() - both. Return: the exit status. */
int launch_run(const struct launch *launch, unsigned int seconds);

/**
 * scratch_new() - make a directory that everybody may search, on a file system with attributes
 *
 * Return: its path; static.
 */
const char *scratch_new(void);

/** scratch_remove() - remove it with everything in it */
void scratch_remove(void);

/** scratch_keep_mounts() - from here on, mounts of this test are seen by what it starts only */
void scratch_keep_mounts(void);

/** scratch_mounted() - something is mounted on @path, to be unmounted by scratch_remove() */
void scratch_mounted(const char *path);

/** scratch_open_fuse() - whom this test starts may open /dev/fuse, as on a machine with udev; skips where none may */
void scratch_open_fuse(void);

/* SKIP() - cr_skip_test(), which does not come back and leaves .fini out */
#define SKIP(...)                          \
	do {                               \
		scratch_remove();          \
		cr_skip_test(__VA_ARGS__); \
	} while (0)

/**
 * scratch_path() - a path in it: printf(3)
 *
 * Return: the path; static, one of several that take turns.
 */
const char *scratch_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * scratch_program() - copy a program of the build there, so that everybody may execute it
 * @name: the file's name
 *
 * The clone may lie where only root may go.
 *
 * Return: the path of the copy; as scratch_path().
 */
const char *scratch_program(const char *name);

/** build_path() - a path in the folder of the build; as scratch_path() */
const char *build_path(const char *name);

#endif
