/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_ANNOUNCE_H
#define NSXATTR_REQUEST_ANNOUNCE_H

/*
 * Tells those who watch (request/watch.h) of a request whose outcome is known, before the target has it: as long as the
 * target waits, it can be said which process it is.
 */

#include <sys/types.h>

#include "request/watch.h"

struct client;
struct outcome;
struct reception;
struct request;
struct workspace;

/** announce_request() - of one of the sixteen calls, while client->watch is for its container's owner */
void announce_request(const struct request *request);

/** announce_judgement() - of a call by which a file is executed, likewise. @tid: the target */
void announce_judgement(struct client *client, const struct workspace *workspace,
			const struct reception *reception, pid_t tid,
			const struct outcome *outcome);

#endif
