/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request costs that can be counted: the system calls that serve it, once everything is warm,
 * and that nothing is allocated. The requests are served here, in the test's own thread, which another
 * process traces; times are the benchmark's business.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attach/filter.h"
#include "base/forker.h"
#include "base/probe.h"
#include "base/proc.h"
#include "child.h"
#include "exec/changes.h"
#include "exec/deputies.h"
#include "exec/deputy.h"
#include "exec/standin.h"
#include "launch.h"
#include "policy.h"
#include "request/notify.h"
#include "request/request.h"
#include "request/userns.h"
#include "request/workspace.h"

/* More than a container has first requests that are looked at (request/orphan.c). */
#define WARM 70
#define CALLS 20
#define NUMBERS 512

TestSuite(cost, .init = (void (*)(void))scratch_new, .fini = scratch_remove, .timeout = 120);

/* ---- allocations ---- */

/* Sanitizers have their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAN_COUNT_ALLOCATIONS false
static _Thread_local unsigned long allocations;
#else
#define CAN_COUNT_ALLOCATIONS true
static _Thread_local unsigned long allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *pointer, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size)
{
	allocations++;
	return __libc_realloc(pointer, size);
}
#endif

/* ---- what target, server and tracer share ---- */

struct scene {
	atomic_bool is_counting;
	unsigned int calls[NUMBERS]; /* of the server while it counts, by their numbers */
	int listener; /* the target's, in a table of descriptors that both have */
	long (*call)(const char *path, int fd);
	char path[512];
	int fd; /* of the file */
};

static struct scene *scene;
static int ready[2];

static long get(const char *path, int fd)
{
	char value[64];

	(void)fd;
	return getxattr(path, "security.a", value, sizeof(value));
}

/* As tar does. */
static long get_through_own_entry(const char *path, int fd)
{
	char own[64], value[64];

	(void)path;
	snprintf(own, sizeof(own), "/proc/self/fd/%d", fd);
	return getxattr(own, "security.a", value, sizeof(value));
}

static long get_by_descriptor(const char *path, int fd)
{
	char value[64];

	(void)path;
	return fgetxattr(fd, "security.a", value, sizeof(value));
}

static long get_of_kernel(const char *path, int fd)
{
	char value[64];

	(void)fd;
	return getxattr(path, "user.a", value, sizeof(value));
}

static long set(const char *path, int fd)
{
	(void)fd;
	return setxattr(path, "security.a", "own", 3, 0);
}

static long set_by_descriptor(const char *path, int fd)
{
	(void)path;
	return fsetxattr(fd, "security.a", "own", 3, 0);
}

static long list(const char *path, int fd)
{
	char names[512];

	(void)fd;
	return listxattr(path, names, sizeof(names));
}

static void be_target(void *argument)
{
	(void)argument;
	child_enter_userns(USUAL_MAP);
	NEED(filter_install(&(struct filter_options){ 0 }, &scene->listener) == 0);
	NEED(write(ready[1], "", 1) == 1);
	for (int i = 0; i < WARM + CALLS; i++)
		NEED(scene->call(scene->path, scene->fd) >= 0);
}

/* ---- the tracer ---- */

static void note_call(pid_t tid)
{
	struct __ptrace_syscall_info info;

	/* The time is no system call, but where the machine has no clock that processes can read. */
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) > 0 &&
	    info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr < NUMBERS &&
	    info.entry.nr != SYS_clock_gettime && atomic_load(&scene->is_counting))
		scene->calls[info.entry.nr]++;
}

/* Until it is killed. */
static void be_tracer(void *argument)
{
	pid_t tid = *(pid_t *)argument;
	int status;

	NEED(ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD) == 0);
	NEED(ptrace(PTRACE_INTERRUPT, tid, 0, 0) == 0);
	NEED(waitpid(tid, &status, __WALL) == tid);
	NEED(ptrace(PTRACE_SYSCALL, tid, 0, 0) == 0);
	NEED(write(ready[1], "", 1) == 1);
	while (waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status)) {
		int number = WSTOPSIG(status);

		if (number == (SIGTRAP | 0x80))
			note_call(tid);
		bool is_signal = number < 0x80 && status >> 16 == 0;

		ptrace(PTRACE_SYSCALL, tid, 0, is_signal ? (long)number : 0);
	}
}

static void await(void)
{
	char byte;

	cr_assert_eq(read(ready[0], &byte, 1), 1);
}

/* ---- the server ---- */

struct server {
	struct probe *probe;
	struct changes *changes;
	struct forker *forker;
	struct deputies *deputies;
	struct workspace *workspace;
	struct client client;
	int procfs;
};

static void set_up(struct server *server, bool by_probe)
{
	if (by_probe && probe_new(&server->probe) < 0)
		SKIP("the kernel cannot be probed");
	server->procfs = proc_open();
	cr_assert_geq(server->procfs, 0);
	const struct forker_config config = {
		.bodies = { [FORKER_DEPUTY] = deputy_serve, [FORKER_MEMBER] = userns_wait_within }
	};

	cr_assert_eq(forker_new(&config, &server->forker), 0);
	cr_assert_eq(changes_new(&server->changes), 0);
	cr_assert_eq(deputies_new(server->forker, server->procfs, &server->deputies), 0);
	client_init(&server->client, policy_builtin("default"));
	const struct workspace_config shared = {
		.procfs = server->procfs,
		.standins = STANDIN_PERSONALITY,
		.probe = server->probe,
		.changes = server->changes,
		.deputies = server->deputies,
		.is_guarded = true,
	};

	if (workspace_new(&shared, &server->workspace) < 0)
		SKIP("there is no io_uring");
}

static void tear_down(struct server *server)
{
	workspace_free(server->workspace);
	deputies_free(server->deputies);
	forker_free(server->forker);
	changes_free(server->changes);
	probe_free(server->probe);
	close(server->procfs);
}

static void serve_one(struct server *server)
{
	struct slot slot = { .listener = scene->listener };
	struct reception reception = { .slot = &slot };

	cr_assert_eq(notify_receive(scene->listener, &slot.notification), NOTIFY_RECEIVED);
	struct outcome outcome = request_run(server->workspace, &server->client, &reception);

	cr_assert_eq(notify_answer(scene->listener, slot.notification.id, &outcome), 0);
}

static unsigned int count_calls(void)
{
	unsigned int sum = 0;

	for (int i = 0; i < NUMBERS; i++) {
		if (scene->calls[i] >= CALLS / 2)
			printf("  call %d: %.1f\n", i, scene->calls[i] / (double)CALLS);
		sum += scene->calls[i];
	}
	return sum;
}

/* The system calls for one request; rounded, since the tracer is told of the end a little late. */
static unsigned int cost_of(struct server *server, long (*call)(const char *path, int fd))
{
	pid_t self = (pid_t)syscall(SYS_gettid);

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	memset(scene->calls, 0, sizeof(scene->calls));
	scene->call = call;
	pid_t target = child_start(be_target, NULL, CLONE_FILES);

	await();
	for (int i = 0; i < WARM; i++)
		serve_one(server);
	pid_t tracer = child_start(be_tracer, &self, 0);

	await();
	allocations = 0;
	atomic_store(&scene->is_counting, true);
	for (int i = 0; i < CALLS; i++)
		serve_one(server);
	atomic_store(&scene->is_counting, false);
	unsigned long allocated = allocations;

	kill(tracer, SIGKILL);
	child_end(tracer);
	cr_expect_eq(child_end(target), 0);
	close(scene->listener);
	close(ready[0]);
	close(ready[1]);
	cr_expect(!CAN_COUNT_ALLOCATIONS || allocated == 0, "%lu allocations", allocated);
	return (count_calls() + CALLS / 2) / CALLS;
}

static void make_scene(void)
{
	const char *file = scratch_path("file");

	scene = mmap(NULL, sizeof(*scene), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	cr_assert(scene != MAP_FAILED);
	snprintf(scene->path, sizeof(scene->path), "%s", file);
	scene->fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cr_assert(scene->fd >= 0 && fchown(scene->fd, USUAL_ROOT, USUAL_ROOT) == 0);
	cr_assert_eq(fsetxattr(scene->fd, "security.a@uid=100000", "own", 3, 0), 0);
	cr_assert_eq(fsetxattr(scene->fd, "user.a", "own", 3, 0), 0);
}

static void drop_scene(void)
{
	close(scene->fd);
	munmap(scene, sizeof(*scene));
}

#define EXPECT_COST(server, call, most)                                          \
	do {                                                                     \
		unsigned int _cost = cost_of(server, call);                      \
		cr_expect(_cost <= (most), "%s: %u system calls", #call, _cost); \
	} while (0)

/* Before Linux 6.8 no mount is told from another by a number: then it is asked where each path has led to. */
static bool has_mount_ids(void)
{
	struct statx stat;

	return statx(AT_FDCWD, "/", 0, STATX_MNT_ID_UNIQUE, &stat) == 0 &&
	       (stat.stx_mask & STATX_MNT_ID_UNIQUE);
}

/* When one of these can be lowered, lower it. */
Test(cost, of_requests_with_the_probe)
{
	struct server server = { 0 };
	unsigned int more = has_mount_ids() ? 0 : 1;

	make_scene();
	set_up(&server, true);
	EXPECT_COST(&server, get, 9 + more);
	EXPECT_COST(&server, get_through_own_entry, 17);
	EXPECT_COST(&server, get_by_descriptor, 10);
	EXPECT_COST(&server, get_of_kernel, 3);
	EXPECT_COST(&server, set, 10 + more);
	EXPECT_COST(&server, set_by_descriptor, 10);
	EXPECT_COST(&server, list, 10 + more);
	tear_down(&server);
	drop_scene();
}

Test(cost, of_requests_without_it)
{
	struct server server = { 0 };

	make_scene();
	set_up(&server, false);
	EXPECT_COST(&server, get, 13);
	EXPECT_COST(&server, get_by_descriptor, 11);
	EXPECT_COST(&server, get_of_kernel, 3);
	tear_down(&server);
	drop_scene();
}
