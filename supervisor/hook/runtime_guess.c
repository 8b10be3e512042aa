/* SPDX-License-Identifier: Apache-2.0 */
/*
 * podman takes the runtime of its option --runtime, else that of containers.conf, else crun if it is
 * installed. containers.conf is not read here: a user who sets a runtime there sets it for the hook, too.
 */
#include "hook/runtime_guess.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "count_of.h"

#define COMMAND_LINE_MAX 8192

static enum oci_runtime runtime_called(const char *path)
{
	return strcmp(path_last(path), "crun") == 0 ? OCI_RUNTIME_CRUN : OCI_RUNTIME_RUNC;
}

enum oci_runtime runtime_named(const char *line, size_t length)
{
	static const char option[] = "--runtime";
	bool is_next = false;

	for (size_t at = 0; at < length; at += strnlen(line + at, length - at) + 1) {
		const char *word = line + at;

		if (!memchr(word, '\0', length - at))
			break; /* cut off */
		if (is_next)
			return runtime_called(word);
		is_next = strcmp(word, option) == 0;
		if (strncmp(word, option, strlen(option)) == 0 && word[strlen(option)] == '=')
			return runtime_called(word + sizeof(option));
	}
	return OCI_RUNTIME_UNKNOWN;
}

static enum oci_runtime runtime_of_parent(void)
{
	char path[64], line[COMMAND_LINE_MAX];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)getppid());
	_cleanup_fd_ int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? -1 : read(file, line, sizeof(line));

	return length > 0 ? runtime_named(line, (size_t)length) : OCI_RUNTIME_UNKNOWN;
}

enum oci_runtime runtime_guess(void)
{
	/* containers.conf(5), the default of engine.runtimes.crun */
	static const char *const paths[] = { "/usr/bin/crun",	    "/usr/sbin/crun",
					     "/usr/local/bin/crun", "/usr/local/sbin/crun",
					     "/sbin/crun",	    "/bin/crun" };
	enum oci_runtime named = runtime_of_parent();

	for (size_t i = 0; named == OCI_RUNTIME_UNKNOWN && i < COUNT_OF(paths); i++)
		if (access(paths[i], X_OK) == 0)
			named = OCI_RUNTIME_CRUN;
	return named == OCI_RUNTIME_UNKNOWN ? OCI_RUNTIME_RUNC : named;
}
