/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of keep/journal.h, walked: a worker dies before and after each system call that it makes for
 * a request, and the target gets the right answer all the same, while what was done is done once. Between
 * two system calls a worker touches only memory.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "exec/mount.h"
#include "idmapped.h"
#include "inode.h"
#include "launch.h"
#include "processes.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PATIENCE 60
/* More than any request has stops. */
#define TRIES_MAX 400

/* ---- the tracer: a process of its own ---- */

/* What it and the test share. */
struct trace {
	atomic_bool is_ready;
	atomic_bool has_fired;
	atomic_bool is_whole; /* the request was answered before it came to that */
};

static void follow_threads(pid_t worker)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", worker);
	DIR *tasks = opendir(path);

	/* Not the main thread: requests are the business of the others. */
	for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid <= 0 || tid == worker)
			continue;
		if (ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACESYSGOOD) < 0 ||
		    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 ||
		    waitpid(tid, NULL, __WALL) < 0 || ptrace(PTRACE_SYSCALL, tid, NULL, NULL) < 0)
			_exit(1);
	}
	closedir(tasks);
}

/* Is this the stop behind a call of the listener that has succeeded? */
static bool has_done(pid_t tid, uint64_t wanted)
{
	static uint64_t command;
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
		return false;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		command = info.entry.nr == SYS_ioctl ? info.entry.args[1] : 0;
	return info.op == PTRACE_SYSCALL_INFO_EXIT && command == wanted && info.exit.rval == 0;
}

/* Kill the worker at its @stop-th stop after it has received something. */
static _Noreturn void trace(pid_t worker, unsigned int stop, struct trace *shared)
{
	unsigned int stops = 0;
	bool is_counting = false;
	int status;
	pid_t tid;

	follow_threads(worker);
	atomic_store(&shared->is_ready, true);
	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		bool is_call = WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
		bool is_signal = WIFSTOPPED(status) && !is_call && status >> 16 == 0;

		if (is_call && has_done(tid, is_counting ? SECCOMP_IOCTL_NOTIF_SEND :
							   SECCOMP_IOCTL_NOTIF_RECV)) {
			atomic_store(&shared->is_whole, is_counting);
			is_counting = !is_counting;
		}
		if (is_counting && is_call && stops++ == stop) {
			atomic_store(&shared->has_fired, true);
			kill(worker, SIGKILL);
			_exit(0);
		}
		ptrace(PTRACE_SYSCALL, tid, NULL, is_signal ? WSTOPSIG(status) : 0);
	}
	_exit(0);
}

static pid_t start_tracer(pid_t worker, unsigned int stop, struct trace *shared)
{
	atomic_store(&shared->is_ready, false);
	atomic_store(&shared->has_fired, false);
	atomic_store(&shared->is_whole, false);
	pid_t pid = fork();

	if (pid == 0)
		trace(worker, stop, shared);
	cr_assert_gt(pid, 0);
	while (!atomic_load(&shared->is_ready))
		cr_assert_eq(waitpid(pid, NULL, WNOHANG), 0, "it cannot trace");
	return pid;
}

static void end_tracer(pid_t tracer)
{
	(void)kill(tracer, SIGKILL);
	cr_assert_eq(waitpid(tracer, NULL, 0), tracer);
}

/* ---- the requests ---- */

struct request {
	const char *command;
	const char *before; /* the own value; NULL: none */
	const char *hosts; /* the host's value; NULL: none */
	const char *answer;
	const char *after; /* the own value */
};

static const struct request requests[] = {
	{ "setxattr file security.n new", NULL, NULL, "0", "new" },
	{ "setxattr file security.n new", "old", NULL, "0", "new" },
	{ "setxattr file security.n new create", NULL, NULL, "0", "new" },
	{ "setxattr file security.n new create", "old", NULL, "EEXIST", "old" },
	{ "setxattr file security.n new create", NULL, "hosts", "EEXIST", NULL },
	{ "setxattr file security.n new replace", "old", NULL, "0", "new" },
	{ "setxattr file security.n new replace", NULL, NULL, "ENODATA", NULL },
	{ "setxattr file security.n new replace", NULL, "hosts", "0", "new" },
	{ "fsetxattr @20 security.n new create", NULL, NULL, "0", "new" },
	{ "removexattr file security.n", "old", NULL, "0", NULL },
	{ "removexattr file security.n", NULL, "hosts", "ENODATA", NULL },
	{ "fremovexattr @20 security.n", "old", NULL, "0", NULL },
	{ "getxattr file security.n", "old", "hosts", "3 old", "old" },
	{ "getxattr file security.n", NULL, "hosts", "5 hosts", NULL },
	{ "listxattr file", "old", NULL, "11 security.n,", "old" },
};

static void put(const char *path, const char *name, const char *value)
{
	if (value)
		inode_set(path, name, value);
	else if (removexattr(path, name) < 0)
		cr_assert_eq(errno, ENODATA);
}

static char file[4096];
static char place[4096]; /* where the actor works; empty: in the scratch directory */

static void begin(void)
{
	scratch_new();
	snprintf(file, sizeof(file), "%s", inode_file("file", USUAL_ROOT));
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

TestSuite(faults, .init = begin, .fini = scratch_remove, .timeout = 1200);

static void die_everywhere(const struct request *request, const char *resolver, const char *policy,
			   const char *stored)
{
	struct actor *actor = actor_start(&(struct launch){ .is_supervised = true,
							    .map = USUAL_MAP,
							    .policy = policy,
							    .resolver = resolver,
							    .directory = place[0] ? place : NULL });
	struct trace *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int stop = 0, tries = 0;

	cr_assert(shared != MAP_FAILED);
	/* Once it answers, it is no nsxattr any more. */
	EXPECT(actor, "20", "open 20 file");
	pid_t keeper = find_keeper(), worker = await_worker(keeper, -1, PATIENCE);

	while (!atomic_load(&shared->is_whole)) {
		put(file, stored, request->before);
		put(file, "security.n", request->hosts);
		pid_t tracer = start_tracer(worker, stop, shared);
		const char *answer = actor_ask(actor, "%s", request->command);

		cr_expect_str_eq(answer, request->answer, "%s (%s), death at stop %u: %s, not %s",
				 request->command, resolver, stop, answer, request->answer);
		INODE_HAS(file, stored, request->after);
		INODE_HAS(file, "security.n", request->hosts);
		end_tracer(tracer);
		cr_assert_lt(++tries, TRIES_MAX, "the request does not end");
		/* On a busy machine a thread may have served it that was not there before. */
		if (!atomic_load(&shared->has_fired))
			continue;
		worker = await_worker(keeper, worker, PATIENCE);
		stop++;
	}
	/* There was something to die in. */
	cr_expect_gt(stop, 6, "only %u stops", stop);
	actor_end(actor);
	munmap(shared, sizeof(*shared));
}

Test(faults, a_worker_dies_at_each_step)
{
	for (size_t i = 0; i < COUNT_OF(requests); i++)
		die_everywhere(&requests[i], "ring", NULL, "security.n@uid=100000");
}

/* With a helper for each credential, which dies with its worker. */
Test(faults, a_worker_with_helpers_dies_at_each_step)
{
	for (size_t i = 0; i < COUNT_OF(requests); i += 3)
		die_everywhere(&requests[i], "process", NULL, "security.n@uid=100000");
}

Test(faults, a_worker_with_the_user_store_dies_at_each_step)
{
	for (size_t i = 2; i < COUNT_OF(requests); i += 7)
		die_everywhere(&requests[i], "ring", "user", "user.nsxattr.100000.security.n");
}

/* Where the stored name follows from the mount: the next worker has to find it by that, too. */
Test(faults, a_worker_dies_at_each_step_on_an_idmapped_mount)
{
	if (!mount_maps_are_told())
		SKIP("Linux 6.18 tells the id maps of mounts");
	scratch_keep_mounts();
	inode_directory("volume", 0, 0755);
	snprintf(file, sizeof(file), "%s", inode_file("volume/file", 0));
	snprintf(place, sizeof(place), "%s", inode_directory("mount", 0, 0755));
	cr_assert_eq(idmapped_mount(scratch_path("volume"), place, "0 100000 65536"), 0);
	scratch_mounted(place);
	for (size_t i = 1; i < COUNT_OF(requests); i += 4)
		die_everywhere(&requests[i], "ring", NULL, "security.n@uid=0");
}
