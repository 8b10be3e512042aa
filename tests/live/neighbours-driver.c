/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hostile container does to its neighbours, for tests/system/hostile-neighbours.sh.
 *
 *	neighbours-driver DIRECTORY		the first process of a container, whose root DIRECTORY belongs to
 *	neighbours-driver serve MOUNT OWNER	the host's: a FUSE file system as in hanging_fuse.h
 *
 * The attacks, which are ordered as hostility.h says:
 *
 *	stuck COUNT		so many calls that look for what a FUSE server never finds
 *	stuck-closing COUNT	so many calls about a file whose closing a FUSE server never answers
 *	stale MOUNT		setters are killed while they wait for a slow one; a setter waits while its file is
 *				given to the host's root. MOUNT is the host's.
 *	chroot			".." out of root directories that lie on FUSE
 *	stop FILE WORKER	a deputy that makes a call about FILE is stopped, and a caller that waits for it is killed
 *	deputies IDS CALLERS	calls by so many fsgids, from so many callers, each of which takes a deputy
 *	odd CALLERS		calls that are refused, each of which is a reason to complain
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "hanging_fuse.h"
#include "hostility.h"

#define NAME "security.a"
#define QUEUED 4

static void leave_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		err(EXIT_FAILURE, "cannot have mounts of one's own");
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		err(EXIT_FAILURE, "%s", path);
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
}

/* A file system of one's own, served by another process. */
static void mount_own(const char *directory)
{
	make_directory(directory);
	leave_mounts();
	fuse.hanging = mmap(NULL, sizeof(*fuse.hanging), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fuse.hanging == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	fuse_mount(directory, 0);
	if (fork_checked() == 0)
		fuse_serve();
	close(fuse.device);
}

/* Until it has been the same for a while: all that comes through has come. */
static void await_unchanged(unsigned int value(void), unsigned int most)
{
	unsigned int seen = 0, same = 0;

	for (unsigned int i = 0; i < 100 * PATIENCE && seen < most && same < 50; i++) {
		unsigned int now = value();

		same = now > 0 && now == seen ? same + 1 : 0;
		seen = now;
		pause_for(10);
	}
}

/* Is the process in this system call? */
static bool is_calling(pid_t pid, long number)
{
	char path[32], text[16] = "";

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return length > 0 && text[0] != 'r' && strtol(text, NULL, 10) == number;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0;
}

/* Until the process has been in the call for some milliseconds: then it waits there. */
static void await_call(pid_t pid, long number)
{
	for (unsigned int i = 0, same = 0; i < 1000 * PATIENCE && same < 5 && !has_ended(pid);
	     i++) {
		same = is_calling(pid, number) ? same + 1 : 0;
		pause_for(1);
	}
}

/* ---- stuck ---- */

static void *look_for(void *number)
{
	char path[64], value[16];

	snprintf(path, sizeof(path), "mount/hang%zu", (size_t)number);
	(void)getxattr(path, NAME, value, sizeof(value));
	return NULL;
}

/* The supervisor's duplicate is the last one, for ours is closed as soon as there is an answer. */
static void *close_for_ever(void *number)
{
	char value[16];

	(void)number;
	int fd = open("mount/flush", O_RDONLY | O_CLOEXEC);

	(void)fgetxattr(fd, NAME, value, sizeof(value));
	close(fd);
	return NULL;
}

static unsigned int count_hanging(void)
{
	return atomic_load(fuse.hanging);
}

static void run_stuck(int report, char **words)
{
	unsigned int count = (unsigned int)atoi(words[0]);

	mount_own("mount");
	start_threads(count, look_for);
	await_unchanged(count_hanging, count);
	stand(report);
	pause();
}

static void run_stuck_closing(int report, char **words)
{
	mount_own("mount");
	start_threads((unsigned int)atoi(words[0]), close_for_ever);
	pause_for(300);
	stand(report);
	pause();
}

/* ---- stale ---- */

static char held_file[PATH_MAX], orders_file[PATH_MAX];

static void order(const char *text)
{
	if (setxattr(orders_file, "user.order", text, strlen(text), 0) < 0)
		err(EXIT_FAILURE, "cannot order %s", text);
}

static int set_held(const char *kind, unsigned int round)
{
	char value[32];

	snprintf(value, sizeof(value), "%s %u", kind, round);
	return setxattr(held_file, NAME, value, strlen(value), 0) == 0 ? 0 : errno;
}

static pid_t start_setter(const char *kind, unsigned int round)
{
	pid_t pid = fork_checked();

	if (pid == 0)
		_exit(set_held(kind, round));
	await_call(pid, SYS_setxattr);
	return pid;
}

/* Return: the error that a setter has had. */
static int end_setter(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		err(EXIT_FAILURE, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* Those of "old" are dead when "new" is set; the server tells if it hears of one later. */
static void kill_the_queue(unsigned int round)
{
	pid_t queue[QUEUED];

	order("hold");
	pid_t slow = start_setter("slow", round);

	for (size_t i = 0; i < QUEUED; i++)
		queue[i] = start_setter("old", round);
	for (size_t i = 0; i < QUEUED; i++) {
		kill(queue[i], SIGKILL);
		(void)end_setter(queue[i]);
	}
	pid_t newest = start_setter("new", round);

	order("release");
	int slow_error = end_setter(slow), newest_error = end_setter(newest);

	if (slow_error != 0 || newest_error != 0)
		wrong("round %u: a set has failed: %s; %s", round, strerror(slow_error),
		      strerror(newest_error));
}

/*
 * The server judges whether the late one is made while the file is root's. One that was received only after that is made
 * rightly. Return: whether it was refused.
 */
static bool take_the_file(unsigned int round)
{
	order("hold");
	pid_t slow = start_setter("slow", round);
	pid_t late = start_setter("late", round);

	order("take");
	order("release");
	(void)end_setter(slow);
	int error = end_setter(late);

	if (error != 0 && error != EPERM)
		wrong("round %u: a set on a file that is root's: %s", round, strerror(error));
	order("give");
	return error == EPERM;
}

static void run_stale(int report, char **words)
{
	snprintf(held_file, sizeof(held_file), "%s/file", words[0]);
	snprintf(orders_file, sizeof(orders_file), "%s/orders", words[0]);
	bool stands = false;

	/* An attack before this one may have ended in the middle of a round. */
	order("give");
	order("release");
	for (unsigned int round = 1;; round++) {
		kill_the_queue(round);
		if (take_the_file(round) && !stands) {
			stands = true;
			stand(report);
		}
	}
}

/* ---- chroot ---- */

/* None of them leads out; the kernel is asked by stat(2), which no supervisor sees. */
static const char *const ways_out[] = {
	"../secret",
	"/../secret",
	"sub/../../secret",
	"/sub/../../secret",
	"up",
	"/up",
	"sub/../up",
	"/proc/self/root/../secret",
	"/proc/self/cwd/../secret",
	"/proc/self/root/up",
	"/proc/self/cwd/../../secret",
};

static void look_for_way_out(const char *way)
{
	char value[64];
	struct stat buffer;

	if (stat(way, &buffer) == 0)
		wrong("%s: not the scene that was meant", way);
	if (getxattr(way, NAME, value, sizeof(value)) >= 0 || errno == ENODATA)
		wrong("chroot: %s is found", way);
	if (setxattr(way, NAME, "attack", 6, 0) == 0)
		wrong("chroot: %s is set", way);
	if (listxattr(way, value, sizeof(value)) >= 0)
		wrong("chroot: %s is listed", way);
}

/* With the working directory at the root, and below it. */
static _Noreturn void look_for_ways_out(const char *root)
{
	if (chroot(root) < 0)
		err(EXIT_FAILURE, "chroot %s", root);
	for (;;) {
		if (chdir("/") < 0)
			err(EXIT_FAILURE, "chdir");
		for (size_t i = 0; i < COUNT_OF(ways_out); i++)
			look_for_way_out(ways_out[i]);
		if (chdir("/sub") == 0)
			look_for_way_out("../../secret");
		pause_for(5);
	}
}

/* Beside the mount lies what must not be found; a directory of the mount is mounted elsewhere, too. */
static void run_chroot(int report, char **words)
{
	static const char *const roots[] = { "mount", "bound/sub" };

	(void)words;
	make_file("secret");
	make_directory("bound");
	make_directory("bound/sub");
	make_file("bound/secret");
	mount_own("mount");
	if (mount("/proc", "mount/proc", NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount("mount/sub", "bound/sub", NULL, MS_BIND, NULL) < 0)
		err(EXIT_FAILURE, "mount");
	for (size_t i = 0; i < COUNT_OF(roots); i++)
		if (fork_checked() == 0)
			look_for_ways_out(roots[i]);
	stand(report);
	pause();
}

/* ---- stop ---- */

static bool has_parent(pid_t pid, pid_t parent)
{
	char path[32], text[512] = "";

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	const char *end = length > 0 ? strrchr(text, ')') : NULL;

	return end && strtol(end + 4, NULL, 10) == parent;
}

/* All that we may signal, as its ids are ours. Return: how many. */
static unsigned int stop_children(pid_t parent)
{
	DIR *proc = opendir("/proc");
	unsigned int count = 0;

	if (!proc)
		err(EXIT_FAILURE, "/proc");
	for (struct dirent *entry; (entry = readdir(proc));) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && has_parent(pid, parent) && kill(pid, SIGSTOP) == 0)
			count++;
	}
	closedir(proc);
	return count;
}

/* Refused, and never asked of the kernel by ourselves: the supervisor has a deputy make it. */
static void ask_for_deputy(const char *file)
{
	(void)setxattr(file, "user.x", "", 0, 0);
}

static void run_stop(int report, char **words)
{
	pid_t worker = (pid_t)atoi(words[1]);
	bool is_standing = false;

	for (;;) {
		pid_t caller = fork_checked();

		if (caller == 0) {
			ask_for_deputy(words[0]);
			_exit(EXIT_SUCCESS);
		}
		for (unsigned int i = 0; i < 50 && stop_children(worker) == 0; i++)
			continue;
		pid_t second = fork_checked();

		if (second == 0) {
			ask_for_deputy(words[0]);
			_exit(EXIT_SUCCESS);
		}
		pause_for(20);
		kill(caller, SIGKILL);
		kill(second, SIGKILL);
		(void)waitpid(caller, NULL, 0);
		(void)waitpid(second, NULL, 0);
		if (!is_standing)
			stand(report);
		is_standing = true;
	}
}

/* ---- those that spin ---- */

static unsigned int ids;

static void *take_deputies(void *number)
{
	for (size_t i = (size_t)number;; i++) {
		setfsgid((gid_t)(1 + i % ids));
		ask_for_deputy("file");
	}
	return NULL;
}

static void run_deputies(int report, char **words)
{
	make_file("file");
	ids = (unsigned int)atoi(words[0]);
	start_threads((unsigned int)atoi(words[1]), take_deputies);
	stand(report);
	pause();
}

/* Calls that no process could make, and what none could store. */
static void *call_oddly(void *number)
{
	char value[16], long_name[300];

	(void)number;
	memset(long_name, 'a', sizeof(long_name) - 1);
	memcpy(long_name, NAME, strlen(NAME));
	long_name[sizeof(long_name) - 1] = '\0';
	for (;;) {
		(void)setxattr("file", "security.a@uid=99999999", "x", 1, 0);
		(void)setxattr("file", "security.", "x", 1, 0);
		(void)getxattr("file", long_name, value, sizeof(value));
		(void)syscall(SYS_setxattr, "file", NAME, value, 70000, 0);
		(void)setxattr("/etc/passwd", NAME, "x", 1, 0);
		(void)setxattr("/proc/self/stat", NAME, "x", 1, 0);
		(void)setxattr("pipe", NAME, "x", 1, 0);
		(void)getxattr("file", (const char *)8, value, sizeof(value));
		(void)syscall(SYS_fgetxattr, 9999, NAME, value, sizeof(value));
		(void)syscall(463, -1, "file", 0xffff, NAME, value, 3);
	}
	return NULL;
}

static void run_odd(int report, char **words)
{
	make_file("file");
	(void)mkfifo("pipe", 0644);
	start_threads((unsigned int)atoi(words[0]), call_oddly);
	stand(report);
	pause();
}

static const struct attack attacks[] = {
	{ "stuck", run_stuck, 1 }, { "stuck-closing", run_stuck_closing, 1 },
	{ "stale", run_stale, 1 }, { "chroot", run_chroot, 0 },
	{ "stop", run_stop, 2 },   { "deputies", run_deputies, 2 },
	{ "odd", run_odd, 1 },
};

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "serve") == 0) {
		fuse_mount(argv[2], (uint32_t)atoi(argv[3]));
		puts("ready");
		fflush(stdout);
		fuse_serve();
	}
	if (argc != 2 || chdir(argv[1]) < 0)
		errx(2, "see the top of tests/live/neighbours-driver.c");
	obey_orders(attacks, COUNT_OF(attacks));
	return EXIT_SUCCESS;
}
