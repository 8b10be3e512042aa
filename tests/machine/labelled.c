/* SPDX-License-Identifier: Apache-2.0 */
/*
 * labelled OUT CALL...: wait until SELinux enforces, make calls, and write into OUT how each ended
 *
 * A call is three words, "CALL PATH NAME": get, lget, set, remove, list (whose NAME is not used), fget, which opens
 * the file first, or relabel, whose NAME is the label that the file is to have. A line is "CALL PATH NAME: ERROR", with "done" for no error.
 *
 * It is started while SELinux does not enforce, as a domain that could not be entered otherwise. OUT is open by then,
 * and says "ready" as its first line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define VALUE "mine"

static bool is_enforcing(void)
{
	char setting = '0';
	int fd = open("/sys/fs/selinux/enforce", O_RDONLY);
	bool is_read = fd >= 0 && read(fd, &setting, 1) == 1;

	if (fd >= 0)
		close(fd);
	return is_read && setting == '1';
}

static long get_opened(const char *path, const char *name, char *value, size_t size)
{
	int fd = open(path, O_RDONLY);
	long r = fd < 0 ? -1 : fgetxattr(fd, name, value, size);

	if (fd >= 0)
		close(fd);
	return r;
}

static long call(const char *kind, const char *path, const char *name)
{
	char value[4096];

	if (strcmp(kind, "get") == 0)
		return getxattr(path, name, value, sizeof(value));
	if (strcmp(kind, "lget") == 0)
		return lgetxattr(path, name, value, sizeof(value));
	if (strcmp(kind, "fget") == 0)
		return get_opened(path, name, value, sizeof(value));
	if (strcmp(kind, "set") == 0)
		return setxattr(path, name, VALUE, strlen(VALUE), 0);
	if (strcmp(kind, "relabel") == 0)
		return setxattr(path, "security.selinux", name, strlen(name) + 1, 0);
	if (strcmp(kind, "remove") == 0)
		return removexattr(path, name);
	return listxattr(path, value, sizeof(value));
}

int main(int count, char **words)
{
	FILE *out = count > 1 ? fopen(words[1], "a") : NULL;

	if (!out)
		return 1;
	fprintf(out, "ready\n");
	fflush(out);
	while (!is_enforcing())
		poll(NULL, 0, 50);
	for (int i = 2; i + 2 < count; i += 3) {
		long r = call(words[i], words[i + 1], words[i + 2]);

		fprintf(out, "%s %s %s: %s\n", words[i], words[i + 1], words[i + 2],
			r < 0 ? strerrorname_np(errno) : "done");
	}
	return fclose(out) == 0 ? 0 : 1;
}
