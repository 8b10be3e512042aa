/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fork_alone.h"

#define ARGUMENTS_MAX 32
#define TEXTS_MAX 16
#define MOUNTS_MAX 100
#define PATHS 16

static char scratch[64];
static char mounts[MOUNTS_MAX][512];
static size_t mount_count;
static const char *usual_identity;

/* ---- the directory ---- */

static char *next_path(void)
{
	static char paths[PATHS][512];
	static unsigned int turn;

	return paths[turn++ % PATHS];
}

const char *scratch_new(void)
{
	strcpy(scratch, "/var/tmp/nsxattr-live.XXXXXX");
	cr_assert_not_null(mkdtemp(scratch), "%s: %s", scratch, strerror(errno));
	cr_assert_eq(chmod(scratch, 0755), 0);
	return scratch;
}

void scratch_keep_mounts(void)
{
	cr_assert_eq(unshare(CLONE_NEWNS), 0, "unshare: %s", strerror(errno));
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

void scratch_open_fuse(void)
{
	const char *node = scratch_path("fuse");

	scratch_keep_mounts();
	if (mknod(node, S_IFCHR, makedev(10, 229)) < 0 || chmod(node, 0666) < 0 ||
	    mount(node, "/dev/fuse", NULL, MS_BIND, NULL) < 0)
		SKIP("/dev/fuse: %s", strerror(errno));
}

void scratch_mounted(const char *path)
{
	cr_assert_lt(mount_count, MOUNTS_MAX);
	snprintf(mounts[mount_count++], sizeof(mounts[0]), "%s", path);
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

void scratch_remove(void)
{
	while (mount_count > 0)
		umount2(mounts[--mount_count], MNT_DETACH);
	if (scratch[0])
		nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_MOUNT | FTW_PHYS);
	scratch[0] = '\0';
}

const char *scratch_path(const char *format, ...)
{
	char *path = next_path();
	int length = snprintf(path, 512, "%s/", scratch);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(path + length, 512 - (size_t)length, format, arguments);
	va_end(arguments);
	return path;
}

const char *build_path(const char *name)
{
	const char *build = getenv("BUILD");
	char *path = next_path();

	snprintf(path, 512, "%s/%s", build ? build : "build", name);
	return path;
}

const char *scratch_program(const char *name)
{
	char *from = realpath(build_path(name), NULL);
	const char *base = strrchr(name, '/');
	const char *to = scratch_path("%s", base ? base + 1 : name);
	struct stat stat;

	cr_assert_not_null(from, "%s: %s", name, strerror(errno));
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	cr_assert(in >= 0 && out >= 0 && fstat(in, &stat) == 0 && fchmod(out, 0755) == 0);
	for (off_t left = stat.st_size; left > 0;) {
		ssize_t piece = sendfile(out, in, NULL, (size_t)left);

		cr_assert_gt(piece, 0);
		left -= piece;
	}
	close(in);
	close(out);
	free(from);
	return to;
}

/* ---- programs ---- */

void launch_by_identity(const char *identity)
{
	usual_identity = identity;
}

struct arguments {
	const char *list[ARGUMENTS_MAX + 1];
	size_t count;
	char texts[TEXTS_MAX][64];
	size_t text_count;
};

static void add(struct arguments *arguments, const char *argument)
{
	cr_assert_lt(arguments->count, ARGUMENTS_MAX);
	arguments->list[arguments->count++] = argument;
	arguments->list[arguments->count] = NULL;
}

static void add_option(struct arguments *arguments, const char *option, const char *value,
		       size_t length)
{
	cr_assert_lt(arguments->text_count, TEXTS_MAX);
	char *text = arguments->texts[arguments->text_count++];

	snprintf(text, sizeof(arguments->texts[0]), "%s%.*s", option, (int)length, value);
	add(arguments, text);
}

static void add_maps(struct arguments *arguments, const char *map)
{
	for (const char *at = map; *at; at += strcspn(at, ","), at += *at == ',') {
		add_option(arguments, "--map-users=", at, strcspn(at, ","));
		add_option(arguments, "--map-groups=", at, strcspn(at, ","));
	}
}

static void add_nsxattr(struct arguments *arguments, const struct launch *launch)
{
	const char *identity = launch->identity ? launch->identity : usual_identity;

	add(arguments, build_path("nsxattr"));
	add(arguments, "run");
	if (launch->map)
		add_maps(arguments, launch->map);
	else
		add(arguments, "--no-userns");
	if (launch->policy)
		add_option(arguments, "--policy=", launch->policy, strlen(launch->policy));
	if (launch->resolver)
		add_option(arguments, "--debug=resolver=", launch->resolver,
			   strlen(launch->resolver));
	if (identity)
		add_option(arguments, "--debug=identity=", identity, strlen(identity));
	if (launch->measurements)
		add_option(arguments, "--measurements=", launch->measurements,
			   strlen(launch->measurements));
	if (launch->is_verbose)
		add(arguments, "--verbose");
	if (launch->is_unchecked)
		add(arguments, "--debug=kernel-checks=no");
	const char *executor = getenv("EXECUTOR");

	if (executor)
		add_option(arguments, "--debug=executor=", executor, strlen(executor));
	add(arguments, "--");
}

static int write_text(pid_t pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int r = write(fd, text, strlen(text)) < 0 ? -errno : 0;

	close(fd);
	return r;
}

/* "0:100000:65536,70000:300000:1" as the kernel wants it. */
static int write_map(pid_t pid, const char *map)
{
	char text[256];

	snprintf(text, sizeof(text), "%s", map);
	for (char *at = text; *at; at++) {
		if (*at == ':')
			*at = ' ';
		if (*at == ',')
			*at = '\n';
	}
	int r = write_text(pid, "uid_map", text);

	return r < 0 ? r : write_text(pid, "gid_map", text);
}

/* In the new process: a user namespace, whose map a child writes from outside. */
static int enter_namespace(const char *map)
{
	int ready[2], status;
	pid_t self = getpid(), writer;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	writer = fork_alone();
	if (writer == 0) {
		close(ready[1]);
		(void)!read(ready[0], &byte, 1);
		_exit(write_map(self, map) < 0);
	}
	if (writer < 0 || unshare(CLONE_NEWUSER) < 0)
		return -errno;
	close(ready[0]);
	close(ready[1]);
	if (waitpid(writer, &status, 0) < 0 || status != 0)
		return -EPERM;
	unsigned int first = (unsigned int)strtoul(map, NULL, 10);

	return set_ids_alone(first) < 0 ? -errno : 0;
}

static void complain(const char *what)
{
	fprintf(stderr, "cannot start a program: %s: %s\n", what, strerror(errno));
	_exit(126);
}

static _Noreturn void become(const struct launch *launch, const struct arguments *arguments)
{
	int input = launch->input ? launch->input : open("/dev/null", O_RDONLY);
	char **argv = (char **)(uintptr_t)arguments->list;

	if (dup2(input, STDIN_FILENO) < 0)
		complain("standard input");
	if (launch->output && dup2(launch->output, STDOUT_FILENO) < 0)
		complain("standard output");
	if (launch->errors && dup2(launch->errors, STDERR_FILENO) < 0)
		complain("standard error");
	if (close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
		complain("descriptors");
	if (launch->map && !launch->is_supervised && enter_namespace(launch->map) < 0)
		complain("user namespace");
	if (launch->directory && chdir(launch->directory) < 0)
		complain(launch->directory);
	execv(argv[0], argv);
	complain(argv[0]);
	abort();
}

pid_t launch_start(const struct launch *launch)
{
	struct arguments arguments = { 0 };
	char *nsxattr = NULL;

	if (launch->is_supervised) {
		add_nsxattr(&arguments, launch);
		nsxattr = realpath(arguments.list[0], NULL);
		cr_assert_not_null(nsxattr, "%s: %s", arguments.list[0], strerror(errno));
		arguments.list[0] = nsxattr;
	}
	for (const char *const *argument = launch->argv; *argument; argument++)
		add(&arguments, *argument);
	fflush(NULL);
	pid_t pid = fork_alone();

	if (pid == 0)
		become(launch, &arguments);
	cr_assert_gt(pid, 0, "fork: %s", strerror(errno));
	free(nsxattr);
	return pid;
}

int launch_wait(pid_t pid, unsigned int seconds)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
	struct pollfd polled = { .fd = pidfd, .events = POLLIN };
	int ended = pidfd < 0 ? -1 : poll(&polled, 1, (int)seconds * 1000);

	if (ended <= 0)
		kill(pid, SIGKILL);
	close(pidfd);
	waitpid(pid, &status, 0);
	cr_assert_gt(ended, 0, "process %d has not ended within %u s", pid, seconds);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int launch_run(const struct launch *launch, unsigned int seconds)
{
	return launch_wait(launch_start(launch), seconds);
}
