/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate-race-driver race FOLDER: processes of a container exchange, or write to, a file while it is judged and executed;
 * others try to change it, and map it.
 *
 * gate-race-driver cost FOLDER: what a gate costs who passes it, and the host.
 *
 * As gate-driver, with the same programs.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "box.h"

static int execute_once(const char *path)
{
	char *const words[] = { (char *)path, NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		execv(path, words);
		_exit(errno);
	}
	return box_wait(pid);
}

static int open_write(const char *path)
{
	int fd = open(path, O_WRONLY);

	return fd < 0 || close(fd) < 0 ? errno : 0;
}

/* ---- races ---- */

static double race_seconds(void)
{
	const char *text = getenv("GATE_RACE_SECONDS");

	return text ? atof(text) : 3;
}

/* A child that does something over and over, inside, until it is killed. */
static pid_t begin(const struct box *box, box_act *act, const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		box_enter(box);
		for (;;)
			act(path);
	}
	must(pid > 0, "fork");
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int exchange(const char *path)
{
	return renameat2(AT_FDCWD, path, AT_FDCWD, "bad", RENAME_EXCHANGE) < 0 ? errno : 0;
}

#define MARK "the-answer-is:"

/* Where a program has the number that it ends with. */
static off_t find_answer(const char *path)
{
	_cleanup_free_ char *bytes = malloc(4 << 20);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = bytes && fd >= 0 ? read(fd, bytes, 4 << 20) : -1;
	const char *found = length > 0 ? memmem(bytes, (size_t)length, MARK, strlen(MARK)) : NULL;

	must(found != NULL, "the place of the answer");
	return found - bytes + (off_t)strlen(MARK);
}

static off_t answer_at;

static void write_answer(const char *path, char answer)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY);

	if (fd >= 0)
		(void)!pwrite(fd, &answer, 1, answer_at);
}

static int make_bad_and_good(const char *path)
{
	write_answer(path, BAD);
	write_answer(path, 0);
	return 0;
}

/* The same with other files of that name, which soon have the numbers of earlier ones. */
static int put_bad_and_good(const char *path)
{
	copy_file("bad", "new");
	rename("new", path);
	copy_file("good", "new");
	rename("new", path);
	return 0;
}

static char read_answer(int fd)
{
	char answer = 0;

	must(pread(fd, &answer, 1, answer_at) == 1, "pread");
	return answer;
}

/* What a judge does, who takes a look at the content instead of a signature. */
static bool judge(const struct gate *gate, const struct box *box, const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct gate_case about = { 0 };

	int r = fd < 0 ? -errno : judge_ask_fd(gate, fd, &about.version);

	if (r != GATE_SETTLED || read_answer(fd) != 0)
		return false;
	return gate_container_allow(box->container, &about, BOTH) == 0;
}

struct tally {
	unsigned long judged, rounds, good, bad, refused, others;
};

static void count(struct tally *tally, int status)
{
	unsigned long *which = status == 0				   ? &tally->good :
			       status == BAD				   ? &tally->bad :
			       status == EACCES || status == 128 + SIGSEGV ? &tally->refused :
									     &tally->others;

	(*which)++;
	tally->rounds++;
}

/* Executes the file over and over, in a child that is killed when there was enough of it. */
static pid_t begin_executing(const struct box *box, const char *path, struct tally *tally)
{
	pid_t pid = fork();

	if (pid == 0) {
		box_enter(box);
		for (;;)
			count(tally, execute_once(path));
	}
	must(pid > 0, "fork");
	return pid;
}

static bool has_all(const struct tally *tally)
{
	return tally->judged > 0 && tally->good > 0 && tally->refused > 0;
}

/* A machine that gives them little time has them come by turns that take longer than that. */
static bool goes_on(const struct tally *tally, double until)
{
	return seconds() < until || (!has_all(tally) && seconds() < until + 60);
}

static void race(const struct gate *gate, const char *name, box_act *adversary)
{
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct box box = box_make_gated(gate, BOTH);
	const char *file = make_program("good", "file");

	must(tally != MAP_FAILED, "mmap");
	make_program("bad", "bad");
	pid_t pids[] = { begin(&box, adversary, file), begin_executing(&box, file, tally) };

	for (double until = seconds() + race_seconds(); goes_on(tally, until);)
		tally->judged += judge(gate, &box, file);
	end(pids[0]);
	end(pids[1]);
	expect(0, (long)tally->bad, "%s: nothing bad has run", name);
	printf("race: %s: judged %lu, executed %lu: ran %lu, refused %lu, otherwise %lu\n", name,
	       tally->judged, tally->rounds, tally->good, tally->refused, tally->others);
	expect(true, has_all(tally), "%s: good ones have run", name);
	box_remove(&box);
	munmap(tally, sizeof(*tally));
}

/* ---- changes that are refused ---- */

static unsigned long *allowed; /* of these */

static void attempt(bool is_done)
{
	*allowed += is_done;
}

static pid_t begin_attempts(const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		become_stranger();
		for (;;) {
			attempt(chmod(path, 0) == 0);
			attempt(chown(path, STRANGER_ID, STRANGER_ID) == 0);
			attempt(setxattr(path, "security.ima", "\4\4", 2, 0) == 0);
			attempt(removexattr(path, "security.ima") == 0);
		}
	}
	must(pid > 0, "fork");
	return pid;
}

static int execute_here(const char *path)
{
	return execute_once(path);
}

/* The lock of the inode can be held by others each time, for a while. */
static int allow_at_last(const struct gate *gate, const struct box *box, const char *path)
{
	int r;

	do
		r = judge_allow(gate, box, path, BOTH);
	while (r == GATE_CHANGING);
	return r;
}

static void race_attempts(const struct gate *gate)
{
	struct box box = box_make_gated(gate, BOTH);
	unsigned long rounds = 0, ran = 0, again = 0;

	allowed = mmap(NULL, sizeof(*allowed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	must(allowed != MAP_FAILED, "mmap");
	pid_t pid = begin_attempts("file");

	for (double until = seconds() + race_seconds(); seconds() < until || rounds < 3; rounds++) {
		const char *file = make_program("good", "file");

		must(allow_at_last(gate, &box, file) == 0, "a verdict");
		ran += box_run(&box, execute_here, file) == 0;
		again += judge_state(gate, file) == GATE_SETTLED;
	}
	end(pid);
	printf("race: refused changes: %lu rounds\n", rounds);
	expect((long)rounds, (long)ran, "what is refused to a stranger ends no verdict");
	expect((long)rounds, (long)again, "nor keeps it a file from being judged again");
	expect(0, (long)*allowed, "all of it is refused");
	box_remove(&box);
	munmap(allowed, sizeof(*allowed));
}

/* ---- the first state of an inode ---- */

struct meeting {
	unsigned long ready, go, done;
};

static void await_number(const unsigned long *number, unsigned long value)
{
	while (__atomic_load_n(number, __ATOMIC_SEQ_CST) < value)
		sched_yield();
}

static void tell(unsigned long *number, unsigned long value)
{
	__atomic_store_n(number, value, __ATOMIC_SEQ_CST);
}

static void name_of(unsigned long round, char name[32])
{
	snprintf(name, 32, "state-%lu", round);
}

static void map_in_turn(struct meeting *meeting)
{
	for (unsigned long round = 1;; round++) {
		char name[32];

		name_of(round, name);
		await_number(&meeting->ready, round);
		int fd = open(name, O_RDWR | O_CLOEXEC);

		await_number(&meeting->go, round);
		void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		must(page != MAP_FAILED && munmap(page, 4096) == 0 && close(fd) == 0, name);
		tell(&meeting->done, round);
	}
}

/* Return: the state after that. */
static int meet(const struct gate *gate, struct meeting *meeting, unsigned long round)
{
	struct gate_version version;
	char name[32];

	name_of(round, name);
	_cleanup_fd_ int made = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	must(made >= 0 && ftruncate(made, 4096) == 0, name);
	_cleanup_fd_ int fd = open(name, O_RDONLY | O_CLOEXEC);

	fd_close(&made);
	tell(&meeting->ready, round);
	tell(&meeting->go, round);
	int r = judge_ask_fd(gate, fd, &version);

	await_number(&meeting->done, round);
	r = r < 0 ? r : judge_ask_fd(gate, fd, &version);
	unlink(name);
	return r;
}

static void race_states(const struct gate *gate)
{
	struct meeting *meeting = mmap(NULL, sizeof(*meeting), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long rounds = 0, marked = 0;

	must(meeting != MAP_FAILED, "mmap");
	pid_t pid = fork();

	if (pid == 0)
		map_in_turn(meeting);
	must(pid > 0, "fork");
	for (double until = seconds() + race_seconds(); seconds() < until; rounds++)
		marked += meet(gate, meeting, rounds + 1) == GATE_WAS_MAPPED;
	end(pid);
	printf("race: first states: %lu rounds\n", rounds);
	expect((long)rounds, (long)marked, "a mapping is noted, whoever is first");
	munmap(meeting, sizeof(*meeting));
}

static int race_all(void)
{
	struct gate *gate = judge_make_gate();

	answer_at = find_answer(make_program("good", "good"));
	race(gate, "files are exchanged", exchange);
	race(gate, "a file is written to", make_bad_and_good);
	race(gate, "files are replaced", put_bad_and_good);
	race_attempts(gate);
	race_states(gate);
	gate_free(gate);
	return 0;
}

/* ---- what it costs ---- */

#define REPEATS 50

static double cost_of_exec(const char *path)
{
	double begin = seconds();

	for (int i = 0; i < REPEATS; i++)
		execute_once(path);
	return (seconds() - begin) * 1e6 / REPEATS;
}

static double cost_of_open(const char *path)
{
	double begin = seconds();

	for (int i = 0; i < REPEATS * 10; i++)
		open_write(path);
	return (seconds() - begin) * 1e6 / REPEATS / 10;
}

static int print_costs(const char *path)
{
	double exec = cost_of_exec(path), opened = cost_of_open("plain");

	for (int i = 0; i < 4; i++) {
		double e = cost_of_exec(path), o = cost_of_open("plain");

		exec = e < exec ? e : exec;
		opened = o < opened ? o : opened;
	}
	printf("exec %.1f us, open for writing %.2f us\n", exec, opened);
	fflush(stdout);
	return 0;
}

static void cost(const char *who, const struct box *box, const char *file)
{
	printf("cost: %s: ", who);
	box_run(box, print_costs, file);
}

static int cost_all(void)
{
	const char *file = make_program("good", "file");
	struct box box = box_make();

	make_program("good", "plain");
	cost("the host, no gate", NULL, file);
	cost("a container, no gate", &box, file);
	double begin = seconds();
	struct gate *gate = judge_make_gate();

	printf("cost: a gate is made in %.0f ms\n", (seconds() - begin) * 1e3);
	cost("the host, a gate", NULL, file);
	cost("a container that is not gated", &box, file);
	must(gate_container_new(gate, box.userns, BOTH, 0, &box.container) == 0 &&
		     judge_allow(gate, &box, file, BOTH) == 0,
	     "a verdict");
	cost("a container that is gated", &box, file);
	begin = seconds();
	for (int i = 0; i < REPEATS; i++)
		must(judge_state(gate, file) == GATE_SETTLED, "a version");
	printf("cost: open, ask, close %.1f us\n", (seconds() - begin) * 1e6 / REPEATS);
	box_remove(&box);
	gate_free(gate);
	return 0;
}

int main(int arguments, char **words)
{
	if (arguments != 3 || chdir(words[2]) < 0)
		errx(2, "usage: gate-race-driver race|cost FOLDER");
	must(chown(".", ROOT_INSIDE, ROOT_INSIDE) == 0, words[2]);
	return strcmp(words[1], "race") == 0 ? race_all() : cost_all();
}
