/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONTROL_CALL_H
#define NSXATTR_DAEMON_CONTROL_CALL_H

/* The other end of the control socket (control.h): one question, one answer. */

/* The longest answer. */
#define CONTROL_ANSWER_MAX (16 << 20)

struct json_object;

/**
 * control_call() - ask the daemon
 * @path: of its control socket
 * @request: a request of control.h
 * @deadline: milliseconds until the answer has to be there
 * @ret_answer: an object, the caller's to json_object_put(3)
 *
 * If the connection is closed without a word, this user has too many of them, or the worker has died: then we ask again,
 * until the deadline.
 *
 * Return: 0; -ENOENT or -ECONNREFUSED: there is no daemon; -EACCES: it is not for us; -ETIMEDOUT; -EBUSY: at
 * the deadline it still answered nothing; -EBADMSG for what is no answer; -ENAMETOOLONG; other -errno.
 */
int control_call(const char *path, const char *request, int deadline,
		 struct json_object **ret_answer);

/**
 * control_call_fd() - the same, where a descriptor may come with the answer
 * @ret_fd: the caller's; -1: none has come
 */
int control_call_fd(const char *path, const char *request, int deadline,
		    struct json_object **ret_answer, int *ret_fd);

/**
 * control_connect() - send a word, and keep the connection for what follows
 * @ret_connection: the caller's, not blocking
 *
 * Return: 0; -errno as control_call().
 */
int control_connect(const char *path, int deadline, const char *request, int *ret_connection);

/** control_refusal() - Return: why the daemon has refused, as long as @answer; NULL: it has not. */
const char *control_refusal(struct json_object *answer);

/** control_call_fault() - Return: what to say about a failure of control_call(), without the path. */
const char *control_call_fault(int error);

#endif
