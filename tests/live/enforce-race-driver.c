/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enforce-race-driver STALL ROUNDS HOW…: for each of these attacks, root of a container executes a file so many times, while
 * another thread has it be, now a copy of "good", which is signed, now one of "bad": programs as tests/live/enforce.h has
 * them. A line for each says how often which ran.
 *
 * STALL says how the one who executes is kept waiting wherever it just is:
 *
 *	none	not at all
 *	idle	it has the processor only when the other thread does not want it (SCHED_IDLE)
 *	quota	it is in the cgroup $RACE_CGROUP, whose cpu.max is used up soon
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>

#include "count_of.h"
#include "enforce.h"

#define PAGE 4096

static struct {
	const char *good, *bad, *name;
	off_t place; /* of the answer */
	volatile bool is_over;
	volatile pid_t child; /* that executes; 0 */
	int stalled; /* cgroup.procs of the cgroup for those who execute; -1 */
	int fd; /* the number that is one of the two, in turn */
	int fds[2];
	char path[64];
	void *pages[2]; /* of the two */
	/* What this thread has seen, and the other one. */
	long ran, wrong, refused, others;
	volatile long swaps, unnoticed;
} race;

/* ---- what the other thread does: NAME is the good one when the number of the turn is odd ---- */

static const char *of_turn(int turn)
{
	return turn % 2 ? race.good : race.bad;
}

static bool exchange(int turn)
{
	(void)turn;
	return renameat2(AT_FDCWD, race.name, AT_FDCWD, race.bad, RENAME_EXCHANGE) == 0;
}

static bool link_anew(int turn)
{
	return symlink(of_turn(turn), "link") == 0 && rename("link", race.name) == 0;
}

/* One who judges a file reads it for longer than others look it up. */
static void leave_good(int turn)
{
	for (int i = 0; turn % 2 && i < 4; i++)
		pause_shortly();
}

static bool write_answer(int turn)
{
	char answer = turn % 2 ? 0 : BAD;
	int fd = open(race.name, O_WRONLY | O_CLOEXEC);
	bool is_done = fd >= 0 && pwrite(fd, &answer, 1, race.place) == 1;

	if (fd >= 0)
		close(fd);
	leave_good(turn);
	return is_done;
}

/* A program that runs cannot be cut (ETXTBSY). */
static bool cut_and_write(int turn)
{
	bool is_done = truncate(race.name, 0) == 0;

	if (is_done) {
		int from = must(open(of_turn(turn), O_RDONLY | O_CLOEXEC), "open");
		int to = open(race.name, O_WRONLY | O_CLOEXEC);

		is_done = to >= 0 && copy_file_range(from, NULL, to, NULL, 1 << 20, 0) > 0;
		close(from);
		if (to >= 0)
			close(to);
	}
	leave_good(turn);
	return is_done;
}

/* The inode of the one before is free, and its number is soon another's. */
static bool replace(int turn)
{
	unlink(race.name);
	copy_signed(of_turn(turn), "new");
	bool is_done = rename("new", race.name) == 0;

	leave_good(turn);
	return is_done;
}

/* Each other file is only written to by a mapping whose descriptor is closed. */
static bool write_by_mapping(int turn)
{
	copy_signed(race.good, "new");
	int fd = must(open("new", O_RDWR | O_CLOEXEC), "open");
	size_t size = (size_t)race.place + 1;
	char *bytes = turn % 2 ? NULL : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	bool is_done = bytes != MAP_FAILED;

	close(fd);
	is_done = rename("new", race.name) == 0 && is_done;
	if (bytes && is_done) {
		pause_shortly();
		bytes[race.place] = BAD;
		pause_shortly();
		munmap(bytes, size);
	}
	leave_good(turn);
	return is_done;
}

static bool mount_over(int turn)
{
	return turn % 2 ? umount2(race.name, MNT_DETACH) == 0 :
			  mount(race.bad, race.name, NULL, MS_BIND, NULL) == 0;
}

/* The one who executes stands still meanwhile. */
static bool stop_and_exchange(int turn)
{
	pid_t child = race.child;

	if (child == 0 || kill(child, SIGSTOP) < 0)
		return false;
	bool is_done = exchange(turn);

	pause_shortly();
	kill(child, SIGCONT);
	return is_done;
}

static bool rewrite_path(int turn)
{
	memcpy(race.path, of_turn(turn), strlen(race.good) + 1);
	return true;
}

static bool exchange_descriptor(int turn)
{
	return dup2(race.fds[turn % 2], race.fd) >= 0;
}

/* Comes in between while the other thread is in the same call, in the programs of the gate, too. */
static bool protect_as_well(int turn)
{
	(void)turn;
	bool is_refused = mprotect(race.pages[0], PAGE, PROT_READ | PROT_EXEC) < 0;

	race.unnoticed += !is_refused;
	return is_refused;
}

static void *disturb(void *place)
{
	bool (*step)(int turn) = place;

	for (int i = 0; !race.is_over; i++) {
		race.swaps += step(i);
		pause_shortly();
	}
	return NULL;
}

/* ---- what this thread does ---- */

/* The child has the memory and the descriptors of all threads, until it executes something. */
static int run_child(void *path)
{
	char *words[] = { "it", NULL };

	if (race.stalled >= 0 && write(race.stalled, "0", 1) != 1)
		_exit(errno);
	if (path)
		execve(path, words, environ);
	else
		syscall(SYS_execveat, race.fd, "", words, environ, AT_EMPTY_PATH);
	_exit(errno);
}

static int execute_shared(const char *path)
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	pid_t pid;

	must(clone(run_child, stack + sizeof(stack),
		   CLONE_VM | CLONE_FILES | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD,
		   (void *)(uintptr_t)path, &race.child),
	     "clone");
	pid = race.child;
	race.child = 0;
	return status_of(pid);
}

static int execute_name(void)
{
	return execute_shared(race.name);
}

static int execute_path(void)
{
	return execute_shared(race.path);
}

static int execute_descriptor(void)
{
	return execute_shared(NULL);
}

/* Which of the two is it that could be mapped? */
static int map_descriptor(void)
{
	size_t size = (size_t)race.place + 1;
	char *bytes = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, race.fd, 0);
	int answer = bytes == MAP_FAILED ? errno : bytes[race.place];

	if (bytes != MAP_FAILED)
		munmap(bytes, size);
	return answer;
}

/* In turn the one that may be executed, and many times the one that may not. */
static int protect(void)
{
	static int turn;
	int tries = turn++ % 2 ? 1 : 200, r = 0;

	for (int i = 0; i < tries; i++) {
		r = mprotect(race.pages[tries == 1], PAGE, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
		if (tries > 1 && r == 0)
			return BAD;
	}
	mprotect(race.pages[1], PAGE, PROT_READ);
	return r;
}

/* Few rounds of what is quick end before the other thread has come to anything. */
static bool is_enough(long done, long rounds)
{
	bool was_race = race.swaps > 1 && race.ran > 0 && race.refused > 0;

	return done >= rounds && (was_race || done >= rounds + 10000);
}

static void tally(int (*execute)(void), long rounds)
{
	for (long i = 0; !is_enough(i, rounds); i++) {
		int status = execute();

		*(status == 0	   ? &race.ran :
		  status == BAD	   ? &race.wrong :
		  status == EACCES ? &race.refused :
				     &race.others) += 1;
	}
	race.is_over = true;
}

/* ---- all of it ---- */

static const struct attack {
	const char *name;
	bool (*step)(int turn);
	int (*execute)(void);
} attacks[] = {
	{ "exchange", exchange, execute_name },
	{ "link", link_anew, execute_name },
	{ "write", write_answer, execute_name },
	{ "cut", cut_and_write, execute_name },
	{ "replace", replace, execute_name },
	{ "mapping", write_by_mapping, execute_name },
	{ "mount", mount_over, execute_name },
	{ "stop", stop_and_exchange, execute_name },
	{ "memory", rewrite_path, execute_path },
	{ "descriptor", exchange_descriptor, execute_descriptor },
	{ "map", exchange_descriptor, map_descriptor },
	{ "protect", protect_as_well, protect },
};

/* What is mapped executable has been judged. */
static void map_pages(void)
{
	for (int i = 0; i < 2; i++) {
		(void)mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, race.fds[i], 0);
		race.pages[i] = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, race.fds[i], 0);
	}
}

/* In a folder of the attack's own, and with mounts of its own. */
static void prepare(const struct attack *attack)
{
	must(mkdir(attack->name, 0755), attack->name);
	must(chdir(attack->name), attack->name);
	must(unshare(CLONE_NEWNS), "unshare");
	race.good = "good";
	race.bad = "bad";
	race.name = "name";
	copy_signed("../good", race.good);
	copy("../bad", race.bad);
	if (attack->step == link_anew)
		must(symlink(race.good, race.name), race.name);
	else
		copy_signed(race.good, race.name);
	race.place = find_answer(race.good);
	race.fds[0] = must(open(race.bad, O_RDONLY | O_CLOEXEC), race.bad);
	race.fds[1] = must(open(race.good, O_RDONLY | O_CLOEXEC), race.good);
	race.fd = must(fcntl(race.fds[1], F_DUPFD, 100), "dup");
	snprintf(race.path, sizeof(race.path), "%s", race.good);
	race.stalled = -1;
	map_pages();
}

/* Both threads are on one processor then. */
static void become_idle(void)
{
	const struct sched_param param = { 0 };

	must(sched_setscheduler(0, SCHED_IDLE, &param), "SCHED_IDLE");
}

static void share_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	must(sched_setaffinity(0, sizeof(set), &set), "affinity");
}

static void enter_quota(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/cgroup.procs", getenv("RACE_CGROUP"));
	race.stalled = must(open(path, O_WRONLY | O_CLOEXEC), path);
}

static int run(const struct attack *attack, const char *stall, long rounds)
{
	bool is_idle = strcmp(stall, "idle") == 0;
	pthread_t thread;

	prepare(attack);
	if (is_idle)
		share_processor();
	if (strcmp(stall, "quota") == 0)
		enter_quota();
	must(-pthread_create(&thread, NULL, disturb, (void *)attack->step), "thread");
	if (is_idle)
		become_idle();
	tally(attack->execute, rounds);
	pthread_join(thread, NULL);
	printf("%s: bad %ld, good %ld, refused %ld, otherwise %ld, swaps %ld\n", attack->name,
	       race.wrong + race.unnoticed, race.ran, race.refused, race.others, race.swaps);
	return 0;
}

static const struct attack *find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(attacks); i++)
		if (strcmp(attacks[i].name, name) == 0)
			return &attacks[i];
	fprintf(stderr, "there is no attack '%s'\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	for (int i = 3; i < argc; i++) {
		const struct attack *attack = find(argv[i]);
		pid_t pid = must(fork(), "fork");

		if (pid == 0)
			exit(run(attack, argv[1], strtol(argv[2], NULL, 10)));
		must(-status_of(pid), attack->name);
	}
	return 0;
}
