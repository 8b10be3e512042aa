/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include <errno.h>
#include <linux/xattr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/outer.h"
#include "base/proc.h"
#include "exec/helper.h"
#include "exec/inode.h"
#include "exec/mount.h"
#include "exec/standin.h"
#include "exec/store.h"
#include "policy.h"
#include "quota.h"
#include "request/decode.h"
#include "request/descent.h"
#include "request/foreign.h"
#include "request/memory.h"
#include "request/notify.h"
#include "request/place.h"
#include "request/remedy.h"
#include "request/resolve.h"
#include "request/target.h"
#include "request/userns.h"
#include "request/walk.h"
#include "request/witness.h"

/* How long a change waits for those to the same inode that came before it. */
#define TURN_WAIT_MS 60000

struct workspace {
	struct targets *targets;
	struct userns_cache *usernses;
	struct standins *standins;
	struct changes *changes;
	struct helpers *helpers;
	struct walk_space *walk_space;
	struct list_space *list_space;
	struct mounts *mounts;
	int fd_directory;
	struct outer outer;
	struct credential ours;
	bool is_guarded; /* of inode_is_guarded() */
	struct identity identity;
	char name[NAME_SIZE];
	char path[PATH_MAX];
	char value[XATTR_SIZE_MAX];
};

/* A request under way. Each stage fills in what the next ones need. */
struct request {
	struct workspace *workspace;
	struct client *client;
	struct reception *reception;
	struct received *received; /* the reception's */
	struct call call;
	bool has_path; /* it was read together with the name */
	struct target *target;
	struct userns *userns;
	struct naming naming;
	struct subject subject;
	struct decision decision;
	struct pinned inode;
	struct inode_stat stat; /* of a change; of others only the mount */
	bool is_foreign; /* of a change: the file system refuses us, and so the change is the kernel's */
	const char *bytes; /* of a get or list: what goes to the target */
	struct outcome outcome;
	bool ran_out; /* of descriptors */
	int excused; /* an errno that means that the change was made before; 0: none does */
};

/*
 * A stage's result: go on, or the outcome is settled. The functions below the stages return 0, a
 * positive errno for the target, or -errno of our own failure.
 */
typedef bool stage(struct request *request);

static bool settle(struct request *request, struct outcome outcome)
{
	request->outcome = outcome;
	return false;
}

/* Our own failure leaves the outcome as it was born. */
static bool go_on(struct request *request, int result, const char *what)
{
	if (result > 0)
		return settle(request, outcome_error(result));
	request->ran_out = request->ran_out || result == -EMFILE || result == -ENFILE;
	if (result < 0)
		log_verbose("cannot %s of thread %d: %s", what, request->call.tid,
			    strerror(-result));
	return result == 0;
}

static bool leave_to_kernel(struct request *request)
{
	return settle(request, outcome_kernel());
}

static bool decode(struct request *request)
{
	const struct client *client = request->client;
	int r = call_decode(&request->received->notification, &request->call);

	if (r == -ENOSYS && client->is_strict)
		return settle(request, outcome_error(ENOSYS));
	if (r == -ENOSYS || (client->is_transparent && !client->is_strict))
		return leave_to_kernel(request);
	return go_on(request, r, "decode a call");
}

/*
 * The kernel checks everything again in a call that is left to it, but for one thing: an empty value
 * of security.capability it lets pass. So a set may be left to it only if its value cannot be empty,
 * nor become so: setxattrat(2) has the size in the target's memory.
 */
static bool may_be_empty_set(const struct call *call)
{
	return call->kind->operation == OPERATION_SET &&
	       (call->size == 0 || call->kind->form == FORM_AT);
}

/*
 * Nothing but the name is needed to leave a call to the kernel, which checks everything again. The
 * schemes whose answer depends on the namespace are decided later.
 */
static bool is_left_to_kernel(const struct request *request)
{
	const struct client *client = request->client;
	const char *name = request->workspace->name;
	size_t base_length = name_split(name, strlen(name)).base_length;

	return !client->is_strict && !may_be_empty_set(&request->call) &&
	       policy_match(client->policy, name, base_length)->scheme == SCHEME_KERNEL;
}

static bool is_change(const struct call *call)
{
	return call->kind->operation == OPERATION_SET || call->kind->operation == OPERATION_REMOVE;
}

static bool read_name(struct request *request)
{
	if (request->call.kind->operation == OPERATION_LIST)
		return true;
	struct workspace *workspace = request->workspace;

	request->has_path =
		call_read_name_and_path(&request->call, workspace->name, workspace->path);
	if (!request->has_path &&
	    !go_on(request, call_read_name(&request->call, workspace->name), "read a name"))
		return false;
	return is_left_to_kernel(request) ? leave_to_kernel(request) : true;
}

static bool read_value(struct request *request)
{
	if (request->call.kind->operation != OPERATION_SET)
		return true;
	return go_on(request, call_read_value(&request->call, request->workspace->value),
		     "read a value");
}

static bool read_path(struct request *request)
{
	if (request->has_path)
		return true;
	return go_on(request, call_read_path(&request->call, request->workspace->path),
		     "read a path");
}

/* Does the policy have something to say to what the kernel would do? */
static bool is_policys(const struct request *request)
{
	return request->client->is_strict || may_be_empty_set(&request->call) ||
	       (request->call.kind->operation == OPERATION_LIST && request->client->hides_names);
}

/* A stand-in needs the whole credential: to search a path, or to make the call itself. */
static enum identity_extent extent_of(const struct request *request)
{
	return is_policys(request) || !request->call.is_descriptor ? IDENTITY_WHOLE :
								     IDENTITY_CAPABILITIES;
}

static bool identify(struct request *request)
{
	struct workspace *workspace = request->workspace;
	int r = targets_identify(workspace->targets, request->call.tid, extent_of(request),
				 &request->target, &workspace->identity);

	if (r == 0)
		r = userns_find(workspace->usernses, workspace->identity.userns, request->target,
				&request->userns);
	if (!go_on(request, r, "learn the identity"))
		return false;
	request->naming = access_naming(request->client->policy, &request->userns->ids);
	request->naming.outer = workspace->outer.is_host ? NULL : &workspace->outer.uids;
	request->naming.is_rootless = !workspace->outer.has_host_root;
	request->subject = (struct subject){
		.userns = &request->userns->ids,
		.capabilities = workspace->identity.credential.capabilities,
		.naming = &request->naming,
	};
	/* Without a view of its own there is nothing that the kernel would not guard as well. */
	return access_is_virtual(&request->subject) ? true : leave_to_kernel(request);
}

static bool decide(struct request *request)
{
	if (request->call.kind->operation == OPERATION_LIST) {
		request->decision.route = ROUTE_STORED;
		return true;
	}
	access_decide(request->client->policy, &request->subject, request->call.kind->operation,
		      request->workspace->name, &request->decision);
	/* A get of a name that may not be changed is the kernel's, but is known only now. */
	if (request->decision.route == ROUTE_KERNEL && !request->client->is_strict &&
	    !may_be_empty_set(&request->call))
		return leave_to_kernel(request);
	return true;
}

static int find_standin(struct request *request, const struct credential *credential,
			struct standin **ret_standin)
{
	struct workspace *workspace = request->workspace;
	const struct userns *userns = request->userns;
	struct credential_change change;

	*ret_standin = standins_find(workspace->standins, userns->inode, credential);
	if (*ret_standin)
		return 0;
	int r = descent_plan(&workspace->ours, userns, credential, &change);

	if (r < 0)
		log_verbose("the ids of thread %d cannot be taken on: %s", request->call.tid,
			    r == -EPERM ? "setgroups(2) is denied in its user namespace, and its "
					  "groups are not those of the supervisor" :
					  "its user namespace does not have them");
	return r < 0 ? r :
		       standins_add(workspace->standins, request->client->container, userns->inode,
				    credential, &change, ret_standin);
}

static int pin(struct request *request)
{
	struct workspace *workspace = request->workspace;
	struct resolver resolver = {
		.target = request->target,
		.space = workspace->walk_space,
		.uids = &request->subject.userns->uids,
		.is_shy = request->client->is_queued,
	};
	const struct call *call = &request->call;

	if (call->is_cwd)
		return resolve_cwd(&resolver, &request->inode);
	if (call->is_descriptor)
		return resolve_descriptor(&resolver, call->dirfd, &request->inode);
	int r = find_standin(request, &workspace->identity.credential, &resolver.standin);

	if (r < 0)
		return r;
	return resolve_path(&resolver, call->dirfd, workspace->path, call->follow, &request->inode);
}

static bool still_waits(const struct reception *reception)
{
	const struct seccomp_notif *notification = &reception->received->notification;
	int listener = reception->received->listener;

	if (listener >= 0 && !notify_is_valid(listener, notification->id))
		return false;
	if (reception->witness)
		return witness_waits(reception->witness, &notification->data);
	return listener >= 0;
}

static size_t capped_size(const struct call *call)
{
	return call->size < XATTR_SIZE_MAX ? call->size : XATTR_SIZE_MAX;
}

/* The call as it was made, by the target's stand-in, so that the kernel checks. */
static int call_as_target(struct request *request, size_t *ret_length)
{
	struct workspace *workspace = request->workspace;
	const struct attribute_call call = {
		.operation = request->call.kind->operation,
		.fd = request->inode.fd,
		.is_opened = request->inode.is_opened,
		.name = workspace->name,
		.value = request->call.kind->operation == OPERATION_SET ? workspace->value : NULL,
		.buffer = workspace->value,
		.size = capped_size(&request->call),
		.flags = (int)request->call.flags,
	};
	struct standin *standin;

	if (is_change(&request->call))
		effect_begin(&request->inode, &call);
	int r = find_standin(request, &workspace->identity.credential, &standin);

	if (r == 0)
		r = standin_call(standin, &call, ret_length);
	/* A result above 0 is what the target gets: nothing was changed then either. */
	if (is_change(&request->call))
		effect_end(&request->inode, r == 0 ? 0 : -EPERM);
	return r;
}

/*
 * Below its own entry of procfs a process is granted what its stand-in is not, and then learns that
 * there are no attributes.
 */
static bool is_in_own_entry(const struct request *request)
{
	__attribute__((cleanup(place_done))) struct place place = { .directory = -1 };

	return proc_is_on(request->inode.fd) &&
	       place_find(request->target, request->inode.fd, &place) == 0 && place.is_own;
}

static bool execute_as_target(struct request *request)
{
	size_t length = 0;
	int r = call_as_target(request, &length);

	if (r == EACCES && is_in_own_entry(request))
		r = EOPNOTSUPP;

	if (r == 0)
		request->outcome = outcome_value((long)length);
	request->bytes = request->workspace->value;
	return go_on(request, r, "make a call in the name");
}

/*
 * A stand-in for the root of the target's namespace. It needs no groups, so it has none, or ours where
 * setgroups(2) is denied.
 */
static int find_root(struct request *request, struct standin **ret_root)
{
	struct workspace *workspace = request->workspace;
	const struct user_namespace *ids = request->subject.userns;
	struct credential root = { .fsuid = ids->root, .capabilities = ~0ULL };

	if (!ids->has_root)
		return -ENOENT;
	if (!id_map_to_host(&ids->gids, 0, &root.fsgid))
		root.fsgid = workspace->identity.credential.fsgid;
	if (!descent_may_set_groups(&workspace->ours, request->userns))
		credential_copy_groups(&root, &workspace->ours);
	return find_standin(request, &root, ret_root);
}

/*
 * Values in user.* are read and written by the root of the target's namespace, whose capabilities
 * reach just as far as access_check() has found: to the inodes that are the namespace's own.
 */
static int choose_performer(struct request *request)
{
	if (request->client->policy->store != STORE_USER)
		return 0;
	int r = find_root(request, &request->inode.performer);

	return r == -ENOENT ? 0 : r;
}

/* ---- the kernel's own answer ---- */

static bool list_as_target(struct request *request)
{
	struct workspace *workspace = request->workspace;
	const struct store_context context = { .policy = request->client->policy,
					       .space = workspace->list_space,
					       .is_native = true };
	int r = find_standin(request, &workspace->identity.credential, &request->inode.performer);

	if (!go_on(request, r, "find a helper"))
		return false;
	request->outcome = store_list(&context, &request->inode, &request->subject,
				      request->call.size, &request->bytes);
	return request->outcome.error == 0;
}

/*
 * Where the kernel does not guard security.*, a thread that exchanges the path after we have seen it could
 * have a plain name of the host's changed. There the stand-in makes the change, on the inode that is pinned.
 */
static bool may_continue(const struct request *request)
{
	return !is_policys(request) &&
	       (request->workspace->is_guarded || !is_change(&request->call));
}

/* For a FUSE server, which may be a target, too. */
static void begin_to_wait(const struct request *request)
{
	if (request->reception->wait_begins && !request->client->is_queued)
		request->reception->wait_begins(request->reception->server);
}

/*
 * A call that is the kernel's to answer though the policy has a rule for its name: what a namespace can do
 * on a file system that is its own, it can do under a supervisor, too. Nothing that the policy itself
 * refuses comes here.
 *
 * With a queued sender nothing may be asked of the file system: its server may wait in the queue. What
 * cannot be left to the kernel then is as on a file system without attributes.
 */
static bool answer_natively(struct request *request)
{
	bool is_list = request->call.kind->operation == OPERATION_LIST;
	bool is_queued = request->client->is_queued;

	if (request->decision.route == ROUTE_REFUSED)
		return settle(request, outcome_error(request->decision.error));
	if (may_continue(request) || (is_queued && is_list && !request->client->is_strict))
		return leave_to_kernel(request);
	if (is_queued)
		return settle(request, outcome_error(EOPNOTSUPP));
	begin_to_wait(request);
	return is_list ? list_as_target(request) : execute_as_target(request);
}

/* Only under a plain name of security.* root of a namespace can have a value by the kernel's own rule. */
static bool is_plain_security(const struct request *request)
{
	const struct decision *decision = &request->decision;

	return request->call.kind->operation != OPERATION_LIST &&
	       request->workspace->name[decision->base_length] == '\0' &&
	       name_has_prefix(decision->base, decision->base_length, XATTR_SECURITY_PREFIX);
}

/* The errors of a store that cannot hold the value, or does not have it; never one of a rule or a limit. */
static bool is_stores_failure(const struct request *request, int error)
{
	const struct policy *policy = request->client->policy;

	switch (request->call.kind->operation) {
	case OPERATION_SET:
		return (error == EOPNOTSUPP || error == EPERM || error == EINVAL ||
			error == ENODATA) &&
		       !quota_is_limited(policy, &request->decision) && policy->value_size == 0;
	case OPERATION_REMOVE:
		return error == EOPNOTSUPP || error == EPERM || error == ENODATA;
	case OPERATION_GET:
		return error == EOPNOTSUPP || (error == ENODATA && !request->decision.inherits);
	case OPERATION_LIST:
	default:
		return false;
	}
}

static bool is_on_namespaces_own(struct request *request)
{
	struct standin *root;

	return request->workspace->is_guarded && find_root(request, &root) == 0 &&
	       inode_is_namespaces(&request->inode, root);
}

/* After an operation on stored names that has failed: does the kernel's own answer count instead? */
static bool is_kernels_to_answer(struct request *request)
{
	int error = request->outcome.error;

	if (error == 0 || request->decision.route != ROUTE_STORED)
		return false;
	if (foreign_has_refused(request->inode.fd, error))
		return true;
	return is_plain_security(request) && is_stores_failure(request, error) &&
	       is_on_namespaces_own(request);
}

static bool resolve(struct request *request)
{
	int r = pin(request);

	if (r == -ECANCELED)
		return answer_natively(request);
	if (!go_on(request, r, "resolve a path"))
		return false;
	request->inode.directory = request->workspace->fd_directory;
	/*
	 * Everything so far was read by the number of a thread: it was this one's if it still waits.
	 * For what changes nothing it is enough to know that before the answer is delivered.
	 */
	return !is_change(&request->call) || still_waits(request->reception);
}

/*
 * What refuses us answers the root of the target's namespace, who makes the calls with the user store. Ids
 * that the namespace does not have are nobody's there.
 */
static bool look_as_performer(struct request *request)
{
	const struct user_namespace *userns = request->subject.userns;
	struct object owner = { 0 };
	struct statx stat;

	if (request->decision.route != ROUTE_STORED || request->client->is_queued ||
	    choose_performer(request) != 0 || !request->inode.performer ||
	    standin_stat(request->inode.performer, request->inode.fd, &stat) != 0)
		return false;
	if (!id_map_to_host(&userns->uids, stat.stx_uid, &owner.uid) ||
	    !id_map_to_host(&userns->gids, stat.stx_gid, &owner.gid))
		return false;
	request->stat = (struct inode_stat){
		.owner = owner,
		.device = makedev(stat.stx_dev_major, stat.stx_dev_minor),
		.number = stat.stx_ino,
	};
	return true;
}

static bool look_before_change(struct request *request)
{
	int r = inode_stat(&request->inode, &request->stat);
	bool has_refused = r < 0 && foreign_has_refused(request->inode.fd, -r);

	if (has_refused)
		begin_to_wait(request);
	request->is_foreign = has_refused && !look_as_performer(request);
	return has_refused || go_on(request, r, "look at an inode");
}

static bool look(struct request *request)
{
	const struct client *client = request->client;

	/* Where a stand-in makes all calls, none is made whose answer waits in the queue. */
	if (client->is_queued && client->is_strict && foreign_is(request->inode.fd))
		return answer_natively(request);
	if (is_change(&request->call))
		return look_before_change(request);
	if (request->decision.route == ROUTE_STORED)
		request->stat.mount = inode_mount(&request->inode);
	return true;
}

/* A mount of which nothing is told counts as one that is not idmapped. */
static const struct id_map *map_of_mount(const struct request *request)
{
	struct mounts *mounts = request->workspace->mounts;
	const struct id_map *uids = NULL;

	if (request->stat.mount == 0 || mounts_find(mounts, request->stat.mount, &uids))
		return uids;
	_cleanup_fd_ int mount_namespace = target_open_mount_namespace(request->target);
	int r = mounts_learn(mounts, request->stat.mount, mount_namespace, &uids);

	if (r < 0)
		log_verbose("thread %d uses a mount whose id map, if any, cannot be told: %s",
			    request->call.tid, strerror(-r));
	return uids;
}

/* The mount is known from here on, and with it the numbers in stored names. */
static bool locate(struct request *request)
{
	if (request->decision.route != ROUTE_STORED)
		return true;
	request->naming.mount = map_of_mount(request);
	if (request->call.kind->operation != OPERATION_LIST)
		access_locate(&request->subject, request->call.kind->operation, &request->decision);
	return true;
}

static bool has_no_attributes(const struct request *request)
{
	return inode_get(&request->inode, request->decision.base, NULL, 0) == -EOPNOTSUPP;
}

/* What cannot be is asked of the stand-in, whose answer is an error in any case. */
static bool refuse_as_target(struct request *request)
{
	return !execute_as_target(request) ? false : settle(request, outcome_error(EPERM));
}

/*
 * A change that is refused, of an inode that has no attributes at all: whoever is capable learns that, though
 * the host may be the owner. To others the kernel says it of some inodes (S_PRIVATE), and of others does not.
 */
static bool refuse_without_attributes(struct request *request)
{
	if (!access_is_capable(&request->subject, &request->decision))
		return may_continue(request) ? leave_to_kernel(request) : refuse_as_target(request);
	request->decision.error = EPERM;
	return settle(request, store_refuse(&request->inode, request->call.kind->operation,
					    &request->decision));
}

static int check_access(const struct request *request)
{
	int error = access_check(&request->subject, &request->stat.owner,
				 request->call.kind->operation, &request->decision);

	/* Where we do not come as far as the call itself. */
	if (error != 0 && inode_is_unusable(&request->inode))
		return EBADF;
	return error == EPERM && inode_is_readonly(&request->inode) ? EROFS : error;
}

static bool authorize(struct request *request)
{
	bool is_guarded =
		request->decision.route != ROUTE_KERNEL ||
		(request->call.size == 0 && strcmp(request->workspace->name, XATTR_NAME_CAPS) == 0);

	if (request->call.kind->operation == OPERATION_LIST || !is_guarded || request->is_foreign)
		return true;
	int error = check_access(request);

	if (error == EPERM && is_change(&request->call) && has_no_attributes(request))
		return refuse_without_attributes(request);
	return go_on(request, error, "check the access");
}

static bool is_wanted(void *place)
{
	return still_waits(place);
}

/*
 * What the kernel checks can be asked for by a container that has no right to the inode: such changes wait
 * for those of the same container only.
 */
static struct change_key key_of(const struct effect *effect, const struct client *client)
{
	return (struct change_key){
		.device = effect->device,
		.inode = effect->inode,
		.scope = effect->is_kernels ? client->container : NULL,
	};
}

/* Return: as changes_enter(). */
static int wait_for_turn(struct request *request, const struct effect *effect)
{
	const struct changes_wait wait = { TURN_WAIT_MS, is_wanted, request->reception };
	const struct change_key key = key_of(effect, request->client);

	return changes_enter(request->workspace->changes, &request->reception->change, &key, &wait);
}

/* While it waited the target may have died, and the inode have got another owner. */
static bool ask_again(struct request *request)
{
	return still_waits(request->reception) && look(request) && authorize(request);
}

/* From here on what is found out about the inode stays so until the change is made. */
static bool take_turn(struct request *request)
{
	struct effect *effect = &request->received->effect;

	if (!is_change(&request->call) || request->decision.route == ROUTE_REFUSED ||
	    request->is_foreign)
		return true;
	effect->device = request->stat.device;
	effect->inode = request->stat.number;
	effect->is_kernels = request->decision.route == ROUTE_KERNEL;
	int r = wait_for_turn(request, effect);

	if (r < 0)
		return go_on(request, r, "have a turn at an inode");
	if (r == CHANGES_WAITED && !ask_again(request))
		return false;
	request->inode.effect = request->client->is_alone ? NULL : effect;
	return true;
}

static struct outcome execute_named(struct request *request)
{
	struct workspace *workspace = request->workspace;
	const struct user_namespace *userns = request->subject.userns;
	const struct call *call = &request->call;
	const struct store_context context = { .policy = request->client->policy,
					       .space = workspace->list_space };

	switch (call->kind->operation) {
	case OPERATION_SET:
		return store_set(&context, &request->inode, userns, &request->decision,
				 workspace->value, call->size, (int)call->flags);
	case OPERATION_GET:
		request->bytes = workspace->value;
		return store_get(&request->inode, userns, &request->decision, workspace->value,
				 capped_size(call));
	case OPERATION_REMOVE:
		return store_remove(&request->inode, &request->decision);
	case OPERATION_LIST:
	default:
		return store_list(&context, &request->inode, &request->subject, call->size,
				  &request->bytes);
	}
}

/* After a get that has found no own value, and after a list. */
static void note_orphan(struct request *request)
{
	const struct store_context context = { .policy = request->client->policy,
					       .space = request->workspace->list_space };
	const struct decision *decision = &request->decision;
	enum operation operation = request->call.kind->operation;
	bool is_miss = operation == OPERATION_GET && decision->route == ROUTE_STORED &&
		       (decision->inherits || request->outcome.error == ENODATA);

	if (is_miss || operation == OPERATION_LIST)
		orphan_note(&request->client->orphans, &context, &request->inode, &request->subject,
			    request->call.tid);
}

static bool execute(struct request *request)
{
	if (request->is_foreign)
		return answer_natively(request);
	if (request->decision.route == ROUTE_KERNEL)
		return execute_as_target(request);
	if (!go_on(request, choose_performer(request), "find a helper"))
		return false;
	if (request->decision.route == ROUTE_REFUSED)
		request->outcome = store_refuse(&request->inode, request->call.kind->operation,
						&request->decision);
	else
		request->outcome = execute_named(request);
	note_orphan(request);
	if (request->call.kind->operation == OPERATION_SET &&
	    request->decision.route == ROUTE_STORED)
		remedy_note(&request->client->remedies, request->client->policy->store,
			    &request->inode, request->outcome.error);
	if (is_kernels_to_answer(request))
		return answer_natively(request);
	return request->outcome.error == 0;
}

static bool deliver(struct request *request)
{
	const struct call *call = &request->call;
	bool is_wanted = call->kind->operation == OPERATION_LIST ||
			 call->kind->operation == OPERATION_GET;

	if (!is_wanted || call->size == 0 || request->outcome.value == 0)
		return true;
	if (!still_waits(request->reception))
		return false;
	int r = memory_write(call->tid, call->value, request->bytes,
			     (size_t)request->outcome.value);

	if (r < 0)
		request->outcome = outcome_error(EFAULT);
	return r == 0;
}

static const char *result_text(const struct outcome *outcome)
{
	if (outcome->is_kernels)
		return "left to the kernel";
	return outcome->error ? strerrorname_np(outcome->error) : "done";
}

static void log_request(const struct request *request)
{
	const struct call *call = &request->call;
	bool has_name = call->kind && call->kind->operation != OPERATION_LIST;

	if (!call->kind || !log_enabled(LOG_VERBOSE))
		return;
	log_verbose("[%d] %s %s%s%s: %s", call->tid, call->kind->name,
		    has_name ? request->workspace->name : "",
		    has_name && request->decision.route == ROUTE_STORED ? " as " : "",
		    has_name && request->decision.route == ROUTE_STORED ? request->decision.name :
									  "",
		    result_text(&request->outcome));
}

void workspace_forget(struct workspace *workspace)
{
	targets_clear(workspace->targets);
	standins_clear(workspace->standins);
	userns_cache_clear(workspace->usernses);
	mounts_clear(workspace->mounts);
}

/* What outlives us says that the descriptor is gone before it is, and its number means another. */
static void let_go(struct request *request)
{
	changes_leave(request->workspace->changes, &request->reception->change);
	atomic_store(&request->received->effect.fd, -1);
	fd_close(&request->inode.fd);
	if (request->userns)
		userns_unref(TAKE_PTR(request->userns));
	if (request->ran_out)
		workspace_forget(request->workspace);
}

/* When the inode is lost too, the change is made, again perhaps: how it would fail because of itself. */
static int excuse(const struct effect *effect)
{
	if (effect->operation == OPERATION_REMOVE)
		return effect->has_existed ? ENODATA : 0;
	return effect->is_create && !effect->has_existed ? EEXIST : 0;
}

/*
 * A process that has died in the middle of a change has left the inode to us, and nobody has changed it
 * since. Where the root of the namespace makes the calls, it has to be found first.
 */
static bool look_at_effect(struct request *request)
{
	const struct effect *effect = &request->received->effect;

	request->inode.fd = atomic_load(&effect->fd);
	if (request->inode.fd < 0) {
		request->excused = excuse(effect);
		return false;
	}
	request->inode.is_opened = effect->is_opened;
	request->inode.directory = request->workspace->fd_directory;
	if (request->client->policy->store == STORE_USER &&
	    (!identify(request) || choose_performer(request) < 0))
		return false;
	return effect_was_made(effect, &request->inode);
}

/* Was the change of this request made by a process that has died before it could say so? */
static bool was_made(struct request *request)
{
	struct effect *effect = &request->received->effect;
	uint32_t step = atomic_load(&effect->step);
	bool is_made = step == EFFECT_MADE || (step == EFFECT_BEGUN && look_at_effect(request));

	atomic_store(&effect->step, is_made ? EFFECT_MADE : EFFECT_NONE);
	let_go(request);
	request->inode = (struct pinned){ .fd = -1, .directory = -1 };
	request->outcome = is_made ? outcome_value(0) : outcome_error(EPERM);
	return is_made;
}

static bool go_on_from_before(struct request *request)
{
	if (atomic_load(&request->received->effect.step) == EFFECT_NONE)
		return true;
	return !was_made(request);
}

struct outcome request_run(struct workspace *workspace, struct client *client,
			   struct reception *reception)
{
	static stage *const stages[] = { decode,    go_on_from_before,
					 read_name, read_value,
					 read_path, identify,
					 decide,    resolve,
					 look,	    locate,
					 authorize, take_turn,
					 execute,   deliver };
	struct request request = {
		.workspace = workspace,
		.client = client,
		.reception = reception,
		.received = reception->received,
		.inode = { .fd = -1, .directory = -1 },
		.outcome = outcome_error(EPERM),
	};
	bool more = true;

	for (size_t i = 0; more && i < sizeof(stages) / sizeof(stages[0]); i++)
		more = stages[i](&request);
	if (request.excused != 0 && request.outcome.error == request.excused)
		request.outcome = outcome_value(0);
	log_request(&request);
	let_go(&request);
	return request.outcome;
}

/* No file system is asked: it may not answer, and others wait for the caller. */
void request_hold(struct changes *changes, const struct client *client, struct reception *reception)
{
	const struct effect *effect = &reception->received->effect;
	const struct change_key key = key_of(effect, client);

	if (atomic_load(&effect->step) == EFFECT_BEGUN)
		(void)changes_try_enter(changes, &reception->change, &key);
}

void request_drop(struct received *received)
{
	int fd = atomic_load(&received->effect.fd);

	received->notification.id = 0;
	if (atomic_load(&received->effect.step) == EFFECT_BEGUN)
		fd_close(&fd);
	effect_clear(&received->effect);
}

static int fill_workspace(struct workspace *workspace, int procfs, enum standin_kind kind,
			  const struct probe *probe)
{
	int r = inode_open_directory(procfs, &workspace->fd_directory);

	if (r == 0)
		r = userns_cache_new(procfs, &workspace->usernses);
	if (r == 0)
		r = outer_read(procfs, &workspace->outer);
	if (r < 0) {
		log_error("cannot use /proc/self: %s", strerror(-r));
		return r;
	}
	r = credential_get(&workspace->ours);
	if (r < 0) {
		log_error("cannot tell our own groups: %s", strerror(-r));
		return r;
	}
	r = targets_new(procfs, probe, &workspace->targets);
	if (r < 0)
		return r;
	r = standins_new(kind, workspace->helpers, &workspace->standins);
	if (r < 0) {
		log_error("io_uring is not available: %s (see kernel.io_uring_disabled)",
			  strerror(-r));
		return r;
	}
	workspace->walk_space = walk_space_new();
	workspace->list_space = list_space_new();
	workspace->mounts = mounts_new();
	return workspace->walk_space && workspace->list_space && workspace->mounts ? 0 : -ENOMEM;
}

void client_init(struct client *client, const struct policy *policy)
{
	client->policy = policy;
	client->is_transparent = policy_is_transparent(policy);
	client->is_strict = policy_is_strict(policy);
	client->hides_names = policy_hides_names(policy);
	client->is_queued = false;
	client->is_alone = false;
	remedies_init(&client->remedies);
	orphans_init(&client->orphans);
}

int workspace_new(int procfs, enum standin_kind kind, const struct probe *probe,
		  struct changes *changes, struct helpers *helpers,
		  struct workspace **ret_workspace)
{
	struct workspace *workspace = calloc(1, sizeof(*workspace));

	if (!workspace)
		return -ENOMEM;
	workspace->fd_directory = -1;
	workspace->changes = changes;
	workspace->helpers = helpers;
	workspace->is_guarded = inode_is_guarded();
	int r = fill_workspace(workspace, procfs, kind, probe);

	if (r < 0) {
		workspace_free(workspace);
		return r;
	}
	*ret_workspace = workspace;
	return 0;
}

void workspace_free(struct workspace *workspace)
{
	if (!workspace)
		return;
	targets_free(workspace->targets);
	userns_cache_free(workspace->usernses);
	standins_free(workspace->standins);
	free(workspace->walk_space);
	free(workspace->list_space);
	mounts_free(workspace->mounts);
	fd_close(&workspace->fd_directory);
	free(workspace);
}
