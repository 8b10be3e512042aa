/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_ANNOUNCE_H
#define NSXATTR_REQUEST_ANNOUNCE_H

/*
 * Tells those who watch (request/watch.h) of a request whose outcome is known, before the target has it: as long as the
 * target waits, it can be said which process it is.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "name.h"
#include "request/watch.h"

struct client;
struct outcome;
struct reception;
struct request;
struct workspace;

/** announce_request() - of one of the sixteen calls, while client->watch is for its container's owner */
void announce_request(const struct request *request);

/** struct announced_file - the file of a call by which one is executed; zeroes: it is not known */
struct announced_file {
	char path[NAME_SIZE];
	bool is_cut; /* it is the end of a longer one */
};

/** announced_file_note() - it is this one */
void announced_file_note(struct announced_file *file, const char *path);

/** announce_judgement() - of a call by which a file is executed, likewise. @tid: the target */
void announce_judgement(struct client *client, const struct workspace *workspace,
			const struct reception *reception, pid_t tid,
			const struct announced_file *file, const struct outcome *outcome);

#endif
