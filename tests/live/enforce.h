/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_LIVE_ENFORCE_H
#define NSXATTR_TESTS_LIVE_ENFORCE_H

/*
 * What the drivers have in common that try 'mode: enforce': how they execute and say what came of it, and programs that end
 * with 0 ("good", which is signed) or with BAD. These differ in one byte, which lies behind MARK.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define BAD 77
#define MARK "the-answer-is:"
#define SIGNATURE "security.ima"

/** must() - end the driver unless @result is 0 or more. Return: the result */
static inline int must(long result, const char *what)
{
	if (result >= 0)
		return (int)result;
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/** status_of() - of a child that ends. Return: its exit status, or 128 and the number of the signal that ended it */
static inline int status_of(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/** execute_apart() - Return: as status_of(), or the errno of execve(2) */
static inline int execute_apart(const char *path)
{
	char *words[] = { (char *)path, "quietly", NULL };
	pid_t pid = must(vfork(), "vfork");

	if (pid == 0) {
		execve(path, words, environ);
		_exit(errno);
	}
	return status_of(pid);
}

/** say() - print whether it is done: "ran", or errno by its name. Return: 0, for an exit status */
static inline int say(bool is_done)
{
	printf("%s\n", is_done ? "ran" : strerrorname_np(errno));
	return 0;
}

/** execute_here() - in place of this process. Return: when it fails, as say(), which has said so */
static inline int execute_here(const char *path)
{
	char *words[] = { (char *)path, "ran", NULL };

	execve(path, words, environ);
	return say(false);
}

/** pause_shortly() - often very short, now and then 2 ms: one who executes meanwhile needs a moment, too */
static inline void pause_shortly(void)
{
	static unsigned int seed = 1;
	long longest = 2000000 >> rand_r(&seed) % 12;
	const struct timespec moment = { 0, rand_r(&seed) % longest };

	nanosleep(&moment, NULL);
}

/** copy() - the content, mode 0755 */
static inline void copy(const char *from, const char *to)
{
	int in = must(open(from, O_RDONLY | O_CLOEXEC), from);
	int out = must(open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755), to);
	struct stat status;

	must(fstat(in, &status), from);
	while (status.st_size > 0)
		status.st_size -= must(sendfile(out, in, NULL, (size_t)status.st_size), to);
	close(in);
	close(out);
}

/** copy_signed() - and the signature, if there is one */
static inline void copy_signed(const char *from, const char *to)
{
	char value[4096];
	ssize_t length = getxattr(from, SIGNATURE, value, sizeof(value));

	copy(from, to);
	if (length > 0)
		must(setxattr(to, SIGNATURE, value, (size_t)length, 0), to);
}

/** find_answer() - the place of the byte behind MARK */
static inline off_t find_answer(const char *path)
{
	static char bytes[1 << 20];
	int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
	ssize_t length = must(read(fd, bytes, sizeof(bytes)), path);
	const char *found = memmem(bytes, (size_t)length, MARK, strlen(MARK));

	close(fd);
	return found ? found - bytes + (off_t)strlen(MARK) : must(-1, MARK);
}

#endif
