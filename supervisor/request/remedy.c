/* SPDX-License-Identifier: Apache-2.0 */
#include "request/remedy.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/log.h"
#include "exec/inode.h"

/* An overlay mounted in a user namespace asks its upper layer with the mounter's credentials. */
static bool is_overlay(const struct pinned *inode)
{
	struct statfs statfs;

	return fstatfs(inode->fd, &statfs) == 0 && statfs.f_type == OVERLAYFS_SUPER_MAGIC;
}

static const char *remedy_for(enum store store, const struct pinned *inode, int error)
{
	if (store == STORE_USER && error == EOPNOTSUPP)
		return "values kept in user.* need a regular file or a directory on a file system that "
		       "has user.*; for others 'store: security' does";
	if (store == STORE_SECURITY && error == EPERM && is_overlay(inode))
		return "an overlay mounted in a user namespace takes no security.* or trusted.* from "
		       "anybody; 'store: user' keeps them in user.*";
	if (store == STORE_SECURITY && error == EOPNOTSUPP)
		return "this file system has no security.* or trusted.* attributes; 'store: user' may do";
	return NULL;
}

void remedies_init(struct remedies *remedies)
{
	*remedies = (struct remedies){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

/* With the lock held. */
static bool was_said(struct remedies *remedies, dev_t device)
{
	for (size_t i = 0; i < remedies->count; i++)
		if (remedies->devices[i] == device)
			return true;
	if (remedies->count == REMEDIES_MAX)
		return true;
	remedies->devices[remedies->count++] = device;
	return false;
}

void remedy_note(struct remedies *remedies, enum store store, const struct pinned *inode, int error)
{
	struct stat stat;

	if (error != EOPNOTSUPP && error != EPERM)
		return;
	const char *remedy = remedy_for(store, inode, error);

	if (!remedy || fstat(inode->fd, &stat) < 0)
		return;
	pthread_mutex_lock(&remedies->lock);
	bool is_old = was_said(remedies, stat.st_dev);

	pthread_mutex_unlock(&remedies->lock);
	if (is_old)
		return;
	log_warning("device %u:%u: %s", major(stat.st_dev), minor(stat.st_dev), remedy);
}
