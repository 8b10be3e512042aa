/* SPDX-License-Identifier: Apache-2.0 */
#include "request/stage.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "request/notify.h"
#include "request/userns.h"
#include "request/witness.h"

void stage_begin(struct request *request, struct workspace *workspace, struct client *client,
		 struct reception *reception, struct awaited *awaited)
{
	*request = (struct request){
		.workspace = workspace,
		.client = client,
		.reception = reception,
		.slot = reception->slot,
		.inode = { .fd = -1 },
		.performer = { .inode = &request->inode,
			       .directory = workspace->fd_directory,
			       .awaited = awaited },
		.awaited = awaited,
		.outcome = outcome_refused(EPERM, REASON_FAILURE),
	};
	request->performer.reason = &request->performers_reason;
}

bool stage_end(struct request *request, struct outcome outcome)
{
	request->outcome = outcome;
	return false;
}

/* Where the failure has told more itself, that stays. */
static void note_failure(struct outcome *outcome, int error)
{
	if (outcome->reason == REASON_FAILURE)
		outcome->reason = reason_of_failure(error);
}

bool stage_go_on(struct request *request, int result, enum reason reason, const char *what)
{
	if (result > 0)
		return stage_end(request, outcome_refused(result, reason));
	if (result < 0)
		note_failure(&request->outcome, -result);
	request->ran_out = request->ran_out || result == -EMFILE || result == -ENFILE;
	if (result < 0)
		log_verbose("%scannot %s of thread %d: %s", request->client->label, what,
			    request->call.tid, strerror(-result));
	return result == 0;
}

/*
 * Has the target all that a kernel would ask for, whatever the name and the file system? Root of our own namespace
 * has not, when that is not the host's.
 */
static bool is_host_root(const struct request *request)
{
	const uint64_t needed = 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SETFCAP;

	return request->subject.userns && request->subject.userns->is_host &&
	       request->workspace->outer.is_host &&
	       (request->subject.capabilities & needed) == needed;
}

/* Of a call that is none of the sixteen it is enough to know what the numbers of its ABI mean. */
bool stage_may_continue(const struct request *request)
{
	const struct call *call = &request->call;

	if (request->workspace->config.is_guarded || is_host_root(request))
		return true;
	if (!call->kind)
		return syscall_knows(request->slot->notification.data.arch);
	return !call_is_change(call);
}

/* Has the policy something to say of what the kernel would do? */
static bool is_bound_by_policy(const struct request *request)
{
	return request->client->is_strict || call_may_be_empty_set(&request->call) ||
	       (request->call.kind->operation == OPERATION_LIST && request->client->hides_names);
}

bool stage_policy_lets_continue(const struct request *request)
{
	return !is_bound_by_policy(request) && stage_may_continue(request);
}

/* For a FUSE server, which may be a target, too. */
void stage_begin_to_wait(const struct request *request)
{
	if (request->reception->wait_begins && !request->client->is_queued)
		request->reception->wait_begins(request->reception->server);
}

bool stage_leave_to_kernel(struct request *request, enum reason reason)
{
	if (!stage_may_continue(request))
		return stage_end(request, outcome_refused(EPERM, REASON_FILE_SYSTEM));
	return stage_end(request, outcome_kernel(reason));
}

struct store_context stage_store_context(const struct request *request)
{
	return (struct store_context){
		.performer = &request->performer,
		.policy = request->client->policy,
		.subject = &request->subject,
		.decision = &request->decision,
		.space = request->workspace->list_space,
	};
}

bool stage_is_told(const struct request *request, const struct object *owner)
{
	const struct outer *outer = &request->workspace->outer;

	return owner->uid != outer->overflow_uid && owner->gid != outer->overflow_gid;
}

bool stage_still_waits(const struct reception *reception)
{
	const struct seccomp_notif *notification = &reception->slot->notification;
	int listener = reception->slot->listener;

	if (notify_is_abandoned(listener, notification->id))
		return false;
	if (reception->witness)
		return witness_waits(reception->witness, &notification->data);
	return listener >= 0;
}

bool stage_name_target(const struct reception *reception, int procfs, pid_t tid,
		       struct target_process *ret_process)
{
	return target_read_process(procfs, tid, ret_process) == 0 && stage_still_waits(reception);
}

bool stage_go_on_for(struct request *request)
{
	if (!stage_still_waits(request->reception))
		return stage_end(request, outcome_refused(EPERM, REASON_GONE));
	return true;
}

bool stage_note(pid_t tid, const char *name, bool goes_on)
{
	log_debug("[%d] %s: %s", tid, name, goes_on ? "goes on" : "ends here");
	return goes_on;
}

/*
 * A descriptor has the lowest number that is free: so many are open, then, in all threads. What is kept of
 * targets is for speed only, and leaves the last quarter to what is needed.
 */
static bool is_enough(const struct request *request)
{
	return request->inode.fd >= request->workspace->descriptors_enough;
}

/* What outlives us says that the descriptor is gone before it is, and its number means another. */
void stage_let_go(struct request *request)
{
	bool is_scarce = request->ran_out || is_enough(request);

	changes_leave(request->workspace->config.changes, &request->reception->change);
	atomic_store(&request->slot->effect.fd, -1);
	fd_close(&request->inode.fd);
	if (request->userns)
		userns_unref(TAKE_PTR(request->userns));
	if (is_scarce)
		workspace_forget(request->workspace);
}

/*
 * What the kernel checks can be asked for by a container that has no right to the inode: such changes wait
 * for those of the same container only.
 */
struct change_key stage_change_key(const struct effect *effect, const struct client *client)
{
	return (struct change_key){
		.device = effect->device,
		.inode = effect->inode,
		.scope = effect->is_kernels ? client->holder.container : NULL,
	};
}
