/* SPDX-License-Identifier: Apache-2.0 */
#include "request/target_standin.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/log.h"
#include "exec/standin.h"
#include "policy.h"
#include "request/descent.h"
#include "request/stage.h"
#include "request/userns.h"

int target_standin_find(struct request *request, const struct credential *credential,
			struct standin **ret_standin)
{
	struct workspace *workspace = request->workspace;
	const struct userns *userns = request->userns;

	*ret_standin = standins_find(workspace->standins, userns->inode, credential);
	if (*ret_standin)
		return 0;
	/* Here, not above: it is large, and made of zeros. */
	struct credential_change change;
	int r = descent_plan(&workspace->ours, userns, credential, &change);

	if (r < 0) {
		request->outcome.reason = REASON_CREDENTIAL;
		log_verbose("%sthe ids of thread %d cannot be taken on: %s", request->client->label,
			    request->call.tid,
			    r == -EPERM ? "setgroups(2) is denied in its user namespace, and its "
					  "groups are not those of the supervisor" :
					  "its user namespace does not have them");
		return r;
	}
	return standins_add(workspace->standins, &request->client->holder, userns->inode,
			    credential, &change, ret_standin);
}

/*
 * A stand-in for the root of the target's namespace. It needs no groups, so it has none, or ours where
 * setgroups(2) is denied.
 */
int target_standin_find_root(struct request *request, struct standin **ret_root)
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
	return target_standin_find(request, &root, ret_root);
}

/*
 * Values in user.* are read and written by the root of the target's namespace, whose capabilities
 * reach just as far as access_check() has found: to the inodes that are the namespace's own.
 */
int target_standin_choose(struct request *request)
{
	if (request->client->policy->store != STORE_USER)
		return 0;
	int r = target_standin_find_root(request, &request->performer.standin);

	return r == -ENOENT ? 0 : r;
}

bool target_standin_look(const struct request *request, struct standin *standin,
			 struct inode_stat *ret_stat)
{
	const struct user_namespace *userns = request->subject.userns;
	struct statx stat;

	if (standin_stat(standin, request->inode.fd, &stat) != 0)
		return false;
	struct object owner = { .uid = stat.stx_uid, .gid = stat.stx_gid };

	if (!stage_is_told(request, &owner) ||
	    !id_map_to_host(&userns->uids, stat.stx_uid, &owner.uid) ||
	    !id_map_to_host(&userns->gids, stat.stx_gid, &owner.gid))
		return false;
	*ret_stat = (struct inode_stat){
		.owner = owner,
		.device = makedev(stat.stx_dev_major, stat.stx_dev_minor),
		.number = stat.stx_ino,
	};
	return true;
}
