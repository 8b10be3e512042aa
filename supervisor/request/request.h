/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_REQUEST_H
#define NSXATTR_REQUEST_REQUEST_H

/*
 * One request's way, from the notification to what the target will see:
 *
 *   decode	which call, which arguments			syscalls.c decode.c
 *   read	name, path and value from its memory, once	memory.c
 *   identify	user namespace and credential			target.c userns.c
 *   decide	what the policy says of the name		policy/access.c
 *   resolve	the inode, pinned				resolve.c walk.c
 *   authorize	may the subject do it				policy/access.c
 *   execute	the operation on the stored names		exec/store.c
 *   deliver	value or list into the target's memory		memory.c
 *
 * request_run() alone calls the stages. The outcome is EPERM from birth until a stage earns a better
 * one. After resolve the notification is checked: all that was read until then was the target's.
 */

#include <linux/seccomp.h>

#include "access.h"
#include "exec/standin.h"

struct policy;
struct workspace;

/**
 * workspace_new() - what requests of one listener share: caches, stand-ins, buffers
 * @policy: outlives the workspace
 * @listener: borrowed
 * @procfs: of proc_open(), borrowed
 * @kind: of its stand-ins
 * @ret_workspace: the caller's, for one thread
 *
 * Return: 0; -errno, a message has been logged.
 */
int workspace_new(const struct policy *policy, int listener, int procfs, enum standin_kind kind,
		  struct workspace **ret_workspace);

/** workspace_free() - NULL is accepted. */
void workspace_free(struct workspace *workspace);

/**
 * request_run() - walk a request through its stages
 * @workspace: of this thread
 * @notification: as received
 *
 * Return: what the target will see. It never fails: what fails on our side is EPERM for the target.
 */
struct outcome request_run(struct workspace *workspace, const struct seccomp_notif *notification);

#endif
