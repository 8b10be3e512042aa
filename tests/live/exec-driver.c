/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec-driver HOW ARGUMENT…: executes a file in one of many ways. It says "ran" if a copy of it, or a script of it, is
 * what is executed, or the errno with which that fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count_of.h"
#include "ways.h"

static int fail(void)
{
	printf("%s\n", strerrorname_np(errno));
	return 0;
}

static int must(int result, const char *what)
{
	if (result >= 0)
		return result;
	perror(what);
	exit(1);
}

static char **words_for(char *path)
{
	static char *words[3];

	words[0] = path;
	words[1] = "ran";
	return words;
}

static int execute(char *path)
{
	execve(path, words_for(path), environ);
	return fail();
}

static int execute_at(int directory, char *path, int flags)
{
	syscall(SYS_execveat, directory, path, words_for(path), environ, flags);
	return fail();
}

static int by_path(char **arguments)
{
	return execute(arguments[0]);
}

static int by_descriptor(char **arguments)
{
	int fd = must(open(arguments[0], O_PATH), arguments[0]);

	return execute_at(fd, "", AT_EMPTY_PATH);
}

static int by_directory(char **arguments)
{
	int fd = must(open(arguments[0], O_PATH | O_DIRECTORY), arguments[0]);

	return execute_at(fd, arguments[1], 0);
}

static int by_link_itself(char **arguments)
{
	return execute_at(AT_FDCWD, arguments[0], AT_SYMLINK_NOFOLLOW);
}

static int by_procfs(char **arguments)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d",
		 must(open(arguments[0], O_PATH), arguments[0]));
	return execute(path);
}

static void copy(const char *from, int to)
{
	int fd = must(open(from, O_RDONLY | O_CLOEXEC), from);
	struct stat stat;

	must(fstat(fd, &stat), from);
	while (stat.st_size > 0)
		stat.st_size -= must((int)sendfile(to, fd, NULL, (size_t)stat.st_size), from);
}

static int reopened(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int reader = must(open(path, O_RDONLY), path);

	close(fd);
	return reader;
}

static int by_memory(char **arguments)
{
	int fd = must(memfd_create("memory", 0), "memfd");

	copy(arguments[0], fd);
	return execute_at(reopened(fd), "", AT_EMPTY_PATH);
}

static int by_deleted_file(char **arguments)
{
	int fd = must(open(arguments[1], O_RDWR | O_CREAT | O_EXCL, 0755), arguments[1]);

	copy(arguments[0], fd);
	unlink(arguments[1]);
	return execute_at(reopened(fd), "", AT_EMPTY_PATH);
}

static int in_root(char **arguments)
{
	must(chroot(arguments[0]), "chroot");
	must(chdir("/"), "chdir");
	return execute(arguments[1]);
}

static int in_directory(char **arguments)
{
	must(chdir(arguments[0]), arguments[0]);
	return execute(arguments[1]);
}

static int with_writer(char **arguments)
{
	must(open(arguments[0], O_WRONLY), arguments[0]);
	return execute(arguments[0]);
}

static int with_much(char **arguments)
{
	size_t size = 8UL << 20;
	char *text = malloc(size);
	char *words[] = { arguments[0], text, NULL };

	memset(text, 'a', size - 1);
	text[size - 1] = '\0';
	execve(arguments[0], words, environ);
	return fail();
}

static int without_path(char **arguments)
{
	(void)arguments;
	syscall(SYS_execve, 8L, NULL, NULL);
	return fail();
}

static int by_map(char **arguments)
{
	int fd = must(open(arguments[0], O_RDONLY), arguments[0]);

	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return fail();
	printf("ran\n");
	return 0;
}

static int status_of(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int by_spawn(char **arguments)
{
	pid_t pid;
	int error = posix_spawn(&pid, arguments[0], NULL, NULL, words_for(arguments[0]), environ);

	errno = error;
	return error ? fail() : status_of(pid);
}

static int by_vfork(char **arguments)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(arguments[0], words_for(arguments[0]), environ);
		_exit(127);
	}
	int status = status_of(must(pid, "vfork"));

	errno = ECHILD;
	return status == 127 ? fail() : status;
}

static void *execute_it(void *argument)
{
	execute(argument);
	return NULL;
}

static int by_thread(char **arguments)
{
	pthread_t thread;

	must(-pthread_create(&thread, NULL, execute_it, arguments[0]), "thread");
	pthread_join(thread, NULL);
	return 0;
}

/* One after the other, and how many ran. */
static int often(char **arguments)
{
	long count = strtol(arguments[1], NULL, 10), ran = 0;

	for (long i = 0; i < count; i++) {
		char *words[] = { arguments[0], "quietly", NULL };
		pid_t pid;

		ran += posix_spawn(&pid, arguments[0], NULL, NULL, words, environ) == 0 &&
		       status_of(pid) == 0;
	}
	printf("%ld\n", ran);
	return 0;
}

static int quietly(char **arguments)
{
	(void)arguments;
	return 0;
}

static int ran(char **arguments)
{
	(void)arguments;
	printf("ran\n");
	return 0;
}

static const struct way ways[] = {
	{ "ran", ran, 0 },
	{ "quietly", quietly, 0 },
	{ "path", by_path, 1 },
	{ "descriptor", by_descriptor, 1 },
	{ "directory", by_directory, 2 },
	{ "link-itself", by_link_itself, 1 },
	{ "procfs", by_procfs, 1 },
	{ "memory", by_memory, 1 },
	{ "deleted", by_deleted_file, 2 },
	{ "root", in_root, 2 },
	{ "in", in_directory, 2 },
	{ "writer", with_writer, 1 },
	{ "much", with_much, 1 },
	{ "no-path", without_path, 0 },
	{ "map", by_map, 1 },
	{ "spawn", by_spawn, 1 },
	{ "vfork", by_vfork, 1 },
	{ "thread", by_thread, 1 },
	{ "often", often, 2 },
};

int main(int argc, char **argv)
{
	return way_run(ways, COUNT_OF(ways), argc, argv);
}
