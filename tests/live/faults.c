/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of keep/journal.h, walked: a worker dies before and after each system call that it makes for
 * a request, and the target gets the right answer all the same, while what was done is done once. Between
 * two system calls a worker touches only memory.
 *
 * And each system call that could fails once, for want of memory: the target gets the right answer or an
 * error, and an error means that nothing was done.
 *
 * The calls are those of the threads that serve, of threads that they start, of the children that they send
 * into the target's namespace, and of the process that makes these. Each of these threads has a number, in the
 * order in which they make their first call for the request, and its stops are counted apart: what the others do
 * meanwhile does not change which stop it is. Threads that have no part in the request are not counted.
 *
 * With FAULTS_EACH=N only each N-th stop of a thread is struck at, another first one for each request.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
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
#include "count_of.h"
#include "exec/mount.h"
#include "idmapped.h"
#include "inode.h"
#include "launch.h"
#include "processes.h"
#include "registers.h"

#define PATIENCE 60
/* More than any request has stops. */
#define TRIES_MAX 400
/* More than a worker makes while it is traced. */
#define THREADS_MAX 64

/* ---- the tracer: a process of its own ---- */

enum fault { WORKER_DIES, CALL_FAILS };

/* Threads and children of a thread that is followed are followed, too. */
#define FOLLOW \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK)

/* What it and the test share. */
struct trace {
	atomic_bool is_ready;
	atomic_bool has_fired;
	atomic_bool is_whole; /* the request was answered before it came to that */
	atomic_uint threads; /* that had a part in it */
};

/* Where to strike: a thread's stop, both counted from 0 on. */
struct mark {
	unsigned int thread;
	unsigned int stop;
};

/* Where a thread stops: before a call, or behind it. */
struct stop {
	bool is_behind;
	long number;
	uint64_t command; /* of ioctl(2) */
	bool has_succeeded;
};

static bool look(pid_t tid, struct stop *ret_stop)
{
	struct registers registers;
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0 ||
	    !registers_look(tid, &registers))
		return false;
	*ret_stop = (struct stop){
		.is_behind = info.op == PTRACE_SYSCALL_INFO_EXIT,
		.number = registers.number,
		.command = registers.number == SYS_ioctl ? registers.second : 0,
		.has_succeeded = registers.result == 0,
	};
	return true;
}

static bool is_done(const struct stop *stop, uint64_t command)
{
	return stop->is_behind && stop->command == command && stop->has_succeeded;
}

/* Not those that neither need memory nor anything else that there could be none of. */
static bool can_fail(const struct stop *stop)
{
	static const long never[] = {
		SYS_futex,
		SYS_close,
		SYS_close_range,
		SYS_rt_sigprocmask,
		SYS_rt_sigreturn,
		SYS_munmap,
		SYS_madvise,
		SYS_sched_yield,
		SYS_rseq,
		SYS_set_robust_list,
		SYS_exit,
		SYS_exit_group,
		SYS_kill,
		SYS_tgkill,
		SYS_clock_nanosleep,
		SYS_restart_syscall,
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
		/* Their runtimes end the process. */
		SYS_mmap,
		SYS_mprotect,
		SYS_sigaltstack,
		SYS_sched_getaffinity, /* of a thread that begins */
#endif
	};

	if (stop->is_behind ||
	    (stop->number == SYS_ioctl && _IOC_TYPE(stop->command) == SECCOMP_IOC_MAGIC))
		return false;
	for (size_t i = 0; i < COUNT_OF(never); i++)
		if (stop->number == never[i])
			return false;
	return true;
}

/*
 * The call is not made, and fails: @tid stands before it, or behind it. One that changes nothing is made instead,
 * for the number -1 is not one that the worker may make.
 */
static void withhold_call(pid_t tid)
{
	registers_set_number(tid, SYS_gettid);
}

static void have_failed(pid_t tid)
{
	registers_set_result(tid, -ENOMEM);
}

/* A thread with a part in the request: the one that received it, the forker, or made by one of these. */
struct part {
	pid_t tid;
	bool is_numbered;
	unsigned int number;
	unsigned int stops;
};

/* A tracer's own memory. */
struct tracer {
	struct trace *shared;
	enum fault fault;
	pid_t worker;
	struct mark mark;
	struct part parts[THREADS_MAX];
	size_t part_count;
	pid_t beginners[THREADS_MAX]; /* they began while their makers were traced */
	size_t beginner_count;
	unsigned int numbers; /* that were given */
	bool is_counting;
	bool has_struck;
	pid_t failing; /* whose call does */
};

static struct part *find_part(struct tracer *self, pid_t tid)
{
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i].tid == tid)
			return &self->parts[i];
	return NULL;
}

static void add_part(struct tracer *self, pid_t tid)
{
	if (find_part(self, tid))
		return;
	if (self->part_count == THREADS_MAX)
		_exit(1);
	self->parts[self->part_count++] = (struct part){ .tid = tid };
}

static bool is_struck(enum fault fault, const struct stop *stop)
{
	return fault == WORKER_DIES || can_fail(stop);
}

static void strike(struct tracer *self, pid_t tid)
{
	if (self->fault == WORKER_DIES) {
		atomic_store(&self->shared->has_fired, true);
		kill(self->worker, SIGKILL);
		_exit(0);
	}
	withhold_call(tid);
	self->failing = tid;
	self->has_struck = true;
}

/* Is this stop of it the one? Counts it. */
static bool is_marked(struct tracer *self, struct part *part)
{
	if (!part->is_numbered) {
		part->is_numbered = true;
		part->number = self->numbers++;
		atomic_store(&self->shared->threads, self->numbers);
	}
	return part->stops++ == self->mark.stop && part->number == self->mark.thread;
}

static void see_call(struct tracer *self, pid_t tid)
{
	struct stop stop;

	if (!look(tid, &stop))
		return;
	if (self->failing == tid) {
		have_failed(tid);
		self->failing = 0;
		atomic_store(&self->shared->has_fired, true);
		return;
	}
	if (is_done(&stop,
		    self->is_counting ? SECCOMP_IOCTL_NOTIF_SEND : SECCOMP_IOCTL_NOTIF_RECV)) {
		atomic_store(&self->shared->is_whole, self->is_counting && !self->has_struck);
		self->is_counting = !self->is_counting;
		add_part(self, tid);
	}
	struct part *part = find_part(self, tid);

	if (self->is_counting && part && is_struck(self->fault, &stop) && is_marked(self, part))
		strike(self, tid);
}

/* A thread that begins stops, and so does its maker, in any order. Return: whether this is the first of the two. */
static bool is_first_word_of(struct tracer *self, pid_t tid)
{
	for (size_t i = 0; i < self->beginner_count; i++)
		if (self->beginners[i] == tid)
			return false;
	if (self->beginner_count == THREADS_MAX)
		_exit(1);
	self->beginners[self->beginner_count++] = tid;
	return true;
}

/* @maker has made a thread, which waits for this. */
static void see_maker(struct tracer *self, pid_t maker)
{
	unsigned long tid = 0;

	if (ptrace(PTRACE_GETEVENTMSG, maker, NULL, &tid) < 0 || tid == 0)
		return;
	if (find_part(self, maker))
		add_part(self, (pid_t)tid);
	if (!is_first_word_of(self, (pid_t)tid))
		ptrace(PTRACE_SYSCALL, (pid_t)tid, NULL, NULL);
}

/* One after the other, so that no call of a beginner goes by before its maker is known. */
static void see_stop(struct tracer *self, pid_t tid, int status)
{
	int event = status >> 16, signal = 0;

	if (WSTOPSIG(status) == (SIGTRAP | 0x80))
		see_call(self, tid);
	else if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK ||
		 event == PTRACE_EVENT_VFORK)
		see_maker(self, tid);
	else if (event == PTRACE_EVENT_STOP && is_first_word_of(self, tid))
		return;
	else if (event == 0)
		signal = WSTOPSIG(status);
	ptrace(PTRACE_SYSCALL, tid, NULL, signal);
}

/*
 * It stops because it is told to, or for what it does just now: that stop takes the place of the other. Return: whether it
 * is followed; those that begin now are already, and some end at any moment.
 */
static bool follow(struct tracer *self, pid_t tid)
{
	int status = 0;

	if (ptrace(PTRACE_SEIZE, tid, NULL, FOLLOW) < 0)
		return false;
	(void)is_first_word_of(self, tid);
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 || waitpid(tid, &status, __WALL) < 0 ||
	    !WIFSTOPPED(status))
		return false;
	see_stop(self, tid, status);
	return true;
}

static void follow_needed(struct tracer *self, pid_t tid)
{
	if (!follow(self, tid))
		_exit(1);
}

static void follow_threads(struct tracer *self)
{
	char path[64];

	follow_needed(self, self->worker);
	snprintf(path, sizeof(path), "/proc/%d/task", self->worker);
	DIR *tasks = opendir(path);

	for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0 && tid != self->worker)
			(void)follow(self, tid);
	}
	closedir(tasks);
	follow_needed(self, find_forker(self->worker));
}

/* Strike at @mark of the first request that the worker receives. */
static _Noreturn void trace(pid_t worker, enum fault fault, struct mark mark, struct trace *shared)
{
	struct tracer self = { .shared = shared, .fault = fault, .worker = worker, .mark = mark };
	int status;
	pid_t tid;

	follow_threads(&self);
	add_part(&self, find_forker(worker));
	atomic_store(&shared->is_ready, true);
	while ((tid = waitpid(-1, &status, __WALL)) > 0)
		if (WIFSTOPPED(status))
			see_stop(&self, tid, status);
	_exit(0);
}

/* A worker that has just begun has none. */
static pid_t await_forker(pid_t worker)
{
	time_t end = time(NULL) + PATIENCE;
	pid_t forker;

	while ((forker = find_forker(worker)) == 0)
		cr_assert_lt(time(NULL), end, "the worker has nothing that makes deputies");
	return forker;
}

static pid_t start_tracer(pid_t worker, enum fault fault, struct mark mark, struct trace *shared)
{
	(void)await_forker(worker);
	atomic_store(&shared->is_ready, false);
	atomic_store(&shared->has_fired, false);
	atomic_store(&shared->is_whole, false);
	atomic_store(&shared->threads, 0);
	pid_t pid = fork();

	if (pid == 0)
		trace(worker, fault, mark, shared);
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

struct sweep {
	const struct request *request;
	const char *resolver;
	const char *policy;
	const char *stored;
	enum fault fault;
	bool is_cold; /* the worker has never heard of the target */
	const char *measurements; /* a folder for the list of what is executed; NULL: none */
};

/* After the death of a worker all is as if it had lived; an error means that nothing was done. */
static void expect_answer(const struct sweep *sweep, struct mark mark, const char *answer)
{
	const struct request *request = sweep->request;
	bool is_right = strcmp(answer, request->answer) == 0;
	bool is_error = sweep->fault == CALL_FAILS && answer[0] == 'E';

	cr_expect(is_right || is_error, "%s (%s), %s at stop %u of thread %u: %s, not %s",
		  request->command, sweep->resolver,
		  sweep->fault == WORKER_DIES ? "death" : "a failure", mark.stop, mark.thread,
		  answer, request->answer);
	INODE_HAS(file, sweep->stored, is_right ? request->after : request->before);
	INODE_HAS(file, "security.n", request->hosts);
}

/* One that has learnt nothing yet: what a worker inherits it has learnt of. */
static pid_t replace_worker(pid_t keeper, pid_t worker)
{
	(void)kill(worker, SIGKILL);
	return await_worker(keeper, worker, PATIENCE);
}

/* One request with a fault at @mark. Return: whether the mark was beyond the thread's last stop. */
static bool try_mark(const struct sweep *sweep, struct actor *actor, pid_t keeper, pid_t *worker,
		     struct trace *shared, struct mark mark)
{
	const struct request *request = sweep->request;

	if (sweep->is_cold)
		*worker = replace_worker(keeper, *worker);
	else
		(void)actor_ask(actor, "%s", request->command);
	put(file, sweep->stored, request->before);
	put(file, "security.n", request->hosts);
	pid_t tracer = start_tracer(*worker, sweep->fault, mark, shared);

	expect_answer(sweep, mark, actor_ask(actor, "%s", request->command));
	end_tracer(tracer);
	if (!atomic_load(&shared->has_fired))
		return atomic_load(&shared->is_whole);
	if (sweep->fault == WORKER_DIES)
		*worker = await_worker(keeper, *worker, PATIENCE);
	else
		cr_expect_eq(find_worker(keeper), *worker, "the worker has died of it");
	return false;
}

static unsigned int step_from_stop_to_stop(void)
{
	const char *given = getenv("FAULTS_EACH");
	long step = given ? strtol(given, NULL, 10) : 1;

	return step > 0 ? (unsigned int)step : 1;
}

static unsigned int next_first_stop(unsigned int step)
{
	static unsigned int sweeps;

	return sweeps++ % step;
}

/* Each stop of each thread. Return: how many were struck at. */
static unsigned int try_marks(const struct sweep *sweep, struct actor *actor, struct trace *shared)
{
	pid_t keeper = find_keeper(), worker = await_worker(keeper, -1, PATIENCE);
	unsigned int fired = 0, step = step_from_stop_to_stop(), first = next_first_stop(step);
	struct mark mark = { .stop = first };

	for (unsigned int tries = 0;; tries++) {
		cr_assert_lt(tries, TRIES_MAX, "the request does not end");
		if (try_mark(sweep, actor, keeper, &worker, shared, mark)) {
			if (++mark.thread >= atomic_load(&shared->threads))
				return fired;
			mark.stop = first;
		} else if (atomic_load(&shared->has_fired)) {
			fired++;
			mark.stop += step;
		}
		/* Else on a busy machine a thread has served it that was not there before. */
	}
}

static void sweep(const struct sweep *sweep)
{
	struct actor *actor = actor_start(&(struct launch){ .is_supervised = true,
							    .map = USUAL_MAP,
							    .policy = sweep->policy,
							    .resolver = sweep->resolver,
							    .measurements = sweep->measurements,
							    .directory = place[0] ? place : NULL });
	struct trace *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert(shared != MAP_FAILED);
	/* Once it answers, it is no nsxattr any more. */
	EXPECT(actor, "20", "open 20 file");
	pid_t keeper = find_keeper();
	unsigned int stops = try_marks(sweep, actor, shared);

	/* There was something to strike at. */
	cr_expect_gt(stops * step_from_stop_to_stop(), 6, "only %u stops", stops);
	actor_end(actor);
	/* The next one is looked for among our children. */
	cr_assert_eq(waitpid(keeper, NULL, 0), keeper);
	munmap(shared, sizeof(*shared));
}

static void die_everywhere(const struct request *request, const char *resolver, const char *policy,
			   const char *stored, bool is_cold)
{
	sweep(&(struct sweep){ request, resolver, policy, stored, WORKER_DIES, is_cold, NULL });
}

Test(faults, a_worker_dies_at_each_step)
{
	for (size_t i = 0; i < COUNT_OF(requests); i++)
		die_everywhere(&requests[i], "ring", NULL, "security.n@uid=100000", false);
}

Test(faults, a_worker_that_is_new_dies_at_each_step)
{
	for (size_t i = 0; i < COUNT_OF(requests); i += 4)
		die_everywhere(&requests[i], "ring", NULL, "security.n@uid=100000", true);
}

/* With a deputy for each credential, which dies with its worker. */
Test(faults, a_worker_with_deputies_dies_at_each_step)
{
	for (size_t i = 0; i < COUNT_OF(requests); i += 3)
		die_everywhere(&requests[i], "process", NULL, "security.n@uid=100000", i % 2 == 0);
}

Test(faults, a_worker_with_the_user_store_dies_at_each_step)
{
	for (size_t i = 2; i < COUNT_OF(requests); i += 7)
		die_everywhere(&requests[i], "ring", "user", "user.nsxattr.100000.security.n",
			       i % 2 == 0);
}

/*
 * Where the stored name follows from the mount: the next worker has to find it by that, too. Before Linux 6.18 it
 * does not follow from the mount.
 */
Test(faults, a_worker_dies_at_each_step_on_an_idmapped_mount)
{
	const char *stored = mount_maps_are_told() ? "security.n@uid=0" : "security.n@uid=100000";

	scratch_keep_mounts();
	inode_directory("volume", 0, 0755);
	snprintf(file, sizeof(file), "%s", inode_file("volume/file", 0));
	snprintf(place, sizeof(place), "%s", inode_directory("mount", 0, 0755));
	cr_assert_eq(idmapped_mount(scratch_path("volume"), place, "0 100000 65536"), 0);
	scratch_mounted(place);
	for (size_t i = 1; i < COUNT_OF(requests); i += 4)
		die_everywhere(&requests[i], "ring", NULL, stored, i % 8 == 1);
}

/* No credential but the target's own opens the way to this one, whatever has failed. */
static const struct request refused = { "getxattr private/file security.n", NULL, "hosts", "EACCES",
					NULL };

static void fail_everywhere(const char *resolver)
{
	inode_directory("private", 0, 0700);
	inode_set(inode_file("private/file", USUAL_ROOT), "security.n", "secret");
	sweep(&(struct sweep){ &refused, resolver, NULL, "security.n@uid=100000", CALL_FAILS,
			       .is_cold = true });
	for (size_t i = 0; i < COUNT_OF(requests); i++)
		sweep(&(struct sweep){ &requests[i], resolver, NULL, "security.n@uid=100000",
				       CALL_FAILS, true, NULL });
}

Test(faults, a_call_fails_at_each_step)
{
	fail_everywhere("ring");
}

Test(faults, a_call_fails_at_each_step_with_deputies)
{
	fail_everywhere("process");
}

/*
 * The request is set aside when all other servers have left: as it has waited for its deputy, another one was to receive, and
 * found nothing to do.
 */
Test(faults, what_makes_deputies_is_late)
{
	struct actor *actor = actor_start(
		&(struct launch){ .is_supervised = true, .map = USUAL_MAP, .resolver = "process" });

	EXPECT(actor, "20", "open 20 file");
	pid_t keeper = find_keeper();
	pid_t worker = replace_worker(keeper, await_worker(keeper, -1, PATIENCE));
	pid_t forker = await_forker(worker);

	put(file, "security.n@uid=100000", "own");
	cr_assert_eq(kill(forker, SIGSTOP), 0);
	pid_t waker = fork();

	if (waker == 0) {
		/* What is waited for is the passing of time itself: for so long a server may be idle, and longer. */
		poll(NULL, 0, 2500);
		_exit(kill(forker, SIGCONT) != 0);
	}
	EXPECT(actor, "3 own", "getxattr file security.n");
	cr_assert_eq(waitpid(waker, NULL, 0), waker);
	actor_end(actor);
	cr_assert_eq(waitpid(keeper, NULL, 0), keeper);
}

/* ---- what is executed ---- */

static char program[4096];

static void begin_judging(char policy[4096], char list[4096])
{
	snprintf(policy, 4096, "%s", scratch_path("judge.yaml"));
	snprintf(list, 4096, "%s", scratch_path("list"));
	snprintf(program, sizeof(program), "%s", scratch_program("tests/live/exec-driver"));
	FILE *written = fopen(policy, "we");

	cr_assert_not_null(written);
	fputs("version: 1\n"
	      "attributes: [{ name: \"security.*\", scheme: suffix, inherit: chain }]\n"
	      "integrity:\n"
	      "  mode: log\n"
	      "  rules:\n"
	      "    - measure func=BPRM_CHECK\n"
	      "    - appraise func=BPRM_CHECK\n",
	      written);
	fclose(written);
}

/* The program's entry is there, once. */
static void expect_one_entry(const char *list)
{
	char command[2 * sizeof(program)];

	snprintf(command, sizeof(command),
		 "test $(grep -c ' %.500s' %.500s/ascii_runtime_measurements) = 1", program, list);
	cr_expect_eq(system(command), 0, "%s", command);
	snprintf(command, sizeof(command),
		 "evmctl ima_measurement --ignore-violations --pcrs sha256,%.500s/pcrs-sha256 "
		 "%.500s/binary_runtime_measurements >%.500s/verified 2>&1 || cat %.500s/verified",
		 list, list, list, list);
	cr_expect_eq(system(command), 0, "%s", command);
}

/* In mode log it runs, whatever becomes of its judge. */
static void judge_everywhere(enum fault fault, bool is_cold)
{
	char policy[4096], list[4096], command[4200];

	begin_judging(policy, list);
	snprintf(command, sizeof(command), "execute %s quietly", program);
	const struct request execution = { command, NULL, NULL, "0", NULL };

	sweep(&(struct sweep){ &execution, "ring", policy, "security.n@uid=100000", fault, is_cold,
			       list });
	if (fault == WORKER_DIES)
		expect_one_entry(list);
}

Test(faults, a_worker_dies_at_each_step_of_a_judgement)
{
	judge_everywhere(WORKER_DIES, true);
}

Test(faults, a_worker_dies_at_each_step_of_a_judgement_that_it_knows)
{
	judge_everywhere(WORKER_DIES, false);
}

Test(faults, a_call_fails_at_each_step_of_a_judgement)
{
	judge_everywhere(CALL_FAILS, true);
}
