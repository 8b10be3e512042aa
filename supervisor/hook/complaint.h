/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_COMPLAINT_H
#define NSXATTR_HOOK_COMPLAINT_H

/*
 * What a hook tells the user who starts a container. It goes to standard error, which some runtimes do not show, and
 * to the system's log. podman gives its hooks /dev/null for standard error: then it goes to podman's own. A failure is
 * also kept, for 'nsxattr status' and 'nsxattr doctor' (refused_starts.h).
 */

#include <stdbool.h>

struct runtime_log;

/** tell_of_container() - why it does not start, or what is wrong with it; @container: NULL: it is not known */
void tell_of_container(bool is_failure, const char *container, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * tell_runtime_of_container() - the same for one who stands for the container's runtime
 * @log: where the runtime's caller reads; NULL: it is a hook that tells, as tell_of_container()
 *
 * A warning goes to the system's log alone: standard error is the container's there, and podman takes all that is in the
 * file for the reason of a failure. A failure goes to the file; if there is none, to our parent's standard error.
 */
void tell_runtime_of_container(const struct runtime_log *log, bool is_failure,
			       const char *container, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** tell_runtime() - a failure that is of no container: to standard error, and to the log if that has a path */
void tell_runtime(const struct runtime_log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define complain_of_container(...) tell_of_container(true, __VA_ARGS__)
#define warn_of_container(...) tell_of_container(false, __VA_ARGS__)

#endif
