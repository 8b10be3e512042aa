/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crowds of threads and processes, processes that are killed, and a supervisor that is: see
 * tests/live/crowd-driver.c, which checks what each call gives. Natively, as the host's root, its
 * scenes have to go well too.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "inode.h"
#include "kernel_features.h"
#include "launch.h"
#include "processes.h"

#define DRIVER "tests/live/crowd-driver"
/* Seconds; generous, for sanitizers. */
#define PATIENCE 280

static void begin(void)
{
	scratch_new();
	/* So that supervisors become our children, and can be told from others'. */
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

TestSuite(crowd, .init = begin, .fini = scratch_remove, .timeout = 2 * PATIENCE);

static void run_scene(struct launch how, const char *directory, uid_t owner, const char *scene,
		      const char *rounds, const char *variant)
{
	const char *const argv[] = { scratch_program(DRIVER), scene, rounds, variant, NULL };

	how.argv = argv;
	how.directory = inode_directory(directory, owner, 0755);
	int status = launch_run(&how, PATIENCE);

	cr_assert_eq(status, 0, "%s, %s: ended with %d", scene, directory, status);
}

/* Under a supervisor with either resolver. */
static void run_scene_inside(const char *scene, const char *rounds, const char *variant)
{
	struct launch inside = { .is_supervised = true, .map = USUAL_MAP };

	inside.resolver = "ring";
	run_scene(inside, "ring", USUAL_ROOT, scene, rounds, variant);
	inside.resolver = "process";
	run_scene(inside, "process", USUAL_ROOT, scene, rounds, variant);
}

static void run_scene_natively(const char *scene, const char *rounds, const char *variant)
{
	run_scene((struct launch){ 0 }, "native", 0, scene, rounds, variant);
}

static void run_scene_everywhere(const char *scene, const char *rounds, const char *variant)
{
	run_scene_natively(scene, rounds, variant);
	run_scene_inside(scene, rounds, variant);
}

/* 8 threads, 6 calls a round: 10,000 calls under the supervisor with each resolver. */
Test(crowd, signals_neither_lose_nor_double_a_call)
{
	run_scene_everywhere("storm", "210", NULL);
}

/* A handler without SA_RESTART: a call may end with EINTR, and has then done nothing. */
Test(crowd, an_interrupted_call_has_done_nothing)
{
	run_scene_everywhere("storm", "60", "interrupted");
}

Test(crowd, programs_that_fork_and_execute)
{
	run_scene_everywhere("churn", "200", NULL);
}

Test(crowd, threads_with_things_of_their_own)
{
	run_scene_natively("threads", "50", kernel_checks_security() ? NULL : "unchecked");
	run_scene_inside("threads", "50", NULL);
}

Test(crowd, one_of_many_creates_and_one_removes)
{
	run_scene_everywhere("race", "100", NULL);
}

static void check_flip(const char *resolver)
{
	const char *hosts = inode_file("hosts", 0), *file = scratch_path("inside/file");
	struct launch inside = { .is_supervised = true, .map = USUAL_MAP, .resolver = resolver };

	inode_set(hosts, "security.hosts", "x");
	inode_set(hosts, "user.hosts", "x");
	run_scene(inside, "inside", USUAL_ROOT, "flip", "3000", NULL);
	INODE_LISTS(hosts, "security.hosts,user.hosts,");
	INODE_HAS(file, "security.aaa", NULL);
	INODE_HAS(file, "security.a@b", NULL);
	INODE_HAS(file, "trusted.aaaa", NULL);
	cr_expect_eq(getxattr(file, "security.capability", NULL, 0), -1);
	cr_expect_eq(errno, ENODATA);
	/* It has not been refused everything, either. */
	INODE_HAS(file, "user.aaaaaaa", "x");
	INODE_HAS(file, "security.aaa@uid=100000", "x");
}

/* Names, links and sizes that change between what is checked and what is done. */
Test(crowd, what_changes_during_a_call_opens_nothing)
{
	check_flip("ring");
}

Test(crowd, what_changes_during_a_call_opens_nothing_by_deputies)
{
	check_flip("process");
}

/* ---- what the supervisor holds ---- */

/* In KiB. */
static long resident_memory(pid_t pid)
{
	char path[64], line[256];
	long size = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *status = fopen(path, "re");

	cr_assert_not_null(status);
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, "VmRSS:", 6) == 0)
			size = strtol(line + 6, NULL, 10);
	fclose(status);
	return size;
}

/* The kernel's own are "iou-wrk-N": a ring has one, or none, when it rests. */
static bool is_of_ring(int tasks, const char *number)
{
	char path[64], name[16] = "";

	snprintf(path, sizeof(path), "%.20s/comm", number);
	int fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	(void)!read(fd, name, sizeof(name) - 1);
	close(fd);
	return strncmp(name, "iou-wrk-", 8) == 0;
}

static size_t count_threads(pid_t pid)
{
	char path[64];
	size_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *directory = opendir(path);

	cr_assert_not_null(directory);
	for (struct dirent *entry; (entry = readdir(directory));)
		count += !is_of_ring(dirfd(directory), entry->d_name);
	closedir(directory);
	return count;
}

static void kill_mortals(int input, int output, const char *count)
{
	struct pollfd polled = { .fd = output, .events = POLLIN };
	char answer[32] = "";

	cr_assert_eq(write(input, count, strlen(count)), (ssize_t)strlen(count));
	cr_assert_gt(poll(&polled, 1, PATIENCE * 1000), 0, "no answer");
	cr_assert_gt(read(output, answer, sizeof(answer) - 1), 0);
	cr_assert_str_eq(answer, count);
}

/* Beside a request that takes long another server goes on; so many of them rest when it is done. */
#define SERVERS_RESTING 4
/* Each has a ring, or a deputy with two ends of a channel, a namespace, and a folder of /proc. */
#define SERVER_DESCRIPTORS 8

static size_t count_deputies(pid_t supervisor)
{
	static pid_t children[2048];

	return find_deputies(supervisor, children, sizeof(children) / sizeof(children[0]));
}

/*
 * What there is of targets goes within a second of silence; what serves a request beside others goes when it is
 * done. Both may take long on a busy machine; what is lost never goes.
 */
static void await_at_most(size_t (*count)(pid_t), pid_t supervisor, size_t most, const char *what)
{
	for (time_t end = time(NULL) + PATIENCE; count(supervisor) > most;) {
		cr_assert_lt(time(NULL), end, "there are %zu %s, and may be %zu", count(supervisor),
			     what, most);
		poll(NULL, 0, 10);
	}
}

/* What it keeps of targets is bounded; so after a first few hundred its memory does not grow. */
static void check_growth(const char *resolver)
{
	const char *const argv[] = { scratch_program(DRIVER), "mortals", NULL };
	int input[2], output[2];

	cr_assert(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
	pid_t pid = launch_start(&(struct launch){
		.argv = argv,
		.is_supervised = true,
		.map = USUAL_MAP,
		.resolver = resolver,
		.directory = inode_directory("inside", USUAL_ROOT, 0755),
		.input = input[0],
		.output = output[1],
	});

	close(input[0]);
	close(output[1]);
	kill_mortals(input[1], output[0], "1\n");
	pid_t supervisor = find_supervisor();
	size_t descriptors = count_descriptors(supervisor), threads = count_threads(supervisor);
	size_t deputies = count_deputies(supervisor);

	kill_mortals(input[1], output[0], "300\n");
	long memory = resident_memory(supervisor);

	kill_mortals(input[1], output[0], "1000\n");
	await_at_most(count_threads, supervisor, threads + SERVERS_RESTING, "threads");
	await_at_most(count_deputies, supervisor, deputies + SERVERS_RESTING, "deputies");
	await_at_most(count_descriptors, supervisor,
		      descriptors + SERVERS_RESTING * SERVER_DESCRIPTORS, "descriptors");
	/* A thread that rests has some 2 MiB. */
	cr_expect_leq(resident_memory(supervisor), memory + 12 * 1024, "from %ld KiB to %ld",
		      memory, resident_memory(supervisor));
	close(input[1]);
	cr_expect_eq(launch_wait(pid, PATIENCE), 0);
	close(output[0]);
}

Test(crowd, a_thousand_killed_in_mid_call_leave_nothing_behind)
{
	check_growth("ring");
}

Test(crowd, a_thousand_killed_in_mid_call_leave_nothing_behind_in_deputies)
{
	check_growth("process");
}

/* So that listeners, requests and peers find some. */
Test(crowd, what_is_kept_of_targets_leaves_a_quarter_of_the_descriptors)
{
	const char *const argv[] = { scratch_program(DRIVER), "mortals", NULL };
	const struct rlimit limit = { 240, 240 };
	int input[2], output[2];

	cr_assert(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	pid_t pid = launch_start(&(struct launch){
		.argv = argv,
		.is_supervised = true,
		.map = USUAL_MAP,
		.directory = inode_directory("inside", USUAL_ROOT, 0755),
		.input = input[0],
		.output = output[1],
	});

	close(input[0]);
	close(output[1]);
	kill_mortals(input[1], output[0], "1\n");
	pid_t supervisor = find_supervisor();
	size_t threads = count_threads(supervisor);

	for (int i = 0; i < 20; i++) {
		kill_mortals(input[1], output[0], "20\n");
		/*
		 * Each server has a few, and each request that it has in hand. With a ring each call that waits has its
		 * inode: what counts there is that no call fails.
		 */
		await_at_most(count_threads, supervisor, threads + SERVERS_RESTING, "threads");
		cr_expect(getenv("EXECUTOR") ||
			  count_descriptors(supervisor) <=
				  limit.rlim_cur * 3 / 4 + SERVERS_RESTING * SERVER_DESCRIPTORS);
	}
	close(input[1]);
	cr_expect_eq(launch_wait(pid, PATIENCE), 0);
	close(output[0]);
}

/* ---- memory that is not there ---- */

static void expect_answer(int output, const char *wanted)
{
	struct pollfd polled = { .fd = output, .events = POLLIN };
	char answer[32] = "";

	cr_assert_gt(poll(&polled, 1, PATIENCE * 1000), 0, "no answer");
	cr_assert_gt(read(output, answer, sizeof(answer) - 1), 0);
	cr_assert_str_eq(answer, wanted);
}

/* As the host's root, who alone may have faults of the kernel's told. */
Test(crowd, memory_that_is_not_there_delays_no_other_target)
{
	const char *const argv[] = { scratch_program(DRIVER), "absent", "40", NULL };
	int input[2], output[2];

	cr_assert(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
	pid_t pid = launch_start(&(struct launch){
		.argv = argv,
		.is_supervised = true,
		.directory = inode_directory("absent", 0, 0755),
		.input = input[0],
		.output = output[1],
	});

	close(input[0]);
	close(output[1]);
	expect_answer(output[0], "waiting\n");
	pid_t supervisor = find_supervisor();

	cr_expect_geq(count_threads(supervisor), 40, "each waits in a thread of its own");
	cr_assert_eq(write(input[1], "\n", 1), 1);
	expect_answer(output[0], "killed\n");
	for (time_t end = time(NULL) + PATIENCE; count_threads(supervisor) > 2 + 4 + 2;)
		cr_assert_lt(time(NULL), end, "there are %zu threads", count_threads(supervisor));
	close(input[1]);
	cr_expect_eq(launch_wait(pid, PATIENCE), 0);
	close(output[0]);
}

/* ---- a supervisor that ends ---- */

Test(crowd, without_a_supervisor_calls_fail_and_do_not_hang)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *inside = actor_inside();

	EXPECT(inside, "0", "setxattr file security.a x");
	EXPECT(inside, "20", "open 20 file");
	pid_t keeper = find_keeper(), supervisor = find_supervisor();

	cr_assert_eq(kill(keeper, SIGKILL), 0);
	cr_assert_eq(waitpid(keeper, NULL, 0), keeper);
	EXPECT(inside, "1 x", "getxattr file security.a");
	/* It is our child now. */
	cr_assert_eq(kill(supervisor, SIGKILL), 0);
	cr_assert_eq(waitpid(supervisor, NULL, 0), supervisor);
	EXPECT(inside, "ENOSYS", "getxattr file security.a");
	EXPECT(inside, "ENOSYS", "fsetxattr @20 security.a y");
	EXPECT(inside, "ENOSYS", "listxattrat @20");
	/* Everything else goes on. */
	EXPECT(inside, "0", "chmod file 600");
	actor_end(inside);
	INODE_HAS(file, "security.a@uid=100000", "x");
}

Test(crowd, without_a_keeper_the_supervisor_ends_with_its_targets)
{
	struct actor *inside = actor_inside();

	/* Once it answers, it is no nsxattr any more. */
	(void)actor_ask(inside, "pid");
	pid_t keeper = find_keeper(), supervisor = find_supervisor();

	cr_assert_eq(kill(keeper, SIGKILL), 0);
	cr_assert_eq(waitpid(keeper, NULL, 0), keeper);
	actor_end(inside);
	cr_assert_eq(waitpid(supervisor, NULL, 0), supervisor);
}

/* ---- deputies at the mercy of the target ---- */

/* The namespace's root may send signals to whatever runs under its ids. */
static void signal_deputies(int number)
{
	pid_t deputies[8];
	size_t count = find_deputies(find_supervisor(), deputies, 8);

	cr_assert_gt(count, 0, "there is no deputy");
	for (size_t i = 0; i < count; i++)
		kill(deputies[i], number);
}

static struct actor *actor_with_deputy(void)
{
	const char *file = inode_file("file", USUAL_ROOT);
	struct actor *actor = actor_start(
		&(struct launch){ .is_supervised = true, .map = USUAL_MAP, .resolver = "process" });

	inode_set(file, "security.a@uid=100000", "own");
	EXPECT(actor, "3 own", "getxattr file security.a");
	return actor;
}

Test(crowd, a_deputy_that_is_killed_is_replaced)
{
	struct actor *actor = actor_with_deputy();

	for (int i = 0; i < 20; i++) {
		signal_deputies(SIGKILL);
		EXPECT(actor, "3 own", "getxattr file security.a");
	}
	actor_end(actor);
}

/* As for want of memory. The next call needs a deputy, and its worker finds that there can be none. */
Test(crowd, nothing_is_noticed_of_the_death_of_what_makes_deputies)
{
	struct actor *actor = actor_with_deputy();
	pid_t keeper = find_keeper();

	for (int i = 0; i < 10; i++) {
		pid_t worker = await_worker(keeper, -1, PATIENCE);

		cr_assert_eq(kill(find_forker(worker), SIGKILL), 0);
		signal_deputies(SIGKILL);
		EXPECT(actor, "3 own", "getxattr file security.a");
		(void)await_worker(keeper, worker, PATIENCE);
		EXPECT(actor, "3 own", "getxattr file security.a");
	}
	actor_end(actor);
}

/* The supervisor does not wait for it for ever; a container that stops it has a call refused. */
Test(crowd, a_deputy_that_is_stopped_is_given_up)
{
	struct actor *actor = actor_with_deputy();

	signal_deputies(SIGSTOP);
	(void)actor_ask(actor, "getxattr file security.a");
	EXPECT(actor, "3 own", "getxattr file security.a");
	actor_end(actor);
}
