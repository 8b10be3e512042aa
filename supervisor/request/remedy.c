/* SPDX-License-Identifier: Apache-2.0 */
#include "request/remedy.h"

#include <errno.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "access.h"
#include "base/fd.h"
#include "base/log.h"
#include "exec/inode.h"
#include "exec/performer.h"

#define PATH_SHOWN_MAX 256

/* An overlay mounted in a user namespace asks its upper layer with the mounter's credentials. */
static bool is_overlay(const struct performer *performer)
{
	struct statfs statfs;

	return fstatfs(performer->inode->fd, &statfs) == 0 &&
	       statfs.f_type == OVERLAYFS_SUPER_MAGIC;
}

/* Then the overlay cannot copy the file up, whatever is to be changed in it. */
static bool has_stored_security(const struct performer *performer)
{
	static const enum store store = STORE_SECURITY;
	_cleanup_free_ char *names = malloc(XATTR_LIST_MAX);
	ssize_t length = names ? performer_list(performer, names, XATTR_LIST_MAX) : 0;
	struct stored_name stored;
	size_t step;

	for (ssize_t at = 0; at < length; at += (ssize_t)step + 1) {
		step = strnlen(names + at, (size_t)(length - at));
		if (name_split_stored(store, names + at, step, &stored) &&
		    !name_is_trusted(names + at, step))
			return true;
	}
	return false;
}

static const char *remedy_on_overlay(enum store store, const struct performer *performer)
{
	if (has_stored_security(performer))
		return "an overlay mounted in a user namespace changes no file of its lower layer that "
		       "has values in security.*; those of 'store: trusted' and 'store: user' are not in "
		       "the way, and 'store: user' has values on the overlay, too";
	if (store == STORE_USER)
		return NULL;
	return "an overlay mounted in a user namespace takes no security.* or trusted.* from "
	       "anybody; 'store: user' keeps them in user.*";
}

/* What the store lacks is said where it was the kernel, or the kind of the file, that has refused, and nothing else. */
static const char *remedy_for(const struct remedy_case *about)
{
	enum store store = about->store;

	if (about->outcome->reason == REASON_KIND)
		return "values kept in user.* need a regular file or a directory; for others "
		       "'store: security' does, or 'store: trusted'";
	if (about->outcome->reason != REASON_KERNEL)
		return NULL;
	if (about->outcome->error == EPERM)
		return is_overlay(about->performer) ? remedy_on_overlay(store, about->performer) :
						      NULL;
	switch (store) {
	case STORE_USER:
		return "this file system has no user.* attributes, in which values are kept; "
		       "'store: security' does without, or 'store: trusted'";
	case STORE_TRUSTED:
		return "this file system has no trusted.* attributes; 'store: user' or 'store: security' "
		       "may do";
	case STORE_SECURITY:
	default:
		return "this file system has no security.* or trusted.* attributes; 'store: user' may "
		       "do";
	}
}

void remedies_init(struct remedies *remedies)
{
	*remedies = (struct remedies){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

/* With the lock held. Where there is room for no more, the log has enough lines. */
static bool is_known(const struct remedies *remedies, dev_t device)
{
	for (size_t i = 0; i < remedies->count; i++)
		if (remedies->devices[i] == device)
			return true;
	return remedies->count == REMEDIES_MAX;
}

/* Is the file system a new one? @adds: then it is one no more: another thread may have been faster. */
static bool is_new(struct remedies *remedies, dev_t device, bool adds)
{
	pthread_mutex_lock(&remedies->lock);
	bool was_known = is_known(remedies, device);

	if (!was_known && adds)
		remedies->devices[remedies->count++] = device;
	pthread_mutex_unlock(&remedies->lock);
	return !was_known;
}

static void say(const struct remedy_case *about, const char *remedy)
{
	char path[PATH_SHOWN_MAX];

	inode_show_path(about->performer, path, sizeof(path));
	log_limited(about->log_source, LOG_WARNING, "%s%s: %s cannot be set: %s", about->label,
		    path, about->name, remedy);
}

void remedy_note(struct remedies *remedies, const struct remedy_case *about)
{
	int error = about->outcome->error;
	struct stat stat;

	if ((error != EOPNOTSUPP && error != EPERM) ||
	    fstat(about->performer->inode->fd, &stat) < 0 || !is_new(remedies, stat.st_dev, false))
		return;
	const char *remedy = remedy_for(about);

	if (remedy && is_new(remedies, stat.st_dev, true))
		say(about, remedy);
}
