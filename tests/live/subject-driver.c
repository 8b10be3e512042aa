/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject-driver HOW ARGUMENT…: users of a container with 'mode: enforce' try to execute, or to map, what its policy lets
 * another of them have. IDS are "REAL,EFFECTIVE,SAVED", or "" for those that there are.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count_of.h"
#include "enforce.h"
#include "ways.h"

#define PAGE 4096
/* Whom the rules leave out. */
#define USER 7

static int execute_words(char *const words[])
{
	pid_t pid = must(vfork(), "vfork");

	if (pid == 0) {
		execve(words[0], words, environ);
		_exit(errno);
	}
	return status_of(pid);
}

static void become(const char *users, const char *groups)
{
	unsigned int ids[3];

	if (sscanf(groups, "%u,%u,%u", &ids[0], &ids[1], &ids[2]) == 3)
		must(setresgid(ids[0], ids[1], ids[2]), "setresgid");
	if (sscanf(users, "%u,%u,%u", &ids[0], &ids[1], &ids[2]) == 3)
		must(setresuid(ids[0], ids[1], ids[2]), "setresuid");
}

/* ---- one after the other ---- */

static int execute_as(char **arguments)
{
	become(arguments[0], arguments[1]);
	return execute_here(arguments[2]);
}

static int execute_below(char **arguments)
{
	become(arguments[0], arguments[1]);
	must(unshare(CLONE_NEWUSER), "unshare");
	return execute_here(arguments[2]);
}

static bool maps(const char *path)
{
	int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);

	return mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED;
}

static int map_as(char **arguments)
{
	become(arguments[0], arguments[1]);
	return say(maps(arguments[2]));
}

/* One user has mapped it before, and so it was judged for that one; mprotect(2) is not. */
static int protect_as(char **arguments)
{
	pid_t pid = must(fork(), "fork");

	if (pid == 0) {
		become(arguments[0], "");
		_exit(maps(arguments[2]) ? 0 : 1);
	}
	must(status_of(pid) == 0 ? 0 : -1, "mapped");
	become(arguments[1], "");
	int fd = must(open(arguments[2], O_RDONLY | O_CLOEXEC), arguments[2]);
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	return say(page != MAP_FAILED && mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
}

/* ---- at a time ---- */

/* Return: how often it ran. */
static long run_often(const char *users, long rounds, const char *path)
{
	char *words[] = { (char *)path, "quietly", NULL };
	long ran = 0;

	become(users, "");
	for (long i = 0; i < rounds; i++)
		ran += execute_words(words) == 0;
	return ran;
}

/* The user that the rules leave out, and root. */
static int both(char **arguments)
{
	long rounds = strtol(arguments[0], NULL, 10), other = -1;
	int result[2];

	must(pipe(result), "pipe");
	pid_t pid = must(fork(), "fork");
	long ran = run_often(pid == 0 ? "7,7,7" : "0,0,0", rounds, arguments[1]);

	if (pid == 0)
		_exit(write(result[1], &ran, sizeof(ran)) < 0);
	must(read(result[0], &other, sizeof(other)), "read");
	printf("%ld %ld\n", other, ran);
	return status_of(pid);
}

/* ---- races ---- */

static atomic_bool is_over;
static char **names;

static void exchange(int turn)
{
	(void)turn;
	renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE);
}

/* glibc has all threads of the process do so. */
static void change_user(int turn)
{
	must(setresuid(turn % 2 ? USER : 0, 0, 0), "setresuid");
}

static void *disturb(void *place)
{
	void (*step)(int turn) = place;

	for (int i = 0; !is_over; i++) {
		step(i);
		pause_shortly();
	}
	return NULL;
}

static int run_race(void (*step)(int turn), long rounds, char *const words[])
{
	long good = 0, bad = 0, refused = 0, others = 0;
	pthread_t thread;

	must(-pthread_create(&thread, NULL, disturb, (void *)step), "thread");
	for (long i = 0; i < rounds; i++) {
		int status = execute_words(words);

		*(status == 0	   ? &good :
		  status == BAD	   ? &bad :
		  status == EACCES ? &refused :
				     &others) += 1;
	}
	is_over = true;
	pthread_join(thread, NULL);
	printf("bad %ld, good %ld, refused %ld, otherwise %ld\n", bad, good, refused, others);
	return 0;
}

/* ROUNDS NAME OTHER BAD: root executes NAME, which changes its place with OTHER; the user executes BAD all the time. */
static int race_of_names(char **arguments)
{
	char *words[] = { arguments[1], NULL };
	pid_t pid = must(fork(), "fork");

	if (pid == 0)
		_exit((int)run_often("7,7,7", 1L << 40, arguments[3]));
	names = arguments + 1;
	int r = run_race(exchange, strtol(arguments[0], NULL, 10), words);

	must(kill(pid, SIGKILL), "kill");
	status_of(pid);
	return r;
}

/* ROUNDS PATH: execute this program while a thread changes who does. */
static int race_of_users(char **arguments)
{
	char *words[] = { arguments[1], "am", NULL };

	return run_race(change_user, strtol(arguments[0], NULL, 10), words);
}

/* Another one should not have come so far. */
static int am(char **arguments)
{
	(void)arguments;
	return getuid() == USER ? 0 : BAD;
}

static int ran(char **arguments)
{
	(void)arguments;
	return say(true);
}

static int quietly(char **arguments)
{
	(void)arguments;
	return 0;
}

static const struct way ways[] = {
	{ "as", execute_as, 3 },
	{ "below-as", execute_below, 3 },
	{ "map-as", map_as, 3 },
	{ "protect-as", protect_as, 3 },
	{ "both", both, 2 },
	{ "race-of-names", race_of_names, 4 },
	{ "race-of-users", race_of_users, 2 },
	{ "am", am, 0 },
	{ "ran", ran, 0 },
	{ "quietly", quietly, 0 },
};

int main(int argc, char **argv)
{
	return way_run(ways, COUNT_OF(ways), argc, argv);
}
