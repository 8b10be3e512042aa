/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_ASK_H
#define NSXATTR_CLI_ASK_H

/* The questions of commands to nsxattrd (daemon/control_call.h), whose answer the user waits for. */

/* Milliseconds until the answer is there. Policies may be read meanwhile. */
#define ASK_DEADLINE 10000

struct json_object;

/**
 * ask_daemon() - ask, and log what is wrong
 * @control: path of the daemon's control socket
 * @request: a request of daemon/control.h; NULL: there was no memory for it
 * @ret_answer: the caller's to json_object_put(3), a refusal, too; NULL: there is none
 *
 * Return: 0; STATUS_FAILED: there is no answer; STATUS_REFUSED.
 */
int ask_daemon(const char *control, const char *request, struct json_object **ret_answer);

/**
 * ask_daemon_fd() - the same, where a descriptor comes with the answer
 * @ret_fd: the caller's; -1, if it is not 0 that is returned
 *
 * Return: as ask_daemon(); STATUS_FAILED, too, if no descriptor has come.
 */
int ask_daemon_fd(const char *control, const char *request, struct json_object **ret_answer,
		  int *ret_fd);

/**
 * ask_about_container() - a request about one container
 * @word: of the request
 * @container: an id, its beginning, or a name
 *
 * Return: the caller's to free(3); NULL without memory.
 */
char *ask_about_container(const char *word, const char *container);

#endif
