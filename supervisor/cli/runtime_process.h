/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_RUNTIME_PROCESS_H
#define NSXATTR_CLI_RUNTIME_PROCESS_H

/* A process of a container, by what runtimes have written where. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * runtime_process_find() - the first process of a container
 * @name: its name as podman has it, or its id, or its name as LXC has it
 *
 * Return: its number; 0: none is known.
 */
pid_t runtime_process_find(const char *name);

/**
 * runtime_process_is_trusted() - are all users of a process root or this user, so that its memory answers?
 * @status: of proc_pid_status(5), where its users are
 */
bool runtime_process_is_trusted(const char *status);

/**
 * runtime_process_is_monitor() - is it LXC's, of the container @name; NULL: of any?
 *
 * What another user's looks like is its program's name alone, which does not say of which container it is.
 */
bool runtime_process_is_monitor(pid_t pid, const char *name);

/**
 * runtime_process_of_state() - the process of a file that a runtime keeps: crun's status, or runc's state.json
 * @text: of the file
 *
 * Return: the process; 0: it says nothing of one.
 */
pid_t runtime_process_of_state(const char *text, size_t length);

#endif
