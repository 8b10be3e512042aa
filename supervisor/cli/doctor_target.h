/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_DOCTOR_TARGET_H
#define NSXATTR_CLI_DOCTOR_TARGET_H

/* A process of a container, by what runtimes have written where. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct json_object;

/**
 * doctor_target_find() - the first process of a container
 * @name: its name, or its id
 * @status: of nsxattrd; NULL: not known
 *
 * Return: its number; 0: none is known.
 */
pid_t doctor_target_find(const char *name, struct json_object *status);

/** doctor_target_named() - Return: the container of @status that has this name or id, or an id that begins so; NULL. */
struct json_object *doctor_target_named(struct json_object *status, const char *name);

/**
 * doctor_target_read() - read the beginning of a file of a process
 * @name: of the file, in the process's directory of /proc
 *
 * Return: as text_file_read_start().
 */
ssize_t doctor_target_read(pid_t pid, const char *name, char *text, size_t size);

/** doctor_target_is_ours() - is a process in our own user namespace? Not if this user may not see that. */
bool doctor_target_is_ours(pid_t pid);

/**
 * doctor_target_is_trusted() - are all users of a process root or this user, so that its memory answers?
 * @status: of proc_pid_status(5), where its users are
 */
bool doctor_target_is_trusted(const char *status);

/**
 * doctor_target_is_monitor() - is it LXC's, of the container @name; NULL: of any?
 *
 * What another user's looks like is its program's name alone, which does not say of which container it is.
 */
bool doctor_target_is_monitor(pid_t pid, const char *name);

/**
 * doctor_target_of_state() - the process of a file that a runtime keeps: crun's status, or runc's state.json
 * @text: of the file
 *
 * Return: the process; 0: it says nothing of one.
 */
pid_t doctor_target_of_state(const char *text, size_t length);

#endif
