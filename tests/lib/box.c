/* SPDX-License-Identifier: Apache-2.0 */
#include "box.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

/* ---- reports ---- */

double seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void expect(long expected, long found, const char *format, ...)
{
	va_list arguments;

	printf(expected == found ? "ok " : "not_ok ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	if (expected != found)
		printf(": expected %ld, found %ld (%s)", expected, found, strerror((int)found));
	printf("\n");
	fflush(stdout);
}

void must(bool is_done, const char *what)
{
	if (!is_done)
		err(1, "%s", what);
}

/* ---- files ---- */

void copy_file(const char *from, const char *to)
{
	_cleanup_fd_ int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char bytes[65536];
	ssize_t n;

	must(in >= 0 && out >= 0, to);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		must(write(out, bytes, (size_t)n) == n, to);
}

const char *make_program(const char *program, const char *name)
{
	char from[256];

	snprintf(from, sizeof(from), "%s/%s", getenv("GATE_PROGRAMS"), program);
	unlink(name);
	copy_file(from, name);
	must(chown(name, ROOT_INSIDE, ROOT_INSIDE) == 0 && chmod(name, 0755) == 0, name);
	return name;
}

/* ---- boxes ---- */

static void write_map(pid_t pid, const char *which)
{
	char path[64], map[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, which);
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	int length = snprintf(map, sizeof(map), "0 %d 65536", ROOT_INSIDE);

	must(fd >= 0 && write(fd, map, (size_t)length) == length, path);
}

static int open_namespace(pid_t pid, const char *which)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, which);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	must(fd >= 0, path);
	return fd;
}

struct box box_make(void)
{
	int ready[2];
	char byte;

	must(pipe2(ready, O_CLOEXEC) == 0, "pipe");
	pid_t pid = fork();

	if (pid == 0) {
		must(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare");
		must(write(ready[1], "", 1) == 1, "write");
		pause();
		_exit(0);
	}
	must(pid > 0 && read(ready[0], &byte, 1) == 1, "a box");
	close(ready[0]);
	close(ready[1]);
	write_map(pid, "uid_map");
	write_map(pid, "gid_map");
	return (struct box){ .holder = pid,
			     .userns = open_namespace(pid, "user"),
			     .mounts = open_namespace(pid, "mnt") };
}

static struct box make(const struct gate *gate, unsigned int kinds, unsigned int asked)
{
	struct box box = box_make();
	int r = gate_container_new(gate, box.userns, kinds, asked, &box.container);

	must(r == 0, "gate_container_new");
	return box;
}

struct box box_make_gated(const struct gate *gate, unsigned int kinds)
{
	return make(gate, kinds, 0);
}

struct box box_make_asking(const struct gate *gate, unsigned int asked)
{
	return make(gate, BOTH, asked);
}

void box_remove(struct box *box)
{
	kill(box->holder, SIGKILL);
	waitpid(box->holder, NULL, 0);
	gate_container_free(box->container);
	fd_close(&box->userns);
	fd_close(&box->mounts);
}

void box_enter(const struct box *box)
{
	char here[256];

	must(getcwd(here, sizeof(here)) && setns(box->userns, CLONE_NEWUSER) == 0 &&
		     setns(box->mounts, CLONE_NEWNS) == 0 && setresgid(0, 0, 0) == 0 &&
		     setresuid(0, 0, 0) == 0 && chdir(here) == 0,
	     "setns");
}

int box_wait(pid_t pid)
{
	int status = 0;

	must(pid > 0 && waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int box_run(const struct box *box, box_act *act, const char *path)
{
	fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		if (box)
			box_enter(box);
		_exit(act(path));
	}
	return box_wait(pid);
}

int run_as_stranger(box_act *act, const char *path)
{
	fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		become_stranger();
		_exit(act(path));
	}
	return box_wait(pid);
}

void become_stranger(void)
{
	must(setgroups(1, &(gid_t){ STRANGER_ID }) == 0 &&
		     setresgid(STRANGER_ID, STRANGER_ID, STRANGER_ID) == 0 &&
		     setresuid(STRANGER_ID, STRANGER_ID, STRANGER_ID) == 0,
	     "setresuid");
}

/* ---- the judge ---- */

int judge_ask_fd(const struct gate *gate, int fd, struct gate_version *ret_version)
{
	_cleanup_fd_ int procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return gate_ask(gate, procfs, fd, ret_version);
}

int judge_ask(const struct gate *gate, const char *path, struct gate_version *ret_version)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	must(fd >= 0, path);
	return judge_ask_fd(gate, fd, ret_version);
}

int judge_state(const struct gate *gate, const char *path)
{
	struct gate_version version;

	return judge_ask(gate, path, &version);
}

int judge_allow_case(const struct gate *gate, const struct box *box, const char *path,
		     struct gate_case *about, unsigned int kinds)
{
	int r = judge_ask(gate, path, &about->version);

	return r == GATE_SETTLED ? gate_container_allow(box->container, about, kinds) : r;
}

int judge_allow(const struct gate *gate, const struct box *box, const char *path,
		unsigned int kinds)
{
	struct gate_case about = { 0 };

	return judge_allow_case(gate, box, path, &about, kinds);
}

struct gate *judge_make_gate(void)
{
	struct gate *gate;
	int r = gate_new(&gate);

	if (r < 0)
		errx(1, "there is no gate: %s (%s)", gate_obstacle(r), strerror(-r));
	return gate;
}
