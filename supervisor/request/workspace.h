/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_WORKSPACE_H
#define NSXATTR_REQUEST_WORKSPACE_H

/* What the requests of one thread share, one after the other: caches, stand-ins, buffers. */

#include <linux/limits.h>
#include <stdbool.h>

#include "base/labelling.h"
#include "base/outer.h"
#include "exec/standin.h"
#include "request/decode.h"
#include "request/target.h"

struct changes;
struct deputies;
struct labels;
struct mounts;
struct userns_cache;
struct walk_space;

/** struct workspace_config - what the workspaces of an engine share; all that is pointed to is borrowed */
struct workspace_config {
	int procfs; /* of proc_open() */
	enum standin_kind standins;
	const struct probe *probe; /* tells who a target is; NULL: /proc does */
	const struct labelling *labelling; /* NULL: the kernel does not label processes */
	struct changes *changes; /* under way in all workspaces */
	struct deputies *deputies; /* of all workspaces */
	bool is_guarded; /* the kernel checks who changes security.*, as guard_find() says */
};

/** struct workspace - of one thread */
struct workspace {
	struct workspace_config config;
	struct targets *targets;
	struct userns_cache *usernses;
	struct standins *standins;
	struct walk_space *walk_space;
	struct list_space *list_space;
	struct mounts *mounts;
	struct labels *labels; /* NULL: no module of the kernel labels processes */
	int fd_directory;
	int descriptors_enough; /* with as many open, nothing is kept of targets */
	struct outer outer;
	struct credential ours;
	bool has_xattrat; /* of xattrat_is_there() */
	struct call_order order;
	struct identity identity;
	char label[LABEL_SIZE]; /* of the target, if it is not ours */
	char name[NAME_SIZE];
	char path[PATH_MAX];
	char value[XATTR_SIZE_MAX];
	bool wants_values; /* a value is read together with the name: that of the last set was needed */
};

/**
 * workspace_new() - one for a thread
 * @ret_workspace: the caller's
 *
 * Return: 0; -errno, a message has been logged.
 */
int workspace_new(const struct workspace_config *config, struct workspace **ret_workspace);

/**
 * workspace_forget() - let go of all that was learnt of targets
 *
 * The workspace keeps it for speed only, and no longer than a thread has requests.
 */
void workspace_forget(struct workspace *workspace);

/** workspace_free() - NULL is accepted. */
void workspace_free(struct workspace *workspace);

#endif
