/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_REQUEST_H
#define NSXATTR_REQUEST_REQUEST_H

/* One request's way, from the notification to what the target will see: the list of request/stages.h. */

#include "access.h"
#include "request/client.h"
#include "request/reception.h"

struct workspace;

/**
 * request_run() - walk a request through its stages
 * @workspace: of this thread
 * @client: whose request it is
 * @reception: the notification; where a dead worker has begun its change, that is replayed (request/replay.h)
 *
 * Return: what the target will see. It never fails: what fails on our side is EPERM for the target.
 */
struct outcome request_run(struct workspace *workspace, struct client *client,
			   struct reception *reception);

#endif
