/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target with another label than ours is not to get by our hand what the kernel would not give to its label. Where
 * that cannot be told, the kernel answers its calls. It checks an attribute call by the label of the process that makes it:
 *
 *	each directory on the way	search
 *	each symbolic link		read
 *	get, list			getattr
 *	set, remove			setattr
 *	get, set, remove of user.*	read or write, too
 *
 * With a label that is not ours the path is searched component by component, so that each of them can be asked
 * about.
 */
#include <errno.h>

#include "base/log.h"
#include "exec/label.h"
#include "exec/label_rights.h"
#include "request/stage.h"
#include "request/target.h"

/* The kernel's own answer is never more than the target's label allows. */
static bool leave(struct request *request, const char *why)
{
	struct client *client = request->client;

	if (!atomic_exchange(&client->is_label_told, true))
		log_limited(
			client->log_source, LOG_WARNING,
			"%sprocess %d has another security label than nsxattr, and %s: attribute "
			"calls of such processes are left to the kernel",
			client->label, request->call.tid, why);
	return stage_policy_lets_continue(request) ?
		       stage_leave_to_kernel(request, REASON_LABEL) :
		       stage_end(request, outcome_refused(EPERM, REASON_LABEL));
}

bool label_identify(struct request *request)
{
	struct workspace *workspace = request->workspace;
	struct labels *labels = workspace->labels;

	if (!labels)
		return true;
	int r = target_read_label(request->target, workspace->label);

	if (r == 0 && labels_are_ours(labels, workspace->label))
		return true;
	if (r == -ESRCH)
		return stage_go_on(request, r, REASON_FAILURE, "read the label");
	if (r < 0)
		return leave(request, "it cannot be told which");
	if (!labels_begin(labels))
		return leave(request, "the kernel cannot be asked what that one allows (see "
				      "/sys/fs/selinux)");
	request->label = (struct label_view){ labels, workspace->label };
	return true;
}

static unsigned int wanted(const struct request *request)
{
	bool has_name = request->call.kind->operation != OPERATION_LIST;

	return label_rights(call_is_change(&request->call),
			    has_name ? request->workspace->name : NULL);
}

bool label_authorize(struct request *request)
{
	int r = label_check(&request->label, &request->inode, wanted(request));

	if (r == -EOPNOTSUPP)
		return leave(request, "the kernel is not asked about files of this kind");
	return stage_go_on(request, r, REASON_LABEL, "ask what the label allows");
}
