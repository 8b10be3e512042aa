/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/xattrat.h"
#include "exec/helpers.h"
#include "exec/mount.h"
#include "exec/standin.h"
#include "exec/store.h"
#include "request/stage.h"
#include "request/userns.h"
#include "request/walk.h"

void workspace_forget(struct workspace *workspace)
{
	targets_clear(workspace->targets);
	standins_clear(workspace->standins);
	userns_cache_clear(workspace->usernses);
	mounts_clear(workspace->mounts);
}

static int fill_workspace(struct workspace *workspace, int procfs, enum standin_kind kind,
			  const struct probe *probe)
{
	int r = inode_open_directory(procfs, &workspace->fd_directory);

	if (r == 0)
		r = userns_cache_new(procfs, helpers_forker(workspace->helpers),
				     &workspace->usernses);
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

/* Three quarters of those that there may be. */
static int descriptors_enough(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	return (int)(limit.rlim_cur - limit.rlim_cur / 4);
}

int workspace_new(int procfs, enum standin_kind kind, const struct probe *probe,
		  struct changes *changes, struct helpers *helpers, bool is_guarded,
		  struct workspace **ret_workspace)
{
	struct workspace *workspace = calloc(1, sizeof(*workspace));

	if (!workspace)
		return -ENOMEM;
	workspace->fd_directory = -1;
	workspace->changes = changes;
	workspace->helpers = helpers;
	workspace->probe = probe;
	workspace->procfs = procfs;
	workspace->is_guarded = is_guarded;
	workspace->has_xattrat = xattrat_is_there();
	call_order_learn(&workspace->order);
	workspace->descriptors_enough = descriptors_enough();
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
