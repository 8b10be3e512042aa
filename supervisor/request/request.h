/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_REQUEST_H
#define NSXATTR_REQUEST_REQUEST_H

/*
 * One request's way, from the notification to what the target will see:
 *
 *   decode	which call, which arguments			syscalls.c decode.c
 *   read	name, path and value from its memory, once	memory.c
 *   identify	user namespace and credential			target.c userns.c
 *   decide	what the policy says of the name		policy/access.c
 *   resolve	the inode, pinned				resolve.c walk.c
 *   authorize	may the subject do it				policy/access.c
 *   execute	the operation on the stored names		exec/store.c
 *   deliver	value or list into the target's memory		memory.c
 *
 * request_run() alone calls the stages. The outcome is EPERM from birth until a stage earns a better
 * one. After resolve the notification is checked: all that was read until then was the target's.
 */

#include <linux/seccomp.h>

#include "access.h"
#include "exec/standin.h"
#include "request/remedy.h"

struct policy;
struct probe;
struct witness;
struct workspace;

/** struct received - one notification */
struct received {
	struct seccomp_notif notification;
	int listener; /* knows whether the target still waits; borrowed; -1: none */
	const struct witness *witness; /* has to agree, or there is no listener; NULL: none */
	void *place; /* the source's own */
};

/** struct client - the container that requests come from; for several threads at once */
struct client {
	const struct policy *policy; /* outlives the client */
	bool is_transparent; /* of the policy */
	bool is_strict; /* of the policy: nothing is answered with CONTINUE */
	struct remedies remedies;
};

/** client_init() - a container with this policy; nothing is to be undone */
void client_init(struct client *client, const struct policy *policy);

/**
 * workspace_new() - what the requests of one thread share: caches, stand-ins, buffers
 * @procfs: of proc_open(), borrowed
 * @kind: of its stand-ins
 * @probe: tells who a target is, borrowed; NULL: /proc does
 * @ret_workspace: the caller's, for one thread
 *
 * Return: 0; -errno, a message has been logged.
 */
int workspace_new(int procfs, enum standin_kind kind, const struct probe *probe,
		  struct workspace **ret_workspace);

/**
 * workspace_forget() - let go of all that was learnt of targets
 *
 * It is kept for speed only, and what targets make us keep has an end.
 */
void workspace_forget(struct workspace *workspace);

/** workspace_free() - NULL is accepted. */
void workspace_free(struct workspace *workspace);

/**
 * request_run() - walk a request through its stages
 * @workspace: of this thread
 * @client: whose request it is
 * @received: the notification
 *
 * Return: what the target will see. It never fails: what fails on our side is EPERM for the target.
 */
struct outcome request_run(struct workspace *workspace, struct client *client,
			   const struct received *received);

#endif
