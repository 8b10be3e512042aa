/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks from inside, by the root of a namespace. The working directory is its own; beside it lie
 * "private", a directory that only the host's root may search, with a file "secret", and "host", a
 * file that everybody may read. Prints what it has seen; a line that begins with "wrong" is something
 * that no target may get, and makes the exit status 1. What the kernel says of a path is asked with
 * stat(2), which no supervisor sees.
 *
 *	attack-driver covered			directories mounted over entries of procfs
 *	attack-driver links			text links mounted over entries of procfs
 *	attack-driver jail			the same in a root directory with nothing but /proc
 *	attack-driver entries [deputy]		/proc/SUPERVISOR, and that of a deputy
 *	attack-driver capability ROUNDS [missing]	an attribute's size changes during the call, which this kernel has not
 *	attack-driver entry			an entry of procfs that the target has made up
 *	attack-driver race ROUNDS [fast]	name and path change during the call
 *	attack-driver flip ROUNDS NAME		user.aaaaaaaa is set and removed, and becomes NAME during the call
 *	attack-driver deputies ROUNDS		deputies are killed and stopped
 *	attack-driver fuse ROUNDS		a root directory whose file system has other numbers each time
 *	attack-driver stuck			a file system that never answers
 *	attack-driver unmapped			a file of an owner whom a namespace within does not have
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/fuse.h>
#include <linux/xattr.h>
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
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "../lib/fork_alone.h"
#include "count_of.h"
#include "xattr_calls.h"

#define NAME "security.a"
/* Seconds after which a call counts as one that hangs, and a process as one that is not there. */
#define PATIENCE 60
/* More than a container may have deputies: DEPUTIES_OF_CONTAINER_MAX. */
#define STUCK_CALLERS 40
#define STUCK_DEPUTIES 32
/* Whose the directory on FUSE is. */
#define FUSE_OWNER 5

static unsigned int wrongs;

static void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void wrong(const char *format, ...)
{
	va_list arguments;

	if (wrongs++ >= 20)
		return;
	va_start(arguments, format);
	fputs("wrong: ", stdout);
	vprintf(format, arguments);
	putchar('\n');
	fflush(stdout);
	va_end(arguments);
}

/* ---- what a call has to give ---- */

static void expect_error(const char *what, const char *path, long result, int error)
{
	int found = errno;

	if (result >= 0)
		wrong("%s of %s succeeds; natively: %s", what, path, strerrorname_np(error));
	else if (found != error)
		wrong("%s of %s: %s; natively: %s", what, path, strerrorname_np(found),
		      strerrorname_np(error));
}

static void expect_value(const char *path, const char *value)
{
	char found[64] = "";
	ssize_t length = getxattr(path, NAME, found, sizeof(found) - 1);

	if (length < 0)
		wrong("%s: %s, not %s", path, strerrorname_np(errno), value);
	else if (strcmp(found, value) != 0)
		wrong("%s: %s, not %s", path, found, value);
}

/*
 * Where the kernel finds nothing, no call may find anything, and each has to say so as the kernel does.
 * @value: what is found there; NULL: the kernel lets no process in
 */
static void compare(const char *path, const char *value)
{
	char buffer[1024];
	struct stat stat_buffer;
	int error = stat(path, &stat_buffer) < 0 ? errno : 0;

	if ((error == 0) != (value != NULL)) {
		wrong("%s: not the scene that was meant (%s)", path,
		      error ? strerrorname_np(error) : "it is found");
	} else if (value) {
		expect_value(path, value);
	} else {
		expect_error("get", path, getxattr(path, NAME, buffer, sizeof(buffer)), error);
		expect_error("set", path, setxattr(path, NAME, "attack", 6, 0), error);
		expect_error("list", path, listxattr(path, buffer, sizeof(buffer)), error);
		expect_error("remove", path, removexattr(path, NAME), error);
	}
}

static void expect_failure(const char *what, const char *path, long result)
{
	if (result >= 0)
		wrong("%s of %s succeeds", what, path);
}

/*
 * The same, where the supervisor may say something else than the kernel: the entry of a process is
 * the process's own for it, whatever is mounted there, and a deputy may search its own.
 */
static void refuse(const char *path)
{
	char buffer[1024];
	struct stat stat_buffer;

	if (stat(path, &stat_buffer) == 0)
		wrong("%s: not the scene that was meant (it is found)", path);
	expect_failure("get", path, getxattr(path, NAME, buffer, sizeof(buffer)));
	expect_failure("set", path, setxattr(path, NAME, "attack", 6, 0));
	expect_failure("list", path, listxattr(path, buffer, sizeof(buffer)));
	expect_failure("remove", path, removexattr(path, NAME));
}

/* ---- scenery ---- */

static void make_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || fsetxattr(fd, NAME, value, strlen(value), 0) < 0)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		err(EXIT_FAILURE, "%s", path);
}

/* One's own directory, with a file. */
static void make_own(void)
{
	make_directory("own");
	make_file("own/file", "own");
}

/* Below the working directory; static. */
static const char *absolute(const char *path)
{
	static char paths[4][PATH_MAX];
	static unsigned int turn;
	char *result = paths[turn++ % COUNT_OF(paths)], *directory = getcwd(NULL, 0);

	if (!directory)
		err(EXIT_FAILURE, "getcwd");
	snprintf(result, PATH_MAX, "%s/%s", directory, path);
	free(directory);
	return result;
}

static void leave_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		err(EXIT_FAILURE, "cannot have mounts of one's own");
}

static pid_t fork_checked(void)
{
	pid_t pid = fork_alone();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid == 0) {
		wrongs = 0;
		/* Natively nothing here waits; SIGALRM ends what does. */
		alarm(PATIENCE);
	}
	return pid;
}

static _Noreturn void end_child(void)
{
	fflush(stdout);
	_exit(wrongs > 0);
}

static void await(pid_t pid, const char *what)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		err(EXIT_FAILURE, "waitpid");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		wrong("%s: a call has hung for %d s", what, PATIENCE);
	else if (status != 0)
		wrong("%s: status %#x", what, (unsigned int)status);
}

/* ---- directories over entries of procfs ---- */

static const char *const directories[] = {
	"/proc/self/fdinfo", "/proc/self/task", "/proc/self/net", "/proc/self/attr",
	"/proc/self/fd",     "/proc/tty",	"/proc/sys",	  "/proc",
};

/* So that the supervisor has learnt where the entry is, before it is covered. */
static void use_own_entry(void)
{
	char path[64];
	int fd = open("own", O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/self/fd/%d/file", fd);
	for (int i = 0; i < 3; i++)
		expect_value(path, "own");
	close(fd);
}

/* In a process of its own. @is_hidden: it does not own its entry, and is let in there all the same. */
static void look_below(const char *from, const char *on, const char *file, const char *value,
		       bool is_hidden)
{
	char path[PATH_MAX];

	leave_mounts();
	use_own_entry();
	if (mount(from, on, NULL, MS_BIND | MS_REC, NULL) < 0) {
		wrong("%s cannot be mounted over: %s", on, strerrorname_np(errno));
		return;
	}
	if (is_hidden && prctl(PR_SET_DUMPABLE, 0) < 0)
		err(EXIT_FAILURE, "prctl");
	snprintf(path, sizeof(path), "%s/%s", on, file);
	compare(path, value);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/file", open("own", O_PATH | O_CLOEXEC));
	if (strncmp(path, on, strlen(on)) == 0 && on[strlen("/proc")] != '\0')
		compare(path, NULL);
	snprintf(path, sizeof(path), "%s/../%s/%s", on, strrchr(on, '/') + 1, file);
	compare(path, value);
	if (chdir(on) == 0)
		compare(file, value);
}

static void cover(const char *on, bool is_hidden)
{
	pid_t pid = fork_checked();

	if (pid == 0) {
		look_below("../private", on, "secret", NULL, is_hidden);
		end_child();
	}
	await(pid, on);
	pid = fork_checked();
	if (pid == 0) {
		look_below("own", on, "file", "own", is_hidden);
		end_child();
	}
	await(pid, on);
}

/* Here the whole entry is covered, or the directory of its namespaces. */
static void cover_entry(const char *on, bool is_hidden)
{
	char path[PATH_MAX];
	pid_t pid = fork_checked();

	if (pid == 0) {
		leave_mounts();
		if (mount("../private", on, NULL, MS_BIND | MS_REC, NULL) < 0 ||
		    (is_hidden && prctl(PR_SET_DUMPABLE, 0) < 0))
			err(EXIT_FAILURE, "%s", on);
		snprintf(path, sizeof(path), "%s/secret", on);
		refuse(path);
		snprintf(path, sizeof(path), "/proc/self/root%s/secret", on);
		refuse(path);
		end_child();
	}
	await(pid, on);
}

static void run_covered(void)
{
	make_own();
	for (int is_hidden = 0; is_hidden < 2; is_hidden++) {
		cover_entry("/proc/self", is_hidden);
		cover_entry("/proc/self/ns", is_hidden);
	}
	for (size_t i = 0; i < COUNT_OF(directories); i++) {
		cover(directories[i], false);
		cover(directories[i], true);
	}
}

/* ---- links over entries of procfs ---- */

/* A link on a tmpfs is moved over a file of procfs. */
static void mount_link(const char *tmpfs, const char *text, const char *on)
{
	char link[PATH_MAX];

	snprintf(link, sizeof(link), "%s/link", tmpfs);
	if (mount("none", tmpfs, "tmpfs", 0, NULL) < 0 || symlink(text, link) < 0)
		err(EXIT_FAILURE, "%s", link);
	int tree = open_tree(AT_FDCWD, link,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

	if (tree < 0 || move_mount(tree, "", AT_FDCWD, on, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		err(EXIT_FAILURE, "cannot mount a link over %s", on);
	close(tree);
}

struct text {
	const char *text;
	const char *on;
	const char *value; /* as compare() */
};

/* @jail: the root directory to be, in which there is /proc; NULL: it stays */
static void follow(const struct text *text, const char *jail, bool is_hidden)
{
	pid_t pid = fork_checked();

	if (pid == 0) {
		leave_mounts();
		if (jail && (mount("/proc", "jail/proc", NULL, MS_BIND | MS_REC, NULL) < 0 ||
			     chroot(jail) < 0 || chdir("/") < 0))
			err(EXIT_FAILURE, "%s", jail);
		mount_link("tmpfs", text->text, text->on);
		if (is_hidden && prctl(PR_SET_DUMPABLE, 0) < 0)
			err(EXIT_FAILURE, "prctl");
		compare(text->on, text->value);
		end_child();
	}
	await(pid, text->text);
}

static void follow_all(const struct text *texts, size_t count, const char *jail)
{
	for (size_t i = 0; i < count; i++) {
		follow(&texts[i], jail, false);
		follow(&texts[i], jail, true);
	}
}

static const char *behind(const char *start, const char *path)
{
	static char texts[4][2 * PATH_MAX];
	static unsigned int turn;
	char *text = texts[turn++ % COUNT_OF(texts)];

	snprintf(text, sizeof(texts[0]), "%s%s", start, path);
	return text;
}

static void run_links(void)
{
	const char *secret = absolute("../private/secret"), *file = absolute("own/file");
	const char *up_secret = behind("../..", secret), *up_file = behind("../..", file);
	const char *root_secret = behind("/proc/self/root", secret);
	const char *root_file = behind("/proc/self/root", file);
	const struct text texts[] = {
		{ secret, "/proc/self/comm", NULL },
		{ secret, "/proc/version", NULL },
		{ up_secret, "/proc/self/comm", NULL },
		{ up_secret, "/proc/version", NULL },
		{ root_secret, "/proc/self/comm", NULL },
		{ root_secret, "/proc/version", NULL },
		{ "cwd/../private/secret", "/proc/self/comm", NULL },
		{ "self/cwd/../private/secret", "/proc/version", NULL },
		{ "cwd/own/file", "/proc/version", NULL },
		{ file, "/proc/self/comm", "own" },
		{ file, "/proc/version", "own" },
		{ up_file, "/proc/self/comm", "own" },
		{ root_file, "/proc/version", "own" },
		{ "cwd/own/file", "/proc/self/comm", "own" },
		{ "self/cwd/own/file", "/proc/version", "own" },
	};

	make_own();
	make_directory("tmpfs");
	follow_all(texts, COUNT_OF(texts), NULL);
}

/* What all may read on the host does not exist in here. */
static void run_jail(void)
{
	const char *host = absolute("../host");
	const char *up_host = behind("../../../..", host);
	const char *root_host = behind("/proc/self/root", host);
	const char *first_host = behind("/proc/1/root", host);
	const struct text texts[] = {
		{ host, "/proc/self/comm", NULL },	{ host, "/proc/version", NULL },
		{ up_host, "/proc/self/comm", NULL },	{ up_host, "/proc/version", NULL },
		{ root_host, "/proc/self/comm", NULL }, { root_host, "/proc/version", NULL },
		{ first_host, "/proc/version", NULL },	{ "/file", "/proc/self/comm", "jailed" },
		{ "/file", "/proc/version", "jailed" }, { "cwd/file", "/proc/self/comm", "jailed" },
	};

	make_directory("jail");
	make_directory("jail/proc");
	make_directory("jail/tmpfs");
	make_file("jail/file", "jailed");
	follow_all(texts, COUNT_OF(texts), "jail");
}

/* ---- other processes ---- */

/* What stands behind a word of /proc/PID/status. */
static bool status_has(pid_t pid, const char *field, char *text, size_t size)
{
	char path[64], line[256];
	size_t length = strlen(field);
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *status = fopen(path, "re");

	while (status && !found && fgets(line, sizeof(line), status)) {
		found = strncmp(line, field, length) == 0 && line[length] == ':';
		line[strcspn(line, "\n")] = '\0';
		if (found)
			snprintf(text, size, "%s", line + length + 2);
	}
	if (status)
		fclose(status);
	return found;
}

static bool has_parent(pid_t pid, pid_t parent)
{
	char text[256];

	return status_has(pid, "PPid", text, sizeof(text)) && strtol(text, NULL, 10) == parent;
}

/* Keepers and workers are called by what they are. */
static bool is_nsxattr(pid_t pid)
{
	char text[256];

	return status_has(pid, "Name", text, sizeof(text)) && strncmp(text, "nsxattr", 7) == 0;
}

/* @uid: in our namespace; -1: any */
static bool has_uid(pid_t pid, long uid)
{
	char text[256];

	return uid < 0 ||
	       (status_has(pid, "Uid", text, sizeof(text)) && strtol(text, NULL, 10) == uid);
}

/* @name: what ps(1) calls it; NULL: anything */
static bool has_name(pid_t pid, const char *name)
{
	char text[256];

	return !name || (status_has(pid, "Name", text, sizeof(text)) && strcmp(text, name) == 0);
}

/* A child of this process. Return: 0: there is none. */
static pid_t find_named_child(pid_t parent, long uid, const char *name)
{
	DIR *proc = opendir("/proc");
	pid_t found = 0;

	if (!proc)
		err(EXIT_FAILURE, "/proc");
	for (struct dirent *entry; found == 0 && (entry = readdir(proc));) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && has_parent(pid, parent) && is_nsxattr(pid) && has_uid(pid, uid) &&
		    has_name(pid, name))
			found = pid;
	}
	closedir(proc);
	return found;
}

static pid_t find_child(pid_t parent, long uid)
{
	return find_named_child(parent, uid, NULL);
}

static pid_t need_child(pid_t parent, long uid, const char *name)
{
	time_t end = time(NULL) + PATIENCE;
	pid_t pid;

	while ((pid = find_named_child(parent, uid, name)) == 0 && time(NULL) < end)
		sched_yield();
	if (pid == 0)
		errx(EXIT_FAILURE, "process %d has no child of uid %ld", parent, uid);
	return pid;
}

/* Our parent reaps it, as a subreaper. */
static pid_t find_keeper(void)
{
	return need_child(getppid(), -1, "nsxattr-keeper");
}

static pid_t find_supervisor(void)
{
	return need_child(find_keeper(), -1, "nsxattr");
}

/* ---- the entries of the supervisor and its deputies ---- */

static const char *const entries[] = { "root", "root/proc", "cwd", "cwd/..", "exe" };

#define DESCRIPTORS_MAX 16

static void try_entries(const char *start, bool is_deputy)
{
	char path[PATH_MAX];
	struct stat stat_buffer;

	snprintf(path, sizeof(path), "%s/root%s", start, absolute("../host"));
	compare(path, NULL);
	if (stat(path, &stat_buffer) == 0 || errno != EACCES)
		wrong("%s: the kernel does not say EACCES", path);
	for (size_t i = 0; i < COUNT_OF(entries); i++) {
		snprintf(path, sizeof(path), "%s/%s", start, entries[i]);
		compare(path, NULL);
	}
	for (int i = 0; i < DESCRIPTORS_MAX; i++) {
		snprintf(path, sizeof(path), "%s/fd/%d", start, i);
		if (is_deputy)
			refuse(path);
		else
			compare(path, NULL);
	}
}

static void try_process(pid_t pid, bool is_deputy)
{
	char start[PATH_MAX];

	snprintf(start, sizeof(start), "/proc/%d", pid);
	try_entries(start, is_deputy);
	snprintf(start, sizeof(start), "/proc/%d/task/%d", pid, pid);
	try_entries(start, is_deputy);
	snprintf(start, sizeof(start), "/proc/self/root/proc/%d", pid);
	try_entries(start, is_deputy);
	snprintf(start, sizeof(start), "/proc/self/../%d", pid);
	try_entries(start, is_deputy);
}

static void run_entries(bool has_deputy)
{
	pid_t supervisor = find_supervisor();

	make_own();
	expect_value("own/file", "own");
	try_process(supervisor, false);
	try_process(find_keeper(), false);
	try_process(need_child(find_keeper(), -1, "nsxattr-starter"), false);
	try_process(need_child(supervisor, -1, "nsxattr-forker"), false);
	if (!has_deputy)
		return;
	pid_t deputy = need_child(supervisor, 0, NULL);

	try_process(deputy, true);
	if (find_child(supervisor, 0) != deputy)
		wrong("the deputy has not lived as long as its test");
}

/* ---- what changes during a call ---- */

/* Words in memory that a call is about, and a thread that writes now one text there, now another. */
#define WORDS_MAX 2
#define TEXTS_MAX 3

struct flip {
	_Atomic(uint64_t) words[WORDS_MAX];
	uint64_t texts[TEXTS_MAX][WORDS_MAX];
	size_t text_count;
	atomic_bool is_over;
	pthread_t thread;
};

static void *flip_thread(void *argument)
{
	struct flip *flip = argument;

	for (unsigned int i = 0; !atomic_load_explicit(&flip->is_over, memory_order_relaxed); i++) {
		for (size_t word = 0; word < WORDS_MAX; word++)
			atomic_store_explicit(&flip->words[word],
					      flip->texts[i % flip->text_count][word],
					      memory_order_relaxed);
		/* Each text stays for a time of another length. */
		for (unsigned int turn = 0; turn < i % 509; turn++)
			atomic_signal_fence(memory_order_seq_cst);
	}
	return NULL;
}

static void flip_add(struct flip *flip, const void *text, size_t size)
{
	if (size > sizeof(flip->texts[0]) || flip->text_count == TEXTS_MAX)
		errx(EXIT_FAILURE, "no room for a text");
	memcpy(flip->texts[flip->text_count++], text, size);
}

static void flip_start(struct flip *flip)
{
	for (size_t word = 0; word < WORDS_MAX; word++)
		atomic_store(&flip->words[word], flip->texts[0][word]);
	int error = pthread_create(&flip->thread, NULL, flip_thread, flip);

	if (error != 0)
		errx(EXIT_FAILURE, "pthread_create: %s", strerrorname_np(error));
}

static void flip_end(struct flip *flip)
{
	atomic_store(&flip->is_over, true);
	pthread_join(flip->thread, NULL);
}

static const char *flip_text(struct flip *flip)
{
	return (const char *)(uintptr_t)flip->words;
}

static void become_user(uid_t id)
{
	const gid_t groups[] = { id, 100, 2000 };

	if (setgroups(3, groups) < 0 || setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
		err(EXIT_FAILURE, "cannot become %u", id);
}

/* struct xattr_args, under a name that no header has. */
struct sized_value {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

/* The kernel asks for no privilege when security.capability is set to an empty value. */
static void run_capability(unsigned int rounds, bool is_missing)
{
	int expected = is_missing ? ENOSYS : EPERM;
	static const unsigned char capability[20] = { 1, 0, 0, 2 };
	const struct sized_value full = { (uintptr_t)capability, sizeof(capability), 0 };
	const struct sized_value empty = { (uintptr_t)capability, 0, 0 };
	struct flip arguments = { 0 };
	unsigned int refused = 0;
	int other = 0; /* the last error but this */

	become_user(1000);
	flip_add(&arguments, &full, sizeof(full));
	flip_add(&arguments, &empty, sizeof(empty));
	flip_start(&arguments);
	for (unsigned int i = 0; i < rounds; i++) {
		long result = syscall(SYS_setxattrat, AT_FDCWD, "../host", 0, "security.capability",
				      arguments.words, sizeof(full));

		refused += result < 0 && errno == expected;
		if (result < 0 && errno != expected)
			other = errno;
	}
	flip_end(&arguments);
	if (refused != rounds)
		wrong("%u of %u calls were refused, others with %s", refused, rounds,
		      other == 0 ? "success" : strerrorname_np(other));
}

/* What the race has seen. */
static struct {
	bool is_fast;
	unsigned int gets, sets, hidden;
} race;

/* Values say where they come from. */
static void judge_value(const char *value)
{
	race.gets++;
	if (strcmp(value, "private") == 0) {
		wrong("a value behind a private directory was read");
	} else if (strcmp(value, "hidden") == 0) {
		race.hidden++;
		if (!race.is_fast)
			wrong("a hidden value was read");
	}
}

static void judge_list(const char *list, ssize_t length)
{
	for (const char *at = list; at < list + length; at += strlen(at) + 1)
		if (strcmp(at, "security.hidden") == 0)
			wrong("a hidden name is listed");
}

/* Not by libc: a sanitizer would read path and name before the call, and see a race, which is meant. */
static void race_once(const char *path, const char *name, unsigned int round)
{
	char buffer[1024] = "";
	ssize_t length;

	if (round % 64 == 63) {
		(void)syscall(SYS_removexattr, path, name);
	} else if (round % 16 == 15) {
		length = syscall(SYS_listxattr, path, buffer, sizeof(buffer));
		judge_list(buffer, length);
	} else if (round % 2 == 0) {
		if (syscall(SYS_getxattr, path, name, buffer, sizeof(buffer) - 1) >= 0)
			judge_value(buffer);
	} else if (syscall(SYS_setxattr, path, name, "attack", 6, 0) == 0) {
		race.sets++;
	}
}

/* Two words are not changed at once, so there are other names and paths, too. */
static void run_race(unsigned int rounds, bool is_fast)
{
	struct flip name = { 0 }, path = { 0 };

	race.is_fast = is_fast;
	flip_add(&name, "user.free", 10);
	flip_add(&name, "security.hidden", 16);
	flip_add(&path, "own", 4);
	flip_add(&path, "../host", 8);
	flip_add(&path, "private", 8);
	if (symlink("../private/secret", "private") < 0)
		err(EXIT_FAILURE, "private");
	flip_start(&name);
	flip_start(&path);
	for (unsigned int i = 0; i < rounds; i++)
		race_once(flip_text(&path), flip_text(&name), i);
	flip_end(&name);
	flip_end(&path);
	printf("%u values read, %u of them hidden, and %u set\n", race.gets, race.hidden,
	       race.sets);
	if (race.gets == 0 || race.sets == 0)
		wrong("it was refused everything");
}

static void run_flip(unsigned int rounds, const char *other)
{
	struct flip name = { 0 };
	unsigned int sets = 0, removes = 0;

	flip_add(&name, "user.aaaaaaaa", 14);
	flip_add(&name, other, strlen(other) + 1);
	flip_start(&name);
	for (unsigned int i = 0; i < rounds; i += 2) {
		sets += syscall(SYS_setxattr, "own", flip_text(&name), "attack", 6, 0) == 0;
		removes += syscall(SYS_removexattr, "own", flip_text(&name)) == 0;
	}
	flip_end(&name);
	printf("%u sets and %u removes of %u calls\n", sets, removes, rounds);
	if (sets == 0 || removes == 0)
		wrong("it was refused everything");
}

/* ---- an entry that the target has made up ---- */

/* All that a supervisor could want to read there is a pipe that no process writes into. */
static void make_entry(void)
{
	static const char *const pipes[] = { "entry/status",  "entry/stat",    "entry/cwd",
					     "entry/root",    "entry/comm",    "entry/mem",
					     "entry/uid_map", "entry/gid_map", "entry/ns/user",
					     "entry/ns/mnt",  "entry/fd/3",    "entry/task" };
	char text[64] = "";

	make_directory("entry");
	make_directory("entry/ns");
	make_directory("entry/fd");
	make_file("entry/file", "own");
	if (mkfifo("pipe", 0644) < 0 || readlink("/proc/self/ns/pid", text, sizeof(text) - 1) < 0 ||
	    symlink(text, "entry/ns/pid") < 0)
		err(EXIT_FAILURE, "entry");
	for (size_t i = 0; i < COUNT_OF(pipes); i++)
		if (symlink(absolute("pipe"), pipes[i]) < 0)
			err(EXIT_FAILURE, "%s", pipes[i]);
}

/* Calls have to come back, that is all. */
static void look_at_entry(bool is_hidden)
{
	static const char *const found[] = { "/proc/self/file",	  "/proc/self/fd/../file",
					     "/proc/self/status", "/proc/self/fd/3",
					     "/proc/self/cwd",	  "/proc/thread-self/status" };
	char entry[64], buffer[64];

	leave_mounts();
	snprintf(entry, sizeof(entry), "/proc/%d", getpid());
	if (mount("entry", entry, NULL, MS_BIND, NULL) < 0)
		err(EXIT_FAILURE, "%s", entry);
	if (is_hidden && prctl(PR_SET_DUMPABLE, 0) < 0)
		err(EXIT_FAILURE, "prctl");
	refuse("/proc/self/missing");
	refuse("/proc/self/cwd/missing");
	refuse("/proc/self/root/missing");
	refuse("/proc/self/ns/pid");
	refuse("/proc/self/fd/4");
	refuse("/proc/self/fd/3/");
	refuse("/proc/thread-self/cwd/missing");
	for (size_t i = 0; i < COUNT_OF(found); i++)
		(void)getxattr(found[i], NAME, buffer, sizeof(buffer));
}

static void run_entry(void)
{
	make_own();
	make_entry();
	/* A supervisor that hangs holds up this process, too. */
	alarm(3 * PATIENCE);
	for (int is_hidden = 0; is_hidden < 2; is_hidden++) {
		pid_t pid = fork_checked();

		if (pid == 0) {
			look_at_entry(is_hidden);
			end_child();
		}
		await(pid, "an entry of one's own making");
		expect_value("own/file", "own");
	}
}

/* ---- deputies at the mercy of the namespace's root ---- */

/* Each of these users has a deputy. */
#define VICTIM 5
#define BYSTANDER 6

static pid_t ask_as(uid_t user)
{
	pid_t pid = fork_checked();

	if (pid > 0)
		return pid;
	become_user(user);
	expect_value("own/file", "own");
	end_child();
}

/*
 * Ask until the deputy is given up: by the thread that has it, when a call of this user's comes to it,
 * or when it has had none for a while.
 */
static pid_t ask_beside(uid_t user, pid_t deputy)
{
	pid_t pid = fork_checked();
	char found[64];
	unsigned int refused = 0;

	if (pid > 0)
		return pid;
	become_user(user);
	while (refused == 0 && kill(deputy, 0) == 0) {
		if (getxattr("own/file", NAME, found, sizeof(found)) >= 0)
			continue;
		if (errno != EPERM)
			wrong("with a deputy that is stopped: %s", strerror(errno));
		refused++;
	}
	end_child();
}

/* One may have ended, unused for a second, and has to be made. Return: the deputy. */
static pid_t signal_deputy(pid_t supervisor, int number)
{
	pid_t deputy = 0;

	for (int i = 0; i < PATIENCE && deputy == 0; i++) {
		await(ask_as(VICTIM), "before its deputy gets a signal");
		deputy = find_child(supervisor, VICTIM);
	}
	if (deputy == 0 || kill(deputy, number) < 0)
		errx(EXIT_FAILURE, "there is no deputy that could be sent a signal");
	return deputy;
}

static void run_deputies(unsigned int rounds)
{
	pid_t supervisor = find_supervisor();

	make_own();
	for (unsigned int i = 0; i < rounds; i++) {
		await(ask_as(BYSTANDER), "before a deputy is killed");
		(void)signal_deputy(supervisor, SIGKILL);
		await(ask_as(BYSTANDER), "while another's deputy was killed");
		await(ask_as(VICTIM), "after its deputy was killed");
	}
	for (unsigned int i = 0; i < 2; i++) {
		pid_t victim = ask_beside(VICTIM, signal_deputy(supervisor, SIGSTOP));

		await(ask_as(BYSTANDER), "while another's deputy is stopped");
		expect_value("own/file", "own");
		await(victim, "whose deputy is stopped");
		await(ask_as(VICTIM), "after its deputy was stopped");
	}
}

/* ---- a root directory on FUSE ---- */

static size_t answer_init(void *place)
{
	struct fuse_init_out *out = place;

	*out = (struct fuse_init_out){ .major = FUSE_KERNEL_VERSION,
				       .minor = FUSE_KERNEL_MINOR_VERSION,
				       .max_write = 4096 };
	return sizeof(*out);
}

/* There is one directory, which everybody may write. Each time that it is asked for it has the other number. */
static size_t answer_attributes(void *place)
{
	static uint64_t turn;
	struct fuse_attr_out *out = place;

	*out = (struct fuse_attr_out){ .attr = { .ino = 1 + turn++ % 2,
						 .mode = S_IFDIR | 0777,
						 .nlink = 2,
						 .uid = FUSE_OWNER,
						 .gid = FUSE_OWNER } };
	return sizeof(*out);
}

static void answer_fuse(int device, const struct fuse_in_header *request)
{
	struct {
		struct fuse_out_header header;
		char body[1024];
	} answer = { .header = { .unique = request->unique, .len = sizeof(answer.header) } };

	switch (request->opcode) {
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
	case FUSE_GETXATTR: /* it would never be answered */
		return;
	case FUSE_INIT:
		answer.header.len += (uint32_t)answer_init(answer.body);
		break;
	case FUSE_GETATTR:
		answer.header.len += (uint32_t)answer_attributes(answer.body);
		break;
	case FUSE_SETXATTR:
		break;
	default:
		answer.header.error = request->opcode == FUSE_LOOKUP ? -ENOENT : -ENOSYS;
	}
	if (write(device, &answer, answer.header.len) < 0 && errno != ENOENT)
		err(EXIT_FAILURE, "/dev/fuse");
}

static pid_t serve_fuse(const char *directory)
{
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[100];

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 device);
	if (device < 0 || mount("none", directory, "fuse", 0, options) < 0)
		err(EXIT_FAILURE, "cannot mount FUSE on %s", directory);
	pid_t server = fork_checked();

	if (server == 0) {
		static _Alignas(8) char request[2 * FUSE_MIN_READ_BUFFER];

		while (read(device, request, sizeof(request)) > 0)
			answer_fuse(device, (const struct fuse_in_header *)request);
		end_child();
	}
	close(device);
	return server;
}

/* Sees to it that the kernel hears each number. */
static pid_t look_all_the_time(void)
{
	struct stat buffer;
	pid_t looker = fork_checked();

	while (looker == 0)
		if (stat("/", &buffer) < 0)
			end_child();
	return looker;
}

static void run_fuse(unsigned int rounds)
{
	char found[64];

	make_own();
	make_directory("jail");
	leave_mounts();
	pid_t server = serve_fuse("jail");

	if (chroot("jail") < 0 || chdir("/") < 0)
		err(EXIT_FAILURE, "chroot");
	pid_t looker = look_all_the_time();

	for (unsigned int i = 0; i < rounds; i++)
		expect_error("get", "/../own/file",
			     getxattr("/../own/file", NAME, found, sizeof(found)), ENOENT);
	if (kill(looker, SIGKILL) < 0 || kill(server, SIGKILL) < 0)
		err(EXIT_FAILURE, "kill");
	(void)waitpid(looker, NULL, 0);
	(void)waitpid(server, NULL, 0);
}

static unsigned int count_deputies(pid_t supervisor)
{
	DIR *proc = opendir("/proc");
	unsigned int count = 0;

	if (!proc)
		err(EXIT_FAILURE, "/proc");
	for (struct dirent *entry; (entry = readdir(proc));) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		count += pid > 0 && has_parent(pid, supervisor) && has_name(pid, "nsxattr-deputy");
	}
	closedir(proc);
	return count;
}

/* A deputy that waits for a FUSE server cannot be killed. */
static void run_stuck(void)
{
	pid_t supervisor = find_supervisor(), callers[STUCK_CALLERS];
	char found[64];

	make_directory("mount");
	leave_mounts();
	pid_t server = serve_fuse("mount");

	for (unsigned int i = 0; i < STUCK_CALLERS; i++) {
		callers[i] = fork_checked();
		if (callers[i] != 0)
			continue;
		expect_failure("get", "mount", getxattr("mount", "user.a", found, sizeof(found)));
		end_child();
	}
	for (unsigned int i = 0; i < STUCK_CALLERS; i++)
		await(callers[i], "who asks for what is never answered");
	if (count_deputies(supervisor) > STUCK_DEPUTIES)
		wrong("%u deputies are stuck", count_deputies(supervisor));
	if (kill(server, SIGKILL) < 0)
		err(EXIT_FAILURE, "kill");
	(void)waitpid(server, NULL, 0);
}

static void write_map(pid_t pid, const char *kind, const char *map)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, kind);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, map, strlen(map)) != (ssize_t)strlen(map))
		err(EXIT_FAILURE, "%s", path);
	close(fd);
}

/* The number by which the kernel shows the others is one that this namespace has. */
static void run_unmapped(void)
{
	static const char map[] = "0 1000 1\n65534 1001 1\n";
	int left[2], mapped[2];
	char byte;

	make_directory("mount");
	leave_mounts();
	pid_t server = serve_fuse("mount");

	if (pipe2(left, O_CLOEXEC) < 0 || pipe2(mapped, O_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe2");
	pid_t inner = fork_checked();

	if (inner == 0) {
		if (unshare(CLONE_NEWUSER) < 0 || write(left[1], "x", 1) != 1 ||
		    read(mapped[0], &byte, 1) != 1)
			err(EXIT_FAILURE, "unshare");
		if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			err(EXIT_FAILURE, "root of the namespace within");
		expect_error("set", "mount", setxattr("mount", NAME, "x", 1, 0), EPERM);
		end_child();
	}
	close(left[1]);
	if (read(left[0], &byte, 1) != 1)
		err(EXIT_FAILURE, "read");
	write_map(inner, "uid_map", map);
	write_map(inner, "gid_map", map);
	if (write(mapped[1], "x", 1) != 1)
		err(EXIT_FAILURE, "write");
	await(inner, "whose namespace has not the owner");
	if (kill(server, SIGKILL) < 0)
		err(EXIT_FAILURE, "kill");
	(void)waitpid(server, NULL, 0);
}

/* ---- scenes ---- */

int main(int argc, char **argv)
{
	const char *scene = argc > 1 ? argv[1] : "";
	unsigned int rounds = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;

	if (strcmp(scene, "covered") == 0)
		run_covered();
	else if (strcmp(scene, "links") == 0)
		run_links();
	else if (strcmp(scene, "jail") == 0)
		run_jail();
	else if (strcmp(scene, "entries") == 0)
		run_entries(argc > 2);
	else if (strcmp(scene, "capability") == 0)
		run_capability(rounds, argc > 3);
	else if (strcmp(scene, "entry") == 0)
		run_entry();
	else if (strcmp(scene, "race") == 0)
		run_race(rounds, argc > 3);
	else if (strcmp(scene, "flip") == 0)
		run_flip(rounds, argc > 3 ? argv[3] : "");
	else if (strcmp(scene, "deputies") == 0)
		run_deputies(rounds);
	else if (strcmp(scene, "stuck") == 0)
		run_stuck();
	else if (strcmp(scene, "unmapped") == 0)
		run_unmapped();
	else if (strcmp(scene, "fuse") == 0)
		run_fuse(rounds);
	else
		errx(EXIT_FAILURE, "%s: no such scene", scene);
	fflush(stdout);
	/* Not exit(3): a sanitizer looks for leaks there, and by then there may be no /proc for that. */
	_exit(wrongs > 0);
}
