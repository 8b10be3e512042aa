/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_REQUEST_H
#define NSXATTR_REQUEST_REQUEST_H

/* One request's way, from the notification to what the target will see: the list of request/stages.h. */

#include "access.h"
#include "request/client.h"
#include "request/reception.h"

struct waiting;
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

enum request_progress {
	REQUEST_ENDED,
	REQUEST_WAITS, /* awaited_enqueue() must follow; when the answer is there, it is walked again */
	REQUEST_WANTS_THREAD, /* awaited_go_on_alone(), and it is walked again: on the thread that walks it now, if it was the first time */
};

/**
 * request_walk() - the same without waiting for a file system, as far as that is possible
 * @waiting: the request; zeroes, its reception and awaited_init() at first
 * @ret_outcome: with REQUEST_ENDED: what the target will see
 *
 * Each walk but the first begins with the question who the target is. So nothing that was concluded before a wait
 * counts after it, but for what was read of the target's memory, and which inode the path has led to.
 */
enum request_progress request_walk(struct workspace *workspace, struct client *client,
				   struct waiting *waiting, struct outcome *ret_outcome);

#endif
