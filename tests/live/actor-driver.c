/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that does what it is told: reads a command a line, and answers each with a line.
 *
 * The answer is the name of an errno, or what the call returned; for a value or a list that has been
 * read, a space and the bytes (a list with ',' after each name). Words are separated by one space.
 *
 *	CALL OBJECT [NAME [VALUE [FLAG…]]]	one of the sixteen attribute calls; x32-CALL: that of x32
 *
 *		OBJECT	PATH, or @N for descriptor N, or @N:PATH for a path from there; *xattrat
 *			with @N asks about the descriptor itself
 *		VALUE	text; "" for an empty one; xN for N bytes; v2 or v3=ROOT for a file
 *			capability. For get and list: the size of the buffer
 *		FLAG	create, replace, nofollow
 *
 *	as IDENTITY		take on an identity of tests/live/identity.h, for good
 *	uid N, gid N, groups N,N…, fsuid N	the same in detail; all four ids of a kind are set
 *	many-groups N		1 to N
 *	nest MAP [keep]		go on in a user namespace below this one; keep: without becoming the
 *				first id in it. "-" is no map at all
 *	nest-pids		go on as the first process of a new pid namespace with its own /proc
 *	open N PATH [path|nofollow|write|dir]	open a file as descriptor N
 *	cd, chroot, rm, rmdir PATH; mkdir, file, chmod PATH MODE; chown PATH UID GID; symlink TEXT
 *	PATH; bind FROM TO [ro]; mount TYPE PATH; umount PATH; unshare-mount
 *	undumpable; pid
 *	execute PATH [WORD]	in a child: its exit status, or the errno of execve(2)
 *	start PATH [WORD]	the same without waiting for its end: its pid
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/xattr.h>
#include <sched.h>
#include <signal.h>
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
#include <unistd.h>

#include "../lib/fork_alone.h"
#include "count_of.h"
#include "identity.h"
#include "xattr_calls.h"

#define WORDS_MAX 16

struct words {
	char *list[WORDS_MAX];
	unsigned int count;
};

static void answer(long result)
{
	if (result < 0)
		puts(strerrorname_np(errno));
	else
		printf("%ld\n", result);
}

static const char *word(const struct words *words, unsigned int index)
{
	if (index >= words->count)
		errx(EXIT_FAILURE, "word %u of a command is missing", index);
	return words->list[index];
}

static unsigned int number(const struct words *words, unsigned int index, int base)
{
	return (unsigned int)strtoul(word(words, index), NULL, base);
}

static bool has_word(const struct words *words, const char *wanted)
{
	for (unsigned int i = 1; i < words->count; i++)
		if (strcmp(words->list[i], wanted) == 0)
			return true;
	return false;
}

static bool has_number(const struct words *words, unsigned int index)
{
	return index < words->count && words->list[index][0] >= '0' && words->list[index][0] <= '9';
}

/* ---- attribute calls ---- */

static void parse_object(const char *text, struct xattr_call *call)
{
	char *end;

	call->path = text;
	call->fd = AT_FDCWD;
	if (*text != '@')
		return;
	call->fd = (int)strtol(text + 1, &end, 10);
	call->path = *end == ':' ? end + 1 : "";
	if (*end != ':')
		call->at_flags |= AT_EMPTY_PATH;
}

static size_t make_capability(const char *text, unsigned char *value)
{
	bool has_root = text[1] == '3';
	uint32_t root = has_root ? (uint32_t)strtoul(text + 3, NULL, 10) : 0;
	/* CAP_NET_RAW, permitted and effective */
	uint32_t fields[] = { has_root ? 0x03000001U : 0x02000001U, 1U << 13, 0, 0, 0, root };
	size_t size = has_root ? 24 : 20;

	memcpy(value, fields, size);
	return size;
}

static size_t parse_value(const char *text, unsigned char *value)
{
	if (strcmp(text, "\"\"") == 0)
		return 0;
	if (strcmp(text, "v2") == 0 || strncmp(text, "v3=", 3) == 0)
		return make_capability(text, value);
	if (text[0] == 'x' && text[1] >= '0' && text[1] <= '9') {
		size_t size = strtoul(text + 1, NULL, 10);

		memset(value, 'x', size);
		return size;
	}
	memcpy(value, text, strlen(text));
	return strlen(text);
}

static void answer_bytes(long result, const unsigned char *bytes, bool is_list)
{
	printf("%ld ", result);
	for (long i = 0; i < result; i++) {
		if (is_list && bytes[i] == '\0')
			putchar(',');
		else if (bytes[i] > ' ' && bytes[i] < 127)
			putchar(bytes[i]);
		else
			printf("\\x%02x", bytes[i]);
	}
	putchar('\n');
}

static void call(const struct xattr_form *form, const struct words *words)
{
	static unsigned char buffer[70000];
	struct xattr_call made = { .form = form, .value = buffer };
	bool reads = form->verb == XATTR_GET || form->verb == XATTR_LIST;
	unsigned int next = 2;

	parse_object(word(words, 1), &made);
	if (form->verb != XATTR_LIST)
		made.name = word(words, next++);
	if (form->verb == XATTR_SET)
		made.size = parse_value(word(words, next), buffer);
	else if (reads)
		made.size = has_number(words, next) ? number(words, next, 10) : sizeof(buffer);
	if (has_word(words, "create"))
		made.flags |= XATTR_CREATE;
	if (has_word(words, "replace"))
		made.flags |= XATTR_REPLACE;
	if (has_word(words, "nofollow"))
		made.at_flags |= AT_SYMLINK_NOFOLLOW;
	long result = xattr_call_make(&made);

	if (result > 0 && reads && made.size > 0)
		answer_bytes(result, buffer, form->verb == XATTR_LIST);
	else
		answer(result);
}

/* ---- identity ---- */

static void become(const struct words *words)
{
	const struct identity *identity = identity_find(word(words, 1));

	if (!identity)
		errx(EXIT_FAILURE, "%s: no such identity", words->list[1]);
	identity_assume(identity);
	answer(0);
}

static void set_uid(const struct words *words)
{
	uid_t uid = number(words, 1, 10);

	answer(setresuid(uid, uid, uid));
	(void)prctl(PR_SET_DUMPABLE, 1);
}

static void set_gid(const struct words *words)
{
	gid_t gid = number(words, 1, 10);

	answer(setresgid(gid, gid, gid));
	(void)prctl(PR_SET_DUMPABLE, 1);
}

static void set_groups(const struct words *words)
{
	gid_t groups[64];
	size_t count = 0;
	char *at = (char *)(uintptr_t)word(words, 1);

	while (*at && count < COUNT_OF(groups)) {
		groups[count++] = (gid_t)strtoul(at, &at, 10);
		at += *at == ',';
	}
	answer(setgroups(count, groups));
}

/* 1, 2, 3… */
static void set_many_groups(const struct words *words)
{
	static gid_t groups[65536];
	size_t count = number(words, 1, 10);

	for (size_t i = 0; i < count && i < COUNT_OF(groups); i++)
		groups[i] = (gid_t)i + 1;
	answer(setgroups(count, groups));
}

static void set_fsuid(const struct words *words)
{
	setfsuid(number(words, 1, 10));
	(void)prctl(PR_SET_DUMPABLE, 1);
	answer(0);
}

static void make_undumpable(const struct words *words)
{
	(void)words;
	answer(prctl(PR_SET_DUMPABLE, 0));
}

static int write_file(pid_t pid, const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t written = write(fd, text, strlen(text));

	close(fd);
	return written < 0 ? -1 : 0;
}

static void write_maps(pid_t pid, char *map)
{
	for (char *at = map; *at; at++) {
		if (*at == ':')
			*at = ' ';
		if (*at == ',')
			*at = '\n';
	}
	if (write_file(pid, "uid_map", map) < 0 || write_file(pid, "gid_map", map) < 0)
		err(EXIT_FAILURE, "cannot map %s", map);
}

static void settle(const char *map, bool keep)
{
	unsigned int first = (unsigned int)strtoul(map, NULL, 10);

	if (!keep && (setresgid(first, first, first) < 0 || setresuid(first, first, first) < 0))
		err(EXIT_FAILURE, "cannot become %u", first);
	(void)prctl(PR_SET_DUMPABLE, 1);
}

/* The child goes on with the commands; its parent only waits for its end. */
static void nest(const struct words *words)
{
	char *map = (char *)(uintptr_t)word(words, 1);
	bool is_mapped = strcmp(map, "-") != 0;
	int to_parent[2], to_child[2], status;
	char byte = 0;

	if (pipe2(to_parent, O_CLOEXEC) < 0 || pipe2(to_child, O_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe");
	pid_t pid = fork_alone();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0 || write(to_parent[1], &byte, 1) != 1 ||
		    read(to_child[0], &byte, 1) != 1)
			err(EXIT_FAILURE, "cannot make a user namespace");
		if (is_mapped)
			settle(map, has_word(words, "keep"));
		answer(0);
		return;
	}
	/* So that the end of a child that fails is noticed. */
	close(to_parent[1]);
	if (read(to_parent[0], &byte, 1) != 1)
		errx(EXIT_FAILURE, "no user namespace");
	if (is_mapped)
		write_maps(pid, map);
	if (write(to_child[1], &byte, 1) != 1 || waitpid(pid, &status, 0) < 0)
		err(EXIT_FAILURE, "the nested process");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

/* The same for a pid namespace; the first process in it is the child. */
static void nest_pids(const struct words *words)
{
	int status;

	(void)words;
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0) {
		answer(-1);
		return;
	}
	pid_t pid = fork();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid == 0) {
		(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
		answer(mount("proc", "/proc", "proc", 0, NULL));
		return;
	}
	if (waitpid(pid, &status, 0) < 0)
		err(EXIT_FAILURE, "the nested process");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

/* ---- files ---- */

static void open_file(const struct words *words)
{
	int wanted = (int)number(words, 1, 10), flags = O_RDONLY;

	if (has_word(words, "path"))
		flags = O_PATH;
	if (has_word(words, "nofollow"))
		flags = O_PATH | O_NOFOLLOW;
	if (has_word(words, "write"))
		flags = O_WRONLY;
	if (has_word(words, "dir"))
		flags |= O_DIRECTORY;
	int fd = open(word(words, 2), flags | O_NONBLOCK);

	if (fd < 0) {
		answer(fd);
		return;
	}
	answer(dup2(fd, wanted));
	if (fd != wanted)
		close(fd);
}

static void change_directory(const struct words *words)
{
	answer(chdir(word(words, 1)));
}

static void change_root(const struct words *words)
{
	answer(chroot(word(words, 1)));
}

static void remove_file(const struct words *words)
{
	answer(unlink(word(words, 1)));
}

static void remove_directory(const struct words *words)
{
	answer(rmdir(word(words, 1)));
}

static void make_directory(const struct words *words)
{
	answer(mkdir(word(words, 1), number(words, 2, 8)));
}

static void make_file(const struct words *words)
{
	int fd = open(word(words, 1), O_WRONLY | O_CREAT | O_EXCL, number(words, 2, 8));

	answer(fd < 0 ? -1 : 0);
	if (fd >= 0)
		close(fd);
}

static void make_symlink(const struct words *words)
{
	answer(symlink(word(words, 1), word(words, 2)));
}

static void change_mode(const struct words *words)
{
	answer(chmod(word(words, 1), number(words, 2, 8)));
}

static void change_owner(const struct words *words)
{
	answer(lchown(word(words, 1), number(words, 2, 10), number(words, 3, 10)));
}

static void bind_mount(const struct words *words)
{
	const char *to = word(words, 2);
	int r = mount(word(words, 1), to, NULL, MS_BIND | MS_REC, NULL);

	if (r == 0 && has_word(words, "ro"))
		r = mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
	answer(r);
}

static void mount_type(const struct words *words)
{
	answer(mount("none", word(words, 2), word(words, 1), 0, NULL));
}

/* Not lazily: what is in use stays. */
static void unmount(const struct words *words)
{
	answer(umount2(word(words, 1), 0));
}

static void leave_mounts(const struct words *words)
{
	(void)words;
	answer(unshare(CLONE_NEWNS));
}

static void tell_pid(const struct words *words)
{
	(void)words;
	answer(getpid());
}

/* As after vfork(2), so that the errno comes to us. */
static pid_t start_child(const struct words *words, int *ret_error)
{
	char *argv[] = { words->list[1], words->count > 2 ? words->list[2] : NULL, NULL };
	volatile int error = 0;
	pid_t pid = vfork();

	if (pid == 0) {
		execve(word(words, 1), argv, environ);
		error = errno;
		_exit(127);
	}
	if (pid > 0 && error != 0)
		(void)waitpid(pid, NULL, 0);
	*ret_error = error;
	return pid;
}

static void execute_child(const struct words *words)
{
	int error, status = 0;
	pid_t pid = start_child(words, &error);

	errno = error;
	if (error != 0 || waitpid(pid, &status, 0) < 0)
		answer(-1);
	else
		answer(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* A child of this one makes it, for it may wait in its execve(2). */
static void begin_child(const struct words *words)
{
	char *argv[] = { words->list[1], words->count > 2 ? words->list[2] : NULL, NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execve(word(words, 1), argv, environ);
		_exit(127);
	}
	answer(pid);
}

/* ---- commands ---- */

static const struct command {
	const char *name;
	void (*execute)(const struct words *words);
} commands[] = {
	{ "as", become },
	{ "uid", set_uid },
	{ "gid", set_gid },
	{ "groups", set_groups },
	{ "many-groups", set_many_groups },
	{ "fsuid", set_fsuid },
	{ "undumpable", make_undumpable },
	{ "nest", nest },
	{ "nest-pids", nest_pids },
	{ "open", open_file },
	{ "cd", change_directory },
	{ "chroot", change_root },
	{ "rm", remove_file },
	{ "rmdir", remove_directory },
	{ "mkdir", make_directory },
	{ "file", make_file },
	{ "symlink", make_symlink },
	{ "chmod", change_mode },
	{ "chown", change_owner },
	{ "bind", bind_mount },
	{ "mount", mount_type },
	{ "umount", unmount },
	{ "unshare-mount", leave_mounts },
	{ "pid", tell_pid },
	{ "execute", execute_child },
	{ "start", begin_child },
};

/* x32 has the numbers of x86-64 for these calls, with a bit that marks it. */
#define X32_PREFIX "x32-"
#define X32_BIT 0x40000000

static bool call_by_name(const struct words *words)
{
	const char *name = word(words, 0);
	bool is_x32 = strncmp(name, X32_PREFIX, strlen(X32_PREFIX)) == 0;
	const struct xattr_form *found = xattr_form_find(name + (is_x32 ? strlen(X32_PREFIX) : 0));

	if (!found)
		return false;
	struct xattr_form form = *found;

	form.number |= is_x32 ? X32_BIT : 0;
	call(&form, words);
	return true;
}

static void execute(const struct words *words)
{
	if (call_by_name(words))
		return;
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		if (strcmp(commands[i].name, words->list[0]) != 0)
			continue;
		commands[i].execute(words);
		return;
	}
	errx(EXIT_FAILURE, "%s: no such command", words->list[0]);
}

static struct words split(char *line)
{
	struct words words = { 0 };
	char *state = NULL;

	line[strcspn(line, "\n")] = '\0';
	for (char *at = strtok_r(line, " ", &state); at; at = strtok_r(NULL, " ", &state)) {
		if (words.count == WORDS_MAX)
			errx(EXIT_FAILURE, "too many words");
		words.list[words.count++] = at;
	}
	return words;
}

int main(void)
{
	static char line[80000];

	umask(0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		struct words words = split(line);

		execute(&words);
		fflush(stdout);
	}
	/* Not exit(3): a sanitizer looks for leaks there, and by then there may be no /proc for that. */
	_exit(EXIT_SUCCESS);
}
