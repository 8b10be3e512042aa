/* SPDX-License-Identifier: Apache-2.0 */
#include "request/workspace.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/syscalls.h"
#include "exec/attribute_call.h"
#include "exec/deputies.h"
#include "exec/label.h"
#include "exec/mount.h"
#include "exec/standin.h"
#include "exec/store.h"
#include "request/userns.h"
#include "request/walk.h"

void workspace_forget(struct workspace *workspace)
{
	targets_clear(workspace->targets);
	standins_clear(workspace->standins);
	userns_cache_clear(workspace->usernses);
	mounts_clear(workspace->mounts);
}

static int fill_workspace(struct workspace *workspace)
{
	const struct workspace_config *config = &workspace->config;
	int procfs = config->procfs;
	int r = attribute_open_directory(procfs, &workspace->fd_directory);

	if (r == 0)
		r = userns_cache_new(procfs, deputies_forker(config->deputies),
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
	r = targets_new(procfs, config->probe, &workspace->targets);
	if (r < 0)
		return r;
	r = standins_new(config->standins, config->deputies, &workspace->standins);
	if (r < 0) {
		log_error("io_uring is not available: %s (see %s)", strerror(-r),
			  r == -EACCES ? "what the security modules of the kernel forbid" :
					 "kernel.io_uring_disabled");
		return r;
	}
	workspace->walk_space = walk_space_new();
	workspace->list_space = list_space_new();
	workspace->mounts = mounts_new();
	return workspace->walk_space && workspace->list_space && workspace->mounts ? 0 : -ENOMEM;
}

static int find_labels(struct workspace *workspace)
{
	const struct labelling *labelling = workspace->config.labelling;

	if (!labelling || !labelling->is_active)
		return 0;
	int r = labels_new(labelling, workspace->config.procfs, workspace->fd_directory,
			   &workspace->labels);

	if (r < 0)
		log_error("cannot tell our own security label: %s", strerror(-r));
	return r;
}

/* Three quarters of those that there may be. */
static int descriptors_enough(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	return (int)(limit.rlim_cur - limit.rlim_cur / 4);
}

int workspace_new(const struct workspace_config *config, struct workspace **ret_workspace)
{
	struct workspace *workspace = calloc(1, sizeof(*workspace));

	if (!workspace)
		return -ENOMEM;
	workspace->config = *config;
	workspace->fd_directory = -1;
	workspace->has_xattrat = xattrat_is_there();
	call_order_learn(&workspace->order);
	workspace->descriptors_enough = descriptors_enough();
	int r = fill_workspace(workspace);

	if (r == 0)
		r = find_labels(workspace);
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
	labels_free(workspace->labels);
	fd_close(&workspace->fd_directory);
	free(workspace);
}
