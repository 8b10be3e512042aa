/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enforce-driver HOW ARGUMENT…: root of a container tries to execute, or to map, what its policy refuses. It says "ran" if
 * it could, or the errno with which that fails. What is executed is this program, or a copy of it.
 *
 * enforce-driver climb COUNT FOLDER UPPER: execute FOLDER/0, FOLDER/1 ... of an overlay, while a thread has it copied up, and
 * makes the program in UPPER end with 77.
 *
 * enforce-driver obey: does so for each line of its input, "HOW ARGUMENT…", in a child, and says "." when that has ended. It
 * ends with its input, or at a line "end".
 *
 * enforce-driver race HOW ROUNDS GOOD BAD NAME: execute NAME so many times, while another process or thread has it be,
 * now GOOD, now BAD: programs that end with 0, and with 77. It says how often which of them ran.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count_of.h"
#include "enforce.h"
#include "ways.h"

#define PAGE 4096

/* ---- other places ---- */

static int in_namespace(char **arguments)
{
	must(unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
	return execute_here(arguments[0]);
}

/* What is mounted is there for this process alone. */
static void mount_apart(void)
{
	must(unshare(CLONE_NEWNS), "unshare");
}

static int on_tmpfs(char **arguments)
{
	mount_apart();
	must(mount("tmpfs", arguments[1], "tmpfs", 0, NULL), "mount");
	must(chdir(arguments[1]), arguments[1]);
	copy(arguments[0], "copy");
	return execute_here("./copy");
}

static int on_overlay(char **arguments)
{
	const char *const folders[] = { "lower", "upper", "work", "merged" };

	mount_apart();
	must(mount("tmpfs", arguments[1], "tmpfs", 0, NULL), "mount");
	must(chdir(arguments[1]), arguments[1]);
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		must(mkdir(folders[i], 0755), folders[i]);
	copy(arguments[0], "lower/copy");
	if (mount("o", "merged", "overlay", 0,
		  "lowerdir=lower,upperdir=upper,workdir=work,userxattr") < 0) {
		printf("no overlay\n");
		return 0;
	}
	return execute_here("merged/copy");
}

static int by_bind(char **arguments)
{
	mount_apart();
	must(mount(arguments[0], arguments[1], NULL, MS_BIND, NULL), "mount");
	return execute_here(arguments[1]);
}

static int from_memory(char **arguments)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", must(memfd_create("m", 0), "memfd"));
	copy(arguments[0], path);
	return execute_here(path);
}

static int by_loader(char **arguments)
{
	char *words[] = { arguments[0], arguments[1], "ran", NULL };

	execve(arguments[0], words, environ);
	return say(false);
}

/* ---- files that are written to ---- */

static int with_writer(char **arguments)
{
	must(open(arguments[0], O_WRONLY), arguments[0]);
	return execute_here(arguments[0]);
}

static void map_shared(const char *path)
{
	int fd = must(open(path, O_RDWR), path);
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		must(-1, "mmap");
	*(volatile char *)page = *page;
	close(fd);
}

static int with_mapping(char **arguments)
{
	map_shared(arguments[0]);
	return execute_here(arguments[0]);
}

/* By another path. */
static int with_writer_of(char **arguments)
{
	must(open(arguments[0], O_WRONLY), arguments[0]);
	return execute_here(arguments[1]);
}

static int with_mapping_of(char **arguments)
{
	map_shared(arguments[0]);
	return execute_here(arguments[1]);
}

static int after_mapping(char **arguments)
{
	int fd = must(open(arguments[0], O_RDWR), arguments[0]);
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	must(page == MAP_FAILED ? -1 : munmap(page, PAGE), "mmap");
	close(fd);
	return execute_here(arguments[0]);
}

static int after_change(char **arguments)
{
	int fd = must(open(arguments[0], O_WRONLY | O_APPEND), arguments[0]);

	must(write(fd, "x", 1), "write");
	close(fd);
	return execute_here(arguments[0]);
}

static int after_touch(char **arguments)
{
	close(must(open(arguments[0], O_WRONLY), arguments[0]));
	return execute_here(arguments[0]);
}

/* ---- mappings ---- */

static int map_with(const char *path, int protection, int flags)
{
	int fd = must(open(path, O_RDONLY), path);

	return say(mmap(NULL, PAGE, protection, flags, fd, 0) != MAP_FAILED);
}

static int map(char **arguments)
{
	return map_with(arguments[0], PROT_READ | PROT_EXEC, MAP_PRIVATE);
}

static int map_implied(char **arguments)
{
	personality(READ_IMPLIES_EXEC);
	return map_with(arguments[0], PROT_READ, MAP_PRIVATE);
}

static int protect(char **arguments)
{
	int fd = must(open(arguments[0], O_RDONLY), arguments[0]);
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	return say(page != MAP_FAILED && mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
}

static int map_anonymous(char **arguments)
{
	(void)arguments;
	return say(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		   MAP_FAILED);
}

/* ---- one after the other ---- */

/* Until the other end of the pipe of that name is open. */
static void wait_for(const char *pipe)
{
	close(must(open(pipe, O_RDONLY), pipe));
}

static const char *name_of(int result)
{
	return result < 0 ? strerrorname_np(errno) : "0";
}

/* Executed by one path, written to by another. */
static int below(char **arguments)
{
	printf("%d ", execute_apart(arguments[0]));
	printf("%s ", name_of(open(arguments[1], O_WRONLY)));
	printf("%s ", name_of(truncate(arguments[1], 100)));
	printf("%d\n", execute_apart(arguments[0]));
	return 0;
}

static int often(char **arguments)
{
	long count = strtol(arguments[0], NULL, 10), ran = 0;

	for (long i = 0; i < count; i++)
		ran += execute_apart(arguments[1]) == 0;
	printf("%ld\n", ran);
	return 0;
}

/* Once before, once after. */
static int twice(char **arguments)
{
	printf("%d\n", execute_apart(arguments[0]));
	wait_for(arguments[1]);
	printf("%d\n", execute_apart(arguments[0]));
	return 0;
}

/* A mapping, too; what has no supervisor any more is ENOSYS. */
static int after_all(char **arguments)
{
	int fd = must(open(arguments[0], O_RDONLY), arguments[0]);

	printf("waiting\n");
	wait_for(arguments[1]);
	printf("%s\n", mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ?
			       strerrorname_np(errno) :
			       "mapped");
	return execute_here(arguments[0]);
}

/* Of a file that is mapped beforehand no supervisor is asked, only the gate; at each pipe once. */
static int protect_after(int fd, char **pipes)
{
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	printf("waiting\n");
	for (; *pipes; pipes++) {
		wait_for(*pipes);
		say(page != MAP_FAILED && mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
	}
	return 0;
}

static int shut(char **arguments)
{
	return protect_after(must(open(arguments[0], O_RDONLY), arguments[0]), arguments + 1);
}

/* One that has a verdict, for it was mapped executable before. */
static int held(char **arguments)
{
	int fd = must(open(arguments[0], O_RDONLY), arguments[0]);

	if (mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return say(false);
	return protect_after(fd, arguments + 1);
}

/* ---- races ---- */

struct race {
	const char *good, *bad, *name;
	volatile bool is_over;
	int fd; /* the number that is one of the two, in turn */
	int fds[2];
	char path[64];
};

static struct race race;

static void exchange(int turn)
{
	(void)turn;
	renameat2(AT_FDCWD, race.name, AT_FDCWD, race.bad, RENAME_EXCHANGE);
}

static void link_anew(int turn)
{
	(void)!symlink(turn % 2 ? race.good : race.bad, "link");
	rename("link", race.name);
}

static void write_answer(int turn)
{
	static off_t place;
	char answer = turn % 2 ? 0 : BAD;
	int fd;

	if (place == 0)
		place = find_answer(race.good);
	fd = open(race.name, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!pwrite(fd, &answer, 1, place);
	close(fd);
	/* One who judges a file reads it for longer than others look it up. */
	for (int i = 0; answer == 0 && i < 4; i++)
		pause_shortly();
}

static void rewrite_path(int turn)
{
	memcpy(race.path, turn % 2 ? race.good : race.bad, strlen(race.good) + 1);
}

static void exchange_descriptor(int turn)
{
	dup2(race.fds[turn % 2], race.fd);
}

static void *disturb(void *place)
{
	void (*step)(int turn) = place;

	for (int i = 0; !race.is_over; i++) {
		step(i);
		pause_shortly();
	}
	return NULL;
}

/* The child has the memory and the descriptors of all threads, until it executes something. */
static int run_child(void *place)
{
	char *words[] = { "it", NULL };

	if (place)
		execve(place, words, environ);
	else
		syscall(SYS_execveat, race.fd, "", words, environ, AT_EMPTY_PATH);
	_exit(errno);
}

static int execute_shared(const char *path)
{
	static char stack[1 << 16] __attribute__((aligned(16)));

	return status_of(
		must(clone(run_child, stack + sizeof(stack),
			   CLONE_VM | CLONE_FILES | CLONE_VFORK | SIGCHLD, (void *)(uintptr_t)path),
		     "clone"));
}

/* Which of the two is it that could be mapped? */
static int map_shared_number(void)
{
	static off_t place;

	if (place == 0)
		place = find_answer(race.good);
	size_t size = (size_t)place + 1;
	char *bytes = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, race.fd, 0);
	int answer = bytes == MAP_FAILED ? errno : bytes[place];

	if (bytes != MAP_FAILED)
		munmap(bytes, size);
	return answer;
}

static int once(const char *how)
{
	if (strcmp(how, "map") == 0)
		return map_shared_number();
	if (strcmp(how, "descriptor") == 0)
		return execute_shared(NULL);
	return execute_shared(strcmp(how, "memory") == 0 ? race.path : race.name);
}

static void prepare(char **arguments)
{
	race.good = arguments[2];
	race.bad = arguments[3];
	race.name = arguments[4];
	race.fds[0] = must(open(race.bad, O_RDONLY | O_CLOEXEC), race.bad);
	race.fds[1] = must(open(race.good, O_RDONLY | O_CLOEXEC), race.good);
	race.fd = must(fcntl(race.fds[1], F_DUPFD, 100), "dup");
	snprintf(race.path, sizeof(race.path), "%s", race.good);
}

static void tally(const char *how, long rounds)
{
	long good = 0, bad = 0, refused = 0, others = 0;

	for (long i = 0; i < rounds; i++) {
		int status = once(how);

		*(status == 0	   ? &good :
		  status == BAD	   ? &bad :
		  status == EACCES ? &refused :
				     &others) += 1;
	}
	printf("bad %ld, good %ld, refused %ld, otherwise %ld\n", bad, good, refused, others);
}

static const struct {
	const char *name;
	void (*step)(int turn);
} races[] = {
	{ "exchange", exchange },
	{ "link", link_anew },
	{ "write", write_answer },
	{ "memory", rewrite_path },
	{ "descriptor", exchange_descriptor },
	{ "map", exchange_descriptor },
};

static int run_race(char **arguments)
{
	const char *how = arguments[0];
	pthread_t thread;

	prepare(arguments);
	for (size_t i = 0; i < COUNT_OF(races); i++) {
		if (strcmp(races[i].name, how) != 0)
			continue;
		must(-pthread_create(&thread, NULL, disturb, (void *)races[i].step), "thread");
		tally(how, strtol(arguments[1], NULL, 10));
		race.is_over = true;
		pthread_join(thread, NULL);
	}
	return 0;
}

/* ---- copying up ---- */

struct climb {
	char path[128], upper[128];
	off_t place;
	volatile bool is_over, has_written;
};

static void *copy_up(void *place)
{
	struct climb *climb = place;
	const char bad = BAD;
	int fd = -1;

	for (int i = 0; i < 4; i++)
		pause_shortly();
	must(utimensat(AT_FDCWD, climb->path, NULL, 0), climb->path);
	for (int i = 0; fd < 0 && i < 100; i++)
		fd = open(climb->upper, O_WRONLY | O_CLOEXEC);
	climb->has_written = fd >= 0 && pwrite(fd, &bad, 1, climb->place) == 1;
	close(fd);
	climb->is_over = true;
	return NULL;
}

struct climbs {
	long bad, good, refused, written, wrong;
};

static void tally_climb(struct climbs *climbs, int status)
{
	*(status == 0	   ? &climbs->good :
	  status == BAD	   ? &climbs->bad :
	  status == EACCES ? &climbs->refused :
			     &climbs->wrong) += 1;
}

static void climb_one(struct climb *climb, struct climbs *climbs)
{
	pthread_t thread;

	climb->place = find_answer(climb->path);
	must(-pthread_create(&thread, NULL, copy_up, climb), "thread");
	do
		tally_climb(climbs, execute_shared(climb->path));
	while (!climb->is_over);
	pthread_join(thread, NULL);
	climbs->written += climb->has_written;
	climbs->wrong += execute_shared(climb->path) != (climb->has_written ? EACCES : 0);
}

static int climb(char **arguments)
{
	long count = strtol(arguments[0], NULL, 10);
	struct climbs climbs = { 0 };

	for (long i = 0; i < count; i++) {
		struct climb climb = { 0 };

		snprintf(climb.path, sizeof(climb.path), "%s/%ld", arguments[1], i);
		snprintf(climb.upper, sizeof(climb.upper), "%s/%ld", arguments[2], i);
		climb_one(&climb, &climbs);
	}
	printf("bad %ld, good %ld, refused %ld, written %ld, wrong %ld\n", climbs.bad, climbs.good,
	       climbs.refused, climbs.written, climbs.wrong);
	return 0;
}

/* ---- all of them ---- */

static int by_path(char **arguments)
{
	return execute_here(arguments[0]);
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

static int obey(char **arguments);

static const struct way ways[] = {
	{ "ran", ran, 0 },
	{ "quietly", quietly, 0 },
	{ "path", by_path, 1 },
	{ "nested", in_namespace, 1 },
	{ "tmpfs", on_tmpfs, 2 },
	{ "overlay", on_overlay, 2 },
	{ "bind", by_bind, 2 },
	{ "memory", from_memory, 1 },
	{ "loader", by_loader, 2 },
	{ "writer", with_writer, 1 },
	{ "mapping", with_mapping, 1 },
	{ "writer-of", with_writer_of, 2 },
	{ "mapping-of", with_mapping_of, 2 },
	{ "below", below, 2 },
	{ "after-mapping", after_mapping, 1 },
	{ "after-change", after_change, 1 },
	{ "after-touch", after_touch, 1 },
	{ "map", map, 1 },
	{ "implied", map_implied, 1 },
	{ "protect", protect, 1 },
	{ "anonymous", map_anonymous, 0 },
	{ "often", often, 2 },
	{ "twice", twice, 2 },
	{ "after-all", after_all, 2 },
	{ "shut", shut, 2 },
	{ "held", held, 2 },
	{ "race", run_race, 5 },
	{ "climb", climb, 3 },
	{ "obey", obey, 0 },
};

static int words_of(char *line, char **words, int most)
{
	int count = 0;

	for (char *word = strtok(line, " \n"); word && count < most; word = strtok(NULL, " \n"))
		words[count++] = word;
	return count;
}

static int obey(char **arguments)
{
	static char line[4096];

	(void)arguments;
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "end\n") != 0) {
		char *words[8] = { "enforce-driver" };
		int count = 1 + words_of(line, words + 1, (int)COUNT_OF(words) - 2);
		pid_t pid = must(fork(), "fork");

		if (pid == 0)
			_exit(way_run(ways, COUNT_OF(ways), count, words));
		status_of(pid);
		printf(".\n");
	}
	return 0;
}

int main(int argc, char **argv)
{
	return way_run(ways, COUNT_OF(ways), argc, argv);
}
