/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_STAGE_H
#define NSXATTR_REQUEST_STAGE_H

/*
 * What the stages of a request (request/stages.h) share, and those of a judgement (judge/stages.h), which begins with who
 * calls, and about which inode, too. No other file includes it.
 */

#include <stdbool.h>

#include "access.h"
#include "exec/inode.h"
#include "exec/label.h"
#include "exec/store.h"
#include "naming.h"
#include "request/client.h"
#include "request/decode.h"
#include "request/reception.h"
#include "request/stages.h"
#include "request/target.h"
#include "request/workspace.h"

/** struct request - one under way; each stage fills in what the next ones need */
struct request {
	struct workspace *workspace;
	struct client *client;
	struct reception *reception;
	struct slot *slot; /* the reception's */
	struct call call;
	bool has_path; /* it was read */
	bool has_value; /* likewise */
	bool is_replayed; /* a dead worker has made the change: nothing was read */
	bool is_native; /* the change was made as the target made the call */
	struct target *target;
	struct userns *userns;
	struct naming naming;
	struct label_view label; /* without labels: the target has the same as we have */
	struct subject subject;
	struct decision decision;
	struct pinned inode;
	struct performer performer; /* of calls on it */
	struct inode_stat stat; /* of a change; of others only the mount */
	bool is_foreign; /* of a change: the file system refuses us, and so the change is the kernel's */
	const char *bytes; /* of a get or list: what goes to the target */
	struct awaited *awaited; /* without a thread to wait: what it waits for; NULL: it has one */
	int late_error; /* of the arguments, when the inode has been found; 0: none */
	struct outcome outcome;
	enum reason performers_reason; /* the performer's */
	bool ran_out; /* of descriptors */
};

/**
 * stage_begin() - a request of which nothing is known yet
 * @awaited: as in struct request
 */
void stage_begin(struct request *request, struct workspace *workspace, struct client *client,
		 struct reception *reception, struct awaited *awaited);

/**
 * stage_identify() - who the thread call.tid is: target, userns, naming and subject
 *
 * Return: 0; -errno.
 */
int stage_identify(struct request *request, enum identity_extent extent);

/**
 * stage_pin() - the inode that the call is about, as the target would find it
 *
 * The call says where to search, workspace->path is the path, if it has one.
 *
 * Return: as resolve_path().
 */
int stage_pin(struct request *request);

/**
 * stage_get_shown() - the value that the target's view shows of the inode
 * @value: where it goes, @size bytes
 *
 * Return: its length; -ENODATA: it shows none; -errno.
 */
ssize_t stage_get_shown(struct request *request, const char *name, void *value, size_t size);

/** stage_end() - this is what the target will see. Return: false. */
bool stage_end(struct request *request, struct outcome outcome);

/**
 * stage_go_on() - what a function below the stages has returned
 * @result: its result; our own failure leaves the error of the outcome as it was born
 * @reason: of an errno for the target
 * @what: what it was to do, for the log
 *
 * Return: as a stage.
 */
bool stage_go_on(struct request *request, int result, enum reason reason, const char *what);

/**
 * stage_may_continue() - may the kernel answer the call as it was made, whatever another thread makes of it?
 *
 * Not a change, where the kernel does not check who changes security.* (exec/guard.h); but for one by root of the
 * host, once that is known: a check would let it pass in any case.
 */
bool stage_may_continue(const struct request *request);

/** stage_policy_lets_continue() - may it, and has the policy nothing to say of what it would do? */
bool stage_policy_lets_continue(const struct request *request);

/** stage_begin_to_wait() - a file system that may not answer is asked next: other threads may receive */
void stage_begin_to_wait(const struct request *request);

/**
 * stage_leave_to_kernel() - the kernel answers the call as it was made
 *
 * Nothing else sends a call back to it. Where stage_may_continue() is false, the target gets EPERM instead.
 *
 * @reason: REASON_NONE, if it is not because of who asks
 *
 * Return: false.
 */
bool stage_leave_to_kernel(struct request *request, enum reason reason);

/** stage_store_context() - for operations on stored names, of this request */
struct store_context stage_store_context(const struct request *request);

/**
 * stage_is_told() - are these the ids of the owner?
 *
 * The kernel shows an id that a namespace does not have as another one, which the namespace may have as well.
 */
bool stage_is_told(const struct request *request, const struct object *owner);

/** stage_still_waits() - does the target still wait in this very call? */
bool stage_still_waits(const struct reception *reception);

/**
 * stage_name_target() - who the thread @tid is
 *
 * What was read of /proc/TID is the target's if it waits still. Return: whether it does.
 */
bool stage_name_target(const struct reception *reception, int procfs, pid_t tid,
		       struct target_process *ret_process);

/** stage_go_on_for() - does a target wait for the answer? If not, the request ends. Return: as a stage. */
bool stage_go_on_for(struct request *request);

/** stage_note() - of a stage that was run, for the log. @tid: the target. Return: @goes_on. */
bool stage_note(pid_t tid, const char *name, bool goes_on);

/** stage_change_key() - by which a change has its turn */
struct change_key stage_change_key(const struct effect *effect, const struct client *client);

/** stage_let_go() - of the turn, the inode and the namespace of a request */
void stage_let_go(struct request *request);

#endif
