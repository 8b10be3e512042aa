/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/share.h"
#include "cli/live_process.h"
#include "exec/deputies.h"
#include "exec/pinned.h"
#include "exec/standin.h"
#include "request/descent.h"
#include "request/resolve.h"
#include "request/resolver.h"
#include "request/userns.h"
#include "request/walk.h"

/** struct means - what a search takes */
struct means {
	struct deputies *deputies;
	struct standins *standins;
	struct walk_space *space;
};

static int means_init(struct means *means, const struct live_process *process)
{
	int r = deputies_new(process->forker, process->procfs, &means->deputies);

	if (r == 0)
		r = standins_new(STANDIN_PROCESS, means->deputies, &means->standins);
	means->space = walk_space_new();
	return r == 0 && !means->space ? -ENOMEM : r;
}

static void means_done(struct means *means)
{
	free(means->space);
	standins_free(means->standins);
	deputies_free(means->deputies);
}

static int make_standin(const struct live_process *process, struct standins *standins,
			struct standin **ret_standin)
{
	const struct credential *credential = &process->identity.credential;
	const struct share_holder nobody = { 0 };
	struct credential_change change;
	struct credential ours;
	int r = credential_get(&ours);

	if (r == 0)
		r = descent_plan(&ours, process->userns, credential, &change);
	return r < 0 ? r :
		       standins_add(standins, &nobody, process->userns->inode, credential, &change,
				    ret_standin);
}

int live_path_open(const struct live_process *process, const char *path,
		   const struct label_view *label, int *ret_fd)
{
	__attribute__((cleanup(means_done))) struct means means = { 0 };
	struct pinned inode = { .fd = -1 };
	struct standin *standin = NULL;
	int r = means_init(&means, process);

	if (r == 0)
		r = make_standin(process, means.standins, &standin);
	if (r < 0)
		return r;
	const struct resolver resolver = {
		.target = process->target,
		.standin = standin,
		.space = means.space,
		.uids = &live_process_ids(process)->uids,
		.label = label,
	};

	r = resolve_path(&resolver, AT_FDCWD, path, false, &inode);
	if (r == 0)
		*ret_fd = inode.fd;
	return r;
}
