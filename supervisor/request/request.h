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
 *   take turn	changes to one inode come one after another	exec/changes.c
 *   execute	the operation on the stored names		exec/store.c
 *   deliver	value or list into the target's memory		memory.c
 *
 * request_run() alone calls the stages. The outcome is EPERM from birth until a stage earns a better
 * one. After resolve the notification is checked: all that was read until then was the target's.
 * A change then waits for its turn at the inode; where it had to wait, it is asked again whether the
 * target still does, and may.
 */

#include <linux/seccomp.h>

#include "access.h"
#include "base/share.h"
#include "exec/changes.h"
#include "exec/effect.h"
#include "exec/standin.h"
#include "request/orphan.h"
#include "request/remedy.h"

struct policy;
struct helpers;
struct labelling;
struct probe;
struct witness;
struct workspace;

/**
 * struct slot - one notification, and how far it has come
 *
 * It lies where it outlives the process (keep/journal.h): the next one goes on with what is in
 * @notification, from where @effect says. So nothing in it is a pointer.
 */
struct slot {
	struct seccomp_notif notification; /* id 0: nothing was received */
	int source; /* a descriptor, by which the engine knows the source again */
	int listener; /* knows whether the target still waits; borrowed; -1: none */
	struct effect effect;
	/* For a source whose sender gives up some day, and takes what comes then for another answer: */
	uint64_t received_at; /* CLOCK_MONOTONIC, milliseconds */
	atomic_bool is_answered; /* or about to be */
};

/** struct reception - a notification in the hands of this process, and what only this process knows of it */
struct reception {
	struct slot *slot;
	const struct witness *witness; /* has to agree, or there is no listener; NULL: none */
	void *place; /* the source's own */
	/* The request is about to wait for another target, whose own call may come next; NULL: it matters not. */
	void (*wait_begins)(void *server);
	void *server;
	struct change change;
};

/** struct client - the container that requests come from; for several threads at once */
struct client {
	const struct policy *policy; /* outlives the client */
	bool is_transparent; /* of the policy */
	bool is_strict; /* of the policy: nothing is answered with CONTINUE */
	bool hides_names; /* of the policy */
	bool is_queued; /* the sender of its requests waits for each answer before it sends the next */
	bool is_alone; /* nobody goes on with its requests when we die */
	struct share_holder holder; /* the same for all clients of a container */
	uint64_t log_source; /* of lines that are about it: each of its listeners is a client */
	struct remedies remedies;
	struct orphans orphans;
	atomic_bool is_label_told; /* that labels keep it from being served */
};

/** client_init() - a container with this policy; nothing is to be undone */
void client_init(struct client *client, const struct policy *policy);

/** struct workspace_config - what the workspaces of an engine share; all that is pointed to is borrowed */
struct workspace_config {
	int procfs; /* of proc_open() */
	enum standin_kind standins;
	const struct probe *probe; /* tells who a target is; NULL: /proc does */
	const struct labelling
		*labelling; /* whether the kernel labels processes; NULL: it does not */
	struct changes *changes; /* under way in all workspaces */
	struct helpers *helpers; /* of all workspaces */
	bool is_guarded; /* the kernel checks who changes security.*, as guard_find() says */
};

/**
 * workspace_new() - what the requests of one thread share: caches, stand-ins, buffers
 * @ret_workspace: the caller's, for one thread
 *
 * Return: 0; -errno, a message has been logged.
 */
int workspace_new(const struct workspace_config *config, struct workspace **ret_workspace);

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
 * @reception: the notification; if its effect was begun, by a process that has died, it is gone on with
 *
 * Return: what the target will see. It never fails: what fails on our side is EPERM for the target.
 */
struct outcome request_run(struct workspace *workspace, struct client *client,
			   struct reception *reception);

/**
 * request_hold() - before anything is served: have a change of a dead process keep its inode
 *
 * request_run() lets go of it, or request_abandon(). It never waits: two changes to one inode are never under way.
 */
void request_hold(struct changes *changes, const struct client *client,
		  struct reception *reception);

/** request_abandon() - nobody waits for a request that was taken over: its inode is held until its change is over */
void request_abandon(struct workspace *workspace, struct client *client,
		     struct reception *reception);

/** request_drop() - a request that nobody will go on with, and that holds nothing */
void request_drop(struct slot *slot);

#endif
