/* SPDX-License-Identifier: Apache-2.0 */
/* The stages about the call. A call that fails executes nothing: then the kernel's answer is all that there is. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "exec/inode.h"
#include "judge/fence.h"
#include "judge/stage.h"
#include "request/userns.h"

/* @result: of a function below the stages: 0, a positive errno of the call, or -errno of our own. */
static bool go_on(struct judgement *judgement, int result, const char *what)
{
	bool is_ours = result < 0 && stage_still_waits(judgement->request.reception);

	judgement->is_refused = is_ours && judgement_has_gate(judgement);
	if (is_ours)
		log_limited(judgement->request.client->log_source, LOG_WARNING,
			    "%swhat thread %d executes was %s: cannot %s: %s",
			    judgement->judge->config.label, judgement->call.tid,
			    judgement->is_refused ? "refused" : "not looked at", what,
			    strerror(-result));
	return result == 0;
}

bool exec_decode(struct judgement *judgement)
{
	int r = exec_call_decode(&judgement->request.slot->notification, &judgement->call);

	judgement->request.call.tid = judgement->call.tid;
	return go_on(judgement, r, "read its arguments");
}

static bool is_watched(const struct judgement *judgement)
{
	const struct client *client = judgement->request.client;

	return watch_is_for(client->watch, client->holder.user);
}

static bool has_path(const struct exec_call *call)
{
	return !call->is_descriptor && !call->is_cwd;
}

bool exec_read_path(struct judgement *judgement)
{
	char *path = judgement->request.workspace->path;
	bool is_read =
		go_on(judgement, exec_call_read_path(&judgement->call, path), "read its path");

	if (is_read && has_path(&judgement->call) && is_watched(judgement))
		announced_file_note(&judgement->announced, path);
	return is_read;
}

/* In a namespace that is not the container's own nothing would be refused. */
static bool is_surrounded(const struct judgement *judgement)
{
	const struct userns *userns =
		(const struct userns *)access_container(judgement->request.subject.userns);

	return !judgement_has_gate(judgement) ||
	       fence_surrounds(judgement->judge->config.fence, userns->inode);
}

bool exec_identify(struct judgement *judgement)
{
	int r = stage_identify(&judgement->request, IDENTITY_WHOLE);

	return go_on(judgement, r, "learn its identity") &&
	       go_on(judgement, is_surrounded(judgement) ? 0 : -EXDEV,
		     "have it refused in a user namespace that is not the container's");
}

/* Where the target says no path: the file's own. */
static void note_pinned(struct judgement *judgement)
{
	char path[PATH_MAX];

	if (has_path(&judgement->call) || !is_watched(judgement))
		return;
	inode_show_path(&judgement->request.performer, path, sizeof(path));
	announced_file_note(&judgement->announced, path);
}

bool exec_pin(struct judgement *judgement)
{
	const struct exec_call *call = &judgement->call;
	struct request *request = &judgement->request;

	request->call.dirfd = call->dirfd;
	request->call.is_descriptor = call->is_descriptor;
	request->call.is_cwd = call->is_cwd;
	request->call.follow = call->follow;
	if (!go_on(judgement, stage_pin(request), "find its file"))
		return false;
	/* The kernel executes what an O_PATH descriptor leads to as well, but gives no attribute by it. */
	request->inode.is_opened = request->inode.is_opened && call->maps;
	note_pinned(judgement);
	return stage_still_waits(request->reception);
}
