/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONTROL_H
#define NSXATTR_DAEMON_CONTROL_H

/*
 * The control socket: SOCK_STREAM, one request a connection. A request is a word, for some words a blank and an object,
 * and a newline; the answer is one JSON object and a newline, and then the end. An object with the member "error", a
 * sentence, is a refusal.
 *
 *	ping		{"pong": true}					all users
 *	status		status_json_new()				all users, of their own containers
 *	may-use {...}	may_use_json_new()				all users, for their own containers
 *	measurements {...}
 *			list_json_new(), and a descriptor with the	all users, of their own containers
 *			first byte
 *	watch		watches_json_new(), and a descriptor with the	all users, of their own containers
 *			first byte
 *	policy {...}	policy_request_json_new()			all users, of their own containers
 *	reload		reload_json_new()				root
 *	upgrade		the connection is used for that (handover.h)	root
 *
 * A connection is in one of these states, and is closed when its deadline passes:
 *
 *	reading		a request is awaited; not answered yet
 *	writing		the answer is being sent; what the peer sends is not read any more
 *	closing		its place is taken until it is closed (base/closer.h)
 *
 * The places of connections, and who has how many, are those of daemon/acceptor.h.
 */

#include <stddef.h>
#include <sys/types.h>

#define CONTROL_CONNECTIONS_MAX 32
#define CONTROL_CONNECTIONS_PER_USER_MAX 8
#define CONTROL_CONNECTIONS_OF_USERS_MAX 24 /* of all but root */
/* Bytes of a request: of a container there are annotations. */
#define CONTROL_REQUEST_MAX (256 << 10)
/* Milliseconds from the accept to the last byte of the answer. */
#define CONTROL_DEADLINE 5000

struct acceptor;
struct json_object;

/** struct control_answers - what makes the answers; each is a new object, NULL without memory */
struct control_answers {
	struct json_object *(*status)(void *context, uid_t user);
	struct json_object *(*may_use)(void *context, uid_t user, const char *question);
	/* @ret_fd: a descriptor that goes along, the connection's; -1: none */
	struct json_object *(*measurements)(void *context, uid_t user, const char *question,
					    int *ret_fd);
	struct json_object *(*watch)(void *context, uid_t user, int *ret_fd); /* likewise */
	struct json_object *(*policy)(void *context, uid_t user, const char *question);
	struct json_object *(*reload)(void *context);
	/* @connection is the callee's. NULL: a service manager does it, and the answer is a refusal. */
	void (*upgrade)(void *context, int connection);
	void *context;
	unsigned int deadline; /* milliseconds; 0: CONTROL_DEADLINE */
};

struct control;

/**
 * control_new() - serve a control socket
 * @acceptor: of the socket, without its calls and connections; copied
 * @answers: copied
 * @ret_control: what serves it; control_free() it
 *
 * Return: 0; -errno.
 */
int control_new(const struct acceptor *acceptor, const struct control_answers *answers,
		struct control **ret_control);

/** control_free() - when the loop is over, and the closer has ended; NULL is accepted */
void control_free(struct control *control);

#endif
