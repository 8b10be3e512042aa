/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/xattr.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "exec/awaited.h"
#include "exec/mount.h"
#include "exec/standin.h"
#include "policy.h"
#include "request/foreign.h"
#include "request/natively.h"
#include "request/resolve.h"
#include "request/resolver.h"
#include "request/stage.h"
#include "request/target_standin.h"
#include "request/userns.h"
#include "request/walk.h"

/* How long a change waits for those to the same inode that came before it. */
#define TURN_WAIT_MS 60000

int stage_pin(struct request *request)
{
	struct workspace *workspace = request->workspace;
	struct resolver resolver = {
		.target = request->target,
		.space = workspace->walk_space,
		.uids = &request->subject.userns->uids,
		.is_shy = request->client->is_queued,
		.label = request->label.labels ? &request->label : NULL,
		.awaited = request->awaited,
	};
	const struct call *call = &request->call;

	if (call->is_cwd)
		return resolve_cwd(&resolver, &request->inode);
	if (call->is_descriptor)
		return resolve_descriptor(&resolver, call->dirfd, &request->inode);
	int r = target_standin_find(request, &workspace->identity.credential, &resolver.standin);

	if (r < 0)
		return r;
	return resolve_path(&resolver, call->dirfd, workspace->path, call->follow, &request->inode);
}

/* A queue makes gets of stored names; all else that may wait, once the inode is known, needs a thread. */
static bool is_for_queue(const struct request *request)
{
	return request->call.kind->operation == OPERATION_GET &&
	       request->decision.route == ROUTE_STORED && !request->label.labels;
}

/* The queue searches its path, and a thread does the rest. Return: as resolve_path(). */
static int find_for_thread(struct request *request)
{
	if (request->call.is_descriptor || request->label.labels)
		return awaited_want_thread(request->awaited);
	request->awaited->open.is_for_thread = true;
	int r = stage_pin(request);

	return r == 0 ? awaited_want_thread(request->awaited) : r;
}

/* By a walk before, or by the queue. What is on procfs is searched again, by component. */
static int look_at_found(struct request *request)
{
	struct awaited *awaited = request->awaited;
	struct statx stat;

	if (!awaited->is_opening)
		return 0;
	awaited->is_opening = false;
	if (!proc_is_on(request->inode.fd, &stat)) {
		request->inode.mount = inode_mount_in(&stat);
		return 0;
	}
	fd_close(&request->inode.fd);
	return awaited_is_bound(awaited) ? awaited_want_thread(awaited) : stage_pin(request);
}

/* Return: as resolve_path(). */
static int find_inode(struct request *request)
{
	if (request->inode.fd >= 0)
		return look_at_found(request);
	if (awaited_is_bound(request->awaited) && !is_for_queue(request))
		return find_for_thread(request);
	return stage_pin(request);
}

bool object_resolve(struct request *request)
{
	int r = find_inode(request);

	if (awaited_is_waiting(request->awaited))
		return false;
	if (r == -ECANCELED)
		return natively_answer(request);
	if (!stage_go_on(request, r, REASON_KERNEL, "resolve a path"))
		return false;
	/*
	 * Everything so far was read by the number of a thread: it was this one's if it still waits.
	 * For what changes nothing it is enough to know that before the answer is delivered.
	 */
	return !call_is_change(&request->call) || stage_go_on_for(request);
}

/*
 * An error of the arguments, where the kernel finds it behind the path. Before it comes that of a read-only mount,
 * about which nothing is asked of a file system whose server may wait in the queue.
 */
bool object_fail_late(struct request *request)
{
	bool may_ask = !request->client->is_queued || !foreign_is(request->inode.fd);

	if (!request->late_error)
		return true;
	if (inode_is_unusable(&request->inode))
		return stage_end(request, outcome_refused(EBADF, REASON_ARGUMENT));
	if (call_is_change(&request->call) && may_ask && inode_is_readonly(&request->performer))
		return stage_end(request, outcome_refused(EROFS, REASON_KERNEL));
	return stage_end(request, outcome_refused(request->late_error, REASON_ARGUMENT));
}

/* What refuses us answers the root of the target's namespace, who makes the calls with the user store. */
static bool look_as_performer(struct request *request)
{
	return request->decision.route == ROUTE_STORED && !request->client->is_queued &&
	       target_standin_choose(request) == 0 && request->performer.standin &&
	       target_standin_look(request, request->performer.standin, &request->stat);
}

static bool look_before_change(struct request *request)
{
	static const struct object nobody = { .uid = UINT32_MAX, .gid = UINT32_MAX };
	int r = inode_stat(&request->inode, &request->stat);
	bool has_refused = r < 0 && foreign_has_refused(request->inode.fd, -r);

	if (has_refused)
		stage_begin_to_wait(request);
	request->is_foreign = has_refused && !look_as_performer(request);
	if (r == 0 && !request->workspace->outer.is_host &&
	    !stage_is_told(request, &request->stat.owner))
		request->stat.owner = nobody;
	return has_refused || stage_go_on(request, r, REASON_FAILURE, "look at an inode");
}

/* Where no mount has an id map to tell, none is asked for. */
static void learn_mount(struct request *request)
{
	if (mounts_are_told(request->workspace->mounts))
		request->stat.mount = inode_mount(&request->inode);
}

bool object_look(struct request *request)
{
	const struct client *client = request->client;

	/* Where a stand-in makes all calls, none is made whose answer waits in the queue. */
	if (client->is_queued && (client->is_strict || !stage_may_continue(request)) &&
	    foreign_is(request->inode.fd))
		return natively_answer(request);
	if (call_is_change(&request->call))
		return look_before_change(request);
	if (request->decision.route == ROUTE_STORED)
		learn_mount(request);
	return true;
}

/* A mount of which nothing is told counts as one that is not idmapped. */
static const struct id_map *map_of_mount(const struct request *request)
{
	struct mounts *mounts = request->workspace->mounts;
	const struct id_map *uids = NULL;

	if (request->stat.mount == 0 || !mounts_are_told(mounts) ||
	    mounts_find(mounts, request->stat.mount, &uids))
		return uids;
	_cleanup_fd_ int mount_namespace = target_open_mount_namespace(request->target);
	int r = mounts_learn(mounts, request->stat.mount, mount_namespace, &uids);

	if (r < 0)
		log_verbose("%sthread %d uses a mount whose id map, if any, cannot be told: %s",
			    request->client->label, request->call.tid, strerror(-r));
	return uids;
}

/* The mount is known from here on, and with it the numbers in stored names. */
bool object_locate(struct request *request)
{
	if (request->decision.route != ROUTE_STORED)
		return true;
	request->naming.mount = map_of_mount(request);
	if (request->call.kind->operation != OPERATION_LIST)
		access_locate(&request->subject, request->call.kind->operation, &request->decision);
	return true;
}

ssize_t stage_get_shown(struct request *request, const char *name, void *value, size_t size)
{
	const struct store_context context = stage_store_context(request);

	access_decide(request->client->policy, &request->subject, OPERATION_GET, name,
		      &request->decision);
	if (request->decision.route == ROUTE_KERNEL)
		return performer_get(&request->performer, name, value, size);
	if (request->decision.route == ROUTE_STORED) {
		learn_mount(request);
		request->naming.mount = map_of_mount(request);
		access_locate(&request->subject, OPERATION_GET, &request->decision);
	}
	if (request->decision.route == ROUTE_REFUSED)
		return -request->decision.error;
	struct outcome outcome = store_get(&context, value, size);

	return outcome.error ? -outcome.error : outcome.value;
}

static bool has_no_attributes(const struct request *request)
{
	return performer_get(&request->performer, request->decision.base, NULL, 0) == -EOPNOTSUPP;
}

/* What cannot be is asked of the stand-in, whose answer is an error in any case. */
static bool refuse_as_target(struct request *request, const struct refusal *refusal)
{
	return !natively_execute(request) ?
		       false :
		       stage_end(request, outcome_refused(EPERM, refusal->reason));
}

/*
 * A change that is refused, of an inode that has no attributes at all: a capable target learns that, though
 * the host may be the owner. To others the kernel says it of some inodes (S_PRIVATE), and of others does not.
 * With the user store only the kernel knows: who asks for a name in user.* learns of what kind the inode is.
 */
static bool refuse_without_attributes(struct request *request, const struct refusal *refusal)
{
	if (!access_is_capable(&request->subject, &request->decision) ||
	    request->client->policy->store == STORE_USER)
		return stage_policy_lets_continue(request) ?
			       stage_leave_to_kernel(request, refusal->reason) :
			       refuse_as_target(request, refusal);
	const struct store_context context = stage_store_context(request);

	request->decision.error = EPERM;
	request->decision.reason = refusal->reason;
	return stage_end(request, store_refuse(&context, request->call.kind->operation));
}

static struct refusal check_access(const struct request *request)
{
	const struct refusal refusal = access_check(&request->subject, &request->stat.owner,
						    request->call.kind->operation,
						    &request->decision);

	/* Where we do not come as far as the call itself. */
	if (refusal.error != 0 && inode_is_unusable(&request->inode))
		return (struct refusal){ EBADF, REASON_ARGUMENT };
	if (refusal.error == EPERM && inode_is_readonly(&request->performer))
		return (struct refusal){ EROFS, REASON_KERNEL };
	return refusal;
}

/* What the kernel does not check. A policy that leaves everything to it leaves that to it, too. */
static bool is_empty_capability(const struct request *request)
{
	const struct client *client = request->client;

	return (client->is_strict || !client->is_transparent) && request->call.size == 0 &&
	       strcmp(request->workspace->name, XATTR_NAME_CAPS) == 0;
}

bool object_authorize(struct request *request)
{
	bool is_ours = request->decision.route != ROUTE_KERNEL || is_empty_capability(request);

	if (request->call.kind->operation == OPERATION_LIST || !is_ours || request->is_foreign)
		return true;
	const struct refusal refusal = check_access(request);

	if (refusal.error == EPERM && call_is_change(&request->call) && has_no_attributes(request))
		return refuse_without_attributes(request, &refusal);
	return stage_go_on(request, refusal.error, refusal.reason, "check the access");
}

/* ---- the turn ---- */

static bool is_wanted(void *place)
{
	return stage_still_waits(place);
}

/* Return: as changes_enter(). */
static int wait_for_turn(struct request *request, const struct effect *effect)
{
	const struct changes_wait wait = { TURN_WAIT_MS, is_wanted, request->reception };
	const struct change_key key = stage_change_key(effect, request->client);

	return changes_enter(request->workspace->config.changes, &request->reception->change, &key,
			     &wait);
}

/* While it waited the target may have died, and the inode have got another owner. */
static bool ask_again(struct request *request)
{
	return stage_go_on_for(request) && object_look(request) && object_authorize(request) &&
	       label_authorize(request);
}

/* From here on what is found out about the inode stays so until the change is made. */
bool object_take_turn(struct request *request)
{
	struct effect *effect = &request->slot->effect;

	if (!call_is_change(&request->call) || request->decision.route == ROUTE_REFUSED ||
	    request->is_foreign)
		return true;
	effect->device = request->stat.device;
	effect->inode = request->stat.number;
	effect->is_kernels = request->decision.route == ROUTE_KERNEL;
	int r = wait_for_turn(request, effect);

	if (r < 0)
		return stage_go_on(request, r, REASON_FAILURE, "have a turn at an inode");
	if (r == CHANGES_WAITED && !ask_again(request))
		return false;
	request->performer.effect = request->client->is_alone ? NULL : effect;
	request->performer.is_barred = request->reception->is_barred;
	return true;
}
