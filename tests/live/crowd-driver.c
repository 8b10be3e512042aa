/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes with many threads, many children, many signals, that use attributes all the time and know
 * what each call has to give. The working directory is theirs. Prints what it has seen; a line that
 * begins with "wrong" is a call that gave something else, and makes the exit status 1.
 *
 *	crowd-driver storm ROUNDS [interrupted]	threads under a storm of signals
 *	crowd-driver churn ROUNDS		fork, vfork and exec, also by a thread
 *	crowd-driver threads ROUNDS		threads with credentials, directories and descriptors
 *						of their own
 *	crowd-driver race ROUNDS		many want to be the one that creates, or removes
 *	crowd-driver flip ROUNDS		what a call is about changes while it is made
 *	crowd-driver mortals			reads numbers; has so many children killed in the middle
 *						of calls, then says so
 *	crowd-driver absent COUNT		a child whose names are in memory that is never there; says
 *						when so many calls wait for it, and kills the child when
 *						it reads a line
 *	crowd-driver held			reads lines: "absent COUNT" makes so many calls that wait
 *						for such memory, each in a thread; "call COUNT" makes so
 *						many that do not, and then says "answered"
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "count_of.h"

#define THREADS 8

static atomic_uint wrongs;

static void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void wrong(const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (atomic_fetch_add(&wrongs, 1) < 20)
		printf("wrong: %s\n", text);
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
}

/* CHECK() - make a call, which has to give this result, and this errno if that is -1 */
#define CHECK(what, call, wanted, wanted_error)                   \
	do {                                                      \
		long _made = (call);                              \
		expect(what, _made, errno, wanted, wanted_error); \
	} while (0)

static void expect(const char *what, long result, int error, long wanted, int wanted_error)
{
	if (result != wanted || (result < 0 && error != wanted_error))
		wrong("%s: %ld (%s), not %ld (%s)", what, result,
		      result < 0 ? strerrorname_np(error) : "", wanted,
		      wanted < 0 ? strerrorname_np(wanted_error) : "");
}

static void expect_value(const char *path, const char *name, const char *value)
{
	char found[64] = "";
	ssize_t length = getxattr(path, name, found, sizeof(found));

	if (length != (ssize_t)strlen(value) || memcmp(found, value, strlen(value)) != 0)
		wrong("%s of %s: %s, not %s", name, path,
		      length < 0 ? strerrorname_np(errno) : found, value);
}

/* ---- storm ---- */

static struct {
	unsigned int rounds;
	bool is_interrupted; /* calls may end with EINTR, but then nothing has been done */
	pthread_barrier_t ready;
	atomic_uint running, calls, signals, interruptions;
	pid_t threads[THREADS];
} storm;

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&storm.signals, 1);
}

/* Once more if a signal came first; what the call then gives shows whether the first did anything. */
#define PATIENTLY(call)                                                                  \
	({                                                                               \
		long _result;                                                            \
		while ((_result = (call)) < 0 && errno == EINTR && storm.is_interrupted) \
			atomic_fetch_add(&storm.interruptions, 1);                       \
		atomic_fetch_add(&storm.calls, 1);                                       \
		_result;                                                                 \
	})

static void storm_round(unsigned int thread, unsigned int round, int fd)
{
	char name[32], value[32], found[32] = "";
	size_t length;

	snprintf(name, sizeof(name), "security.t%u", thread);
	length = (size_t)snprintf(value, sizeof(value), "%u.%u", thread, round);
	CHECK("create", PATIENTLY(setxattr("file", name, value, length, XATTR_CREATE)), 0, 0);
	CHECK("create again", PATIENTLY(fsetxattr(fd, name, value, length, XATTR_CREATE)), -1,
	      EEXIST);
	CHECK("get", PATIENTLY(fgetxattr(fd, name, found, sizeof(found))), (long)length, 0);
	if (memcmp(found, value, length) != 0)
		wrong("get: another value");
	CHECK("replace", PATIENTLY(setxattr("file", name, "", 0, XATTR_REPLACE)), 0, 0);
	CHECK("remove", PATIENTLY(removexattr("file", name)), 0, 0);
	CHECK("remove again", PATIENTLY(fremovexattr(fd, name)), -1, ENODATA);
}

static void *storm_thread(void *argument)
{
	unsigned int thread = (unsigned int)(uintptr_t)argument;
	int fd = open("file", O_RDONLY | O_CLOEXEC);

	storm.threads[thread] = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&storm.ready);
	for (unsigned int i = 0; i < storm.rounds; i++) {
		storm_round(thread, i, fd);
		/* Without a supervisor all could be over before the first signal. */
		while (atomic_load(&storm.signals) < i)
			sched_yield();
	}
	close(fd);
	atomic_fetch_sub(&storm.running, 1);
	/* The sender of signals must not send them to a free number. */
	pthread_barrier_wait(&storm.ready);
	return NULL;
}

static void *storm_sender(void *argument)
{
	(void)argument;
	pthread_barrier_wait(&storm.ready);
	/* Many for each call; but the supervisor is to have its share of the CPUs, too. */
	const struct timespec pace = { .tv_nsec = 20000 };

	for (unsigned int i = 0; atomic_load(&storm.running) > 0; i++) {
		syscall(SYS_tgkill, getpid(), storm.threads[i % THREADS], SIGUSR1);
		if (i % 16 == 0)
			nanosleep(&pace, NULL);
	}
	pthread_barrier_wait(&storm.ready);
	return NULL;
}

static void run_storm(int argc, char **argv)
{
	pthread_t threads[THREADS], sender;
	struct sigaction action = { .sa_handler = count_signal };

	storm.rounds = (unsigned int)strtoul(argv[0], NULL, 10);
	storm.is_interrupted = argc > 1 && strcmp(argv[1], "interrupted") == 0;
	action.sa_flags = storm.is_interrupted ? 0 : SA_RESTART;
	storm.running = THREADS;
	make_file("file");
	sigaction(SIGUSR1, &action, NULL);
	pthread_barrier_init(&storm.ready, NULL, THREADS + 1);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, storm_thread, (void *)i);
	pthread_create(&sender, NULL, storm_sender, NULL);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_join(sender, NULL);
	if (listxattr("file", NULL, 0) != 0)
		wrong("something is left on the file");
	fprintf(stderr, "%u calls, %u signals, %u interrupted\n", storm.calls, storm.signals,
		storm.interruptions);
	printf("%u calls\n", storm.calls);
	if (storm.signals + 1 < storm.rounds)
		wrong("%u signals are no storm", storm.signals);
}

/* ---- churn ---- */

static const char *self;

/* What each of the new programs does; its exit status says whether all went well. */
static void run_child(int argc, char **argv)
{
	char name[64];

	(void)argc;
	snprintf(name, sizeof(name), "security.%s", argv[0]);
	CHECK("a child's create", setxattr("file", name, argv[0], strlen(argv[0]), XATTR_CREATE), 0,
	      0);
	expect_value("file", name, argv[0]);
	expect_value("/proc/self/cwd/file", name, argv[0]);
	CHECK("a child's remove", removexattr("file", name), 0, 0);
}

static char **child_argv(const char *name)
{
	static __thread char *argv[4];
	static __thread char copy[32];

	snprintf(copy, sizeof(copy), "%s", name);
	argv[0] = (char *)(uintptr_t)self;
	argv[1] = (char *)(uintptr_t) "child";
	argv[2] = copy;
	return argv;
}

static void *exec_by_thread(void *argument)
{
	execv(self, child_argv(argument));
	_exit(EXIT_FAILURE);
}

/* The attribute call before makes the supervisor know the process as it is before. */
static _Noreturn void exec_by_another_thread(char *name)
{
	pthread_t thread;

	expect_value("file", "security.always", "here");
	pthread_create(&thread, NULL, exec_by_thread, name);
	pthread_join(thread, NULL);
	_exit(EXIT_FAILURE);
}

static pid_t start_child(unsigned int kind, char *name)
{
	pid_t pid;

	switch (kind % 4) {
	case 0:
		pid = fork();
		if (pid == 0)
			execv(self, child_argv(name));
		return pid;
	case 1:
		/* glibc makes this one with CLONE_VFORK and CLONE_VM. */
		return posix_spawn(&pid, self, NULL, NULL, child_argv(name), environ) == 0 ? pid :
											     -1;
	case 2:
		pid = fork();
		if (pid == 0)
			exec_by_another_thread(name);
		return pid;
	default:
		pid = fork();
		if (pid == 0) {
			run_child(1, &name);
			fflush(stdout);
			_exit(atomic_load(&wrongs) > 0);
		}
		return pid;
	}
}

static void run_churn(int argc, char **argv)
{
	unsigned int rounds = (unsigned int)strtoul(argv[0], NULL, 10);
	char name[32];
	int status;

	(void)argc;
	make_file("file");
	CHECK("create", setxattr("file", "security.always", "here", 4, XATTR_CREATE), 0, 0);
	for (unsigned int i = 0; i < rounds; i++) {
		fflush(stdout);
		snprintf(name, sizeof(name), "child%u", i);
		pid_t pid = start_child(i, name);

		expect_value("file", "security.always", "here");
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
			wrong("child %u has ended with %x", i, status);
	}
	printf("%u children\n", rounds);
}

/* ---- threads ---- */

struct own_things {
	unsigned int rounds;
	bool is_unchecked; /* a user may change security.*: by a kernel that does not check */
	pthread_barrier_t turn; /* one thread's things have changed, the other looks */
};

static void take_turns(struct own_things *things)
{
	pthread_barrier_wait(&things->turn);
}

/* The raw call: glibc's changes the ids of all threads. */
static void *become_user_alone(void *argument)
{
	struct own_things *things = argument;

	for (unsigned int i = 0; i < things->rounds; i++) {
		take_turns(things);
		syscall(SYS_setresuid, -1, 5, -1);
		CHECK("a user in a private directory",
		      getxattr("private/file", "security.a", NULL, 0), -1, EACCES);
		CHECK("a user sets", setxattr("file", "security.b", "x", 1, 0),
		      things->is_unchecked ? 0 : -1, EPERM);
		syscall(SYS_setresuid, -1, 0, -1);
		expect_value("private/file", "security.a", "private");
	}
	return NULL;
}

static void stay_root(struct own_things *things)
{
	for (unsigned int i = 0; i < things->rounds; i++) {
		take_turns(things);
		expect_value("private/file", "security.a", "private");
		CHECK("root sets", setxattr("file", "security.c", "x", 1, 0), 0, 0);
		CHECK("root removes", removexattr("file", "security.c"), 0, 0);
	}
}

static void *change_directory_alone(void *argument)
{
	struct own_things *things = argument;

	if (unshare(CLONE_FS) < 0 || chdir("other") < 0)
		err(EXIT_FAILURE, "unshare");
	for (unsigned int i = 0; i < things->rounds; i++) {
		take_turns(things);
		expect_value("file", "security.a", "other");
		expect_value("/proc/thread-self/cwd/file", "security.a", "other");
		expect_value("/proc/self/cwd/file", "security.a", "file");
	}
	if (chroot(".") < 0)
		err(EXIT_FAILURE, "chroot");
	for (unsigned int i = 0; i < things->rounds; i++) {
		take_turns(things);
		expect_value("/file", "security.a", "other");
	}
	return NULL;
}

static void stay_in_directory(struct own_things *things)
{
	for (unsigned int i = 0; i < 2 * things->rounds; i++) {
		take_turns(things);
		expect_value("file", "security.a", "file");
		expect_value("/proc/self/cwd/file", "security.a", "file");
		expect_value("/proc/thread-self/cwd/file", "security.a", "file");
	}
}

#define SHARED_NUMBER 60
#define OWN_NUMBER 61

static void expect_descriptor(const char *value)
{
	char found[64] = "";
	ssize_t length = fgetxattr(SHARED_NUMBER, "security.a", found, sizeof(found));

	if (length != (ssize_t)strlen(value) || memcmp(found, value, strlen(value)) != 0)
		wrong("descriptor: %s, not %s", length < 0 ? strerrorname_np(errno) : found, value);
}

static void open_as(const char *path, int number)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, number) < 0)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
}

static void *have_descriptors_alone(void *argument)
{
	struct own_things *things = argument;

	if (unshare(CLONE_FILES) < 0)
		err(EXIT_FAILURE, "unshare");
	open_as("other/file", SHARED_NUMBER);
	if (dup2(open("other/file", O_PATH | O_CLOEXEC), OWN_NUMBER) < 0)
		err(EXIT_FAILURE, "other/file");
	for (unsigned int i = 0; i < things->rounds; i++) {
		take_turns(things);
		expect_descriptor("other");
		expect_value("/proc/thread-self/fd/60", "security.a", "other");
		expect_value("/proc/self/fd/60", "security.a", "file");
		CHECK("by O_PATH", fgetxattr(OWN_NUMBER, "security.a", NULL, 0), -1, EBADF);
		expect_value("/proc/thread-self/fd/61", "security.a", "other");
	}
	return NULL;
}

static void keep_descriptors(struct own_things *things)
{
	for (unsigned int i = 0; i < things->rounds; i++) {
		take_turns(things);
		expect_descriptor("file");
		expect_value("/proc/thread-self/fd/60", "security.a", "file");
		expect_value("/dev/fd/60", "security.a", "file");
		CHECK("by none", fgetxattr(OWN_NUMBER, "security.a", NULL, 0), -1, EBADF);
	}
}

static void have_own_things(struct own_things things, void *alone(void *),
			    void in_leader(struct own_things *))
{
	pthread_t thread;

	pthread_barrier_init(&things.turn, NULL, 2);
	pthread_create(&thread, NULL, alone, &things);
	in_leader(&things);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&things.turn);
}

static void run_threads(int argc, char **argv)
{
	const struct own_things things = { .rounds = (unsigned int)strtoul(argv[0], NULL, 10),
					   .is_unchecked = argc > 1 };

	if (mkdir("private", 0700) < 0 || mkdir("other", 0755) < 0)
		err(EXIT_FAILURE, "mkdir");
	make_file("file");
	make_file("private/file");
	make_file("other/file");
	setxattr("file", "security.a", "file", 4, 0);
	setxattr("private/file", "security.a", "private", 7, 0);
	setxattr("other/file", "security.a", "other", 5, 0);
	open_as("file", SHARED_NUMBER);
	have_own_things(things, become_user_alone, stay_root);
	have_own_things(things, change_directory_alone, stay_in_directory);
	have_own_things(things, have_descriptors_alone, keep_descriptors);
	printf("%u rounds\n", things.rounds);
}

/* ---- race ---- */

static struct {
	unsigned int rounds;
	pthread_barrier_t start;
	atomic_uint created, replaced, removed;
} race;

static void count(atomic_uint *counter, const char *what, long result, int error, int loser)
{
	if (result == 0)
		atomic_fetch_add(counter, 1);
	else if (error != loser)
		wrong("%s: %s", what, strerrorname_np(error));
}

static void race_round(const char *name)
{
	long r;

	pthread_barrier_wait(&race.start);
	r = setxattr("file", name, "x", 1, XATTR_CREATE);
	count(&race.created, "create", r, errno, EEXIST);
	pthread_barrier_wait(&race.start);
	r = setxattr("file", name, "y", 1, XATTR_REPLACE);
	count(&race.replaced, "replace", r, errno, 0);
	pthread_barrier_wait(&race.start);
	r = removexattr("file", name);
	count(&race.removed, "remove", r, errno, ENODATA);
	pthread_barrier_wait(&race.start);
}

static void *run_in_race(void *argument)
{
	(void)argument;
	for (unsigned int i = 0; i < race.rounds; i++)
		race_round(i % 2 ? "security.race" : "trusted.race");
	return NULL;
}

static void run_race(int argc, char **argv)
{
	pthread_t threads[THREADS];

	(void)argc;
	race.rounds = (unsigned int)strtoul(argv[0], NULL, 10);
	make_file("file");
	pthread_barrier_init(&race.start, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run_in_race, NULL);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (race.created != race.rounds || race.removed != race.rounds ||
	    race.replaced != THREADS * race.rounds)
		wrong("%u rounds: %u created, %u replaced, %u removed", race.rounds, race.created,
		      race.replaced, race.removed);
	printf("%u rounds\n", race.rounds);
}

/* ---- flip ---- */

struct xattr_args {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

/* What one thread changes while the other's calls are about it. */
static struct {
	atomic_bool is_over;
	volatile char name[64];
	struct xattr_args args;
} flip;

/* All of the same length, so that what a call reads is one of them, or one with another's end. */
static const char *const flip_names[] = { "user.aaaaaaa", "security.aaa", "security.a@b",
					  "trusted.aaaa", "bogus.aaaaaa" };

static void flip_name(unsigned int turn)
{
	const char *name = flip_names[turn % COUNT_OF(flip_names)];

	for (size_t i = 0; i < 13; i++)
		flip.name[i] = name[i];
}

/* "link" leads to the own file, or to the host's, which is the test's to make. */
static void flip_link(unsigned int turn)
{
	(void)!symlink(turn % 2 ? "file" : "../hosts", "new");
	(void)rename("new", "link");
}

static void flip_size(unsigned int turn)
{
	*(volatile uint32_t *)&flip.args.size = turn % 2 ? 20 : 0;
}

static void *keep_flipping(void *argument)
{
	void (*turn_over)(unsigned int) = *(void (**)(unsigned int))argument;

	for (unsigned int turn = 0; !atomic_load(&flip.is_over); turn++)
		turn_over(turn);
	return NULL;
}

static void use_flipped_name(void)
{
	char value[16];

	/* Not by libc: a sanitizer would read the name before the call, and see a race, which is meant. */
	syscall(SYS_setxattr, "file", flip.name, "x", 1, 0);
	syscall(SYS_getxattr, "file", flip.name, value, sizeof(value));
}

static void use_flipped_link(void)
{
	setxattr("link", "security.aaa", "x", 1, 0);
	setxattr("link", "user.aaa", "x", 1, 0);
	removexattr("link", "security.hosts");
	removexattr("link", "user.hosts");
}

/* Empty, a file capability could be set by everybody; with a value it is refused to this one. */
static void use_flipped_size(void)
{
	static const uint32_t capability[5] = { 0x02000001, 1U << 13 };

	flip.args.value = (uintptr_t)capability;
	syscall(463, AT_FDCWD, "file", 0, "security.capability", &flip.args, sizeof(flip.args));
}

static void flip_and_use(unsigned int rounds, void turn_over(unsigned int), void use(void))
{
	pthread_t thread;

	atomic_store(&flip.is_over, false);
	turn_over(0);
	pthread_create(&thread, NULL, keep_flipping, &turn_over);
	for (unsigned int i = 0; i < rounds; i++)
		use();
	atomic_store(&flip.is_over, true);
	pthread_join(thread, NULL);
}

static void run_flip(int argc, char **argv)
{
	unsigned int rounds = (unsigned int)strtoul(argv[0], NULL, 10);

	(void)argc;
	make_file("file");
	flip_and_use(rounds, flip_name, use_flipped_name);
	flip_and_use(rounds, flip_link, use_flipped_link);
	if (setresgid(5, 5, 5) < 0 || setresuid(5, 5, 5) < 0)
		err(EXIT_FAILURE, "setresuid");
	flip_and_use(rounds, flip_size, use_flipped_size);
	printf("%u rounds\n", rounds);
}

/* ---- mortals ---- */

static void *call_for_ever(void *argument)
{
	int report = (int)(intptr_t)argument, fd = open("file", O_RDONLY | O_CLOEXEC);
	char value[64], name[32];

	snprintf(name, sizeof(name), "security.%ld", syscall(SYS_gettid) % 4);
	for (unsigned int i = 0;; i++) {
		setxattr("file", name, "x", 1, 0);
		if (i == 0 && write(report, "x", 1) != 1)
			_exit(EXIT_FAILURE);
		getxattr("dir/../file", name, value, sizeof(value));
		fgetxattr(fd, name, value, sizeof(value));
		listxattr("/proc/self/cwd/file", value, sizeof(value));
		fremovexattr(fd, name);
	}
	return NULL;
}

static _Noreturn void live(int report, bool has_threads)
{
	pthread_t thread;

	for (int i = 0; i < 3 && has_threads; i++)
		pthread_create(&thread, NULL, call_for_ever, (void *)(intptr_t)report);
	call_for_ever((void *)(intptr_t)report);
	_exit(EXIT_FAILURE);
}

static void kill_one(bool has_threads)
{
	int report[2], status;
	char byte;

	if (pipe2(report, O_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe");
	pid_t pid = fork();

	if (pid == 0)
		live(report[1], has_threads);
	/* Closed first, so that a child that dies by itself does not keep us waiting. */
	close(report[1]);
	if (pid < 0 || read(report[0], &byte, 1) != 1)
		errx(EXIT_FAILURE, "a child does not live");
	close(report[0]);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) < 0 || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		wrong("a child has ended with %x", status);
}

static void run_mortals(int argc, char **argv)
{
	char line[32];

	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	make_file("file");
	mkdir("dir", 0755);
	while (fgets(line, sizeof(line), stdin)) {
		unsigned int count = (unsigned int)strtoul(line, NULL, 10);

		for (unsigned int i = 0; i < count; i++)
			kill_one(i % 3 == 0);
		printf("%u\n", count);
		fflush(stdout);
	}
}

/* ---- memory that is not there ---- */

#define ABSENT_MAX 64

/* Return: pages whose faults are told by @ret_fd, and which the test does not fill. */
static char *map_absent(size_t size, int *ret_fd)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register all = {
		.range = { .start = (uintptr_t)pages, .len = size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (fd < 0 || pages == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) < 0 ||
	    ioctl(fd, UFFDIO_REGISTER, &all) < 0)
		err(EXIT_FAILURE, "userfaultfd");
	*ret_fd = fd;
	return pages;
}

static void *get_absent(void *name)
{
	char value[16];

	/* Not by libc, as above. */
	(void)syscall(SYS_getxattr, "file", name, value, sizeof(value));
	return NULL;
}

/* Reports by a byte that all its calls wait; then it is killed. */
static _Noreturn void wait_for_absent(int report, unsigned int count)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct uffd_msg message;
	pthread_t thread;
	int faults;
	char *pages = map_absent(count * page, &faults);

	for (unsigned int i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, get_absent, pages + i * page) != 0)
			errx(EXIT_FAILURE, "cannot start a thread");
	for (unsigned int i = 0; i < count; i++)
		if (read(faults, &message, sizeof(message)) != (ssize_t)sizeof(message))
			err(EXIT_FAILURE, "reading a fault");
	if (write(report, "", 1) != 1)
		err(EXIT_FAILURE, "reporting");
	for (;;)
		pause();
}

static void run_absent(int argc, char **argv)
{
	unsigned int count = argc > 0 ? (unsigned int)strtoul(argv[0], NULL, 10) : 0;
	int report[2];
	char byte, line[8];

	if (count == 0 || count > ABSENT_MAX || pipe2(report, O_CLOEXEC) < 0)
		errx(EXIT_FAILURE, "not such a count");
	make_file("file");
	CHECK("set", setxattr("file", "user.here", "x", 1, 0), 0, 0);
	pid_t pid = fork();

	if (pid == 0)
		wait_for_absent(report[1], count);
	close(report[1]);
	if (pid < 0 || read(report[0], &byte, 1) != 1)
		errx(EXIT_FAILURE, "the child's calls do not wait");
	for (int i = 0; i < 100; i++)
		CHECK("get beside", getxattr("file", "user.here", &byte, 1), 1, 0);
	puts("waiting");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin) || kill(pid, SIGKILL) < 0 ||
	    waitpid(pid, NULL, 0) < 0)
		wrong("the child cannot be killed");
	puts("killed");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
}

static void hold_absent(unsigned int count)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	pthread_t thread;
	int faults; /* open as long as we are */
	char *pages = map_absent(count * page, &faults);

	for (unsigned int i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, get_absent, pages + i * page) != 0)
			errx(EXIT_FAILURE, "cannot start a thread");
}

static void run_held(int argc, char **argv)
{
	char line[32], byte;

	(void)argc;
	(void)argv;
	while (fgets(line, sizeof(line), stdin)) {
		const char *number = strchr(line, ' ');
		unsigned int count = number ? (unsigned int)strtoul(number, NULL, 10) : 0;

		if (count == 0)
			errx(EXIT_FAILURE, "not such a line");
		if (line[0] == 'a') {
			hold_absent(count);
			continue;
		}
		for (unsigned int i = 0; i < count; i++)
			(void)getxattr("file", "user.here", &byte, 1);
		puts("answered");
		fflush(stdout);
	}
	_exit(EXIT_SUCCESS); /* the threads are not waited for */
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(int argc, char **argv);
	} scenes[] = {
		{ "storm", run_storm },	    { "churn", run_churn },   { "child", run_child },
		{ "race", run_race },	    { "flip", run_flip },     { "threads", run_threads },
		{ "mortals", run_mortals }, { "absent", run_absent }, { "held", run_held },
	};

	self = argv[0];
	for (size_t i = 0; argc > 1 && i < COUNT_OF(scenes); i++) {
		if (strcmp(scenes[i].name, argv[1]) != 0)
			continue;
		scenes[i].run(argc - 2, argv + 2);
		return fflush(stdout) != 0 || atomic_load(&wrongs) > 0;
	}
	errx(2,
	     "usage: crowd-driver storm|churn|threads|race|flip ROUNDS, absent COUNT, mortals, or held");
}
