/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inode is a memfd: it is on a file system of the kernel's own, which no namespace has mounted, so that root of a
 * user namespace is refused there, too. That it has room for attributes of security.* a set without a
 * capability does not tell; a refusal that comes from somewhere else, such as a security module that refuses all
 * of them, is one on which we can rely just as well.
 */
#include "exec/guard.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#include "base/credential.h"
#include "base/fd.h"

/* Nothing of ours has such a name. */
#define NAME "security.nsxattr@"

static bool refuses(int fd)
{
	if (fsetxattr(fd, NAME, "", 0, 0) == 0 || errno != EPERM)
		return false;
	return fremovexattr(fd, NAME) < 0 && errno == EPERM;
}

bool guard_find(enum guard_use use)
{
	if (use == GUARD_NEVER)
		return false;
	_cleanup_fd_ int fd = memfd_create("nsxattr", MFD_CLOEXEC);

	if (fd < 0 || credential_set_effective(CAP_SYS_ADMIN, false) < 0)
		return false;
	bool is_refused = refuses(fd);

	/* What was lowered is permitted still; without privilege there was nothing to lower. */
	(void)credential_set_effective(CAP_SYS_ADMIN, true);
	return is_refused;
}

const char *guard_warning(void)
{
	return "this kernel lets every user set and remove security.* attributes (before Linux 6.10, where "
	       "'bpf' is in /sys/kernel/security/lsm): nsxattr makes the check for what it supervises, which is "
	       "slower, but other processes of the host can change these attributes; remedy: Linux 6.10 or "
	       "later, or the boot parameter lsm= with that list without 'bpf'; a policy with 'store: trusted' "
	       "keeps values where others cannot change them";
}

const char *guard_io_uring_warning(void)
{
	return "io_uring is allowed inside, and this kernel lets its calls set and remove security.* attributes, "
	       "the host's own, too: forbid it there ('io-uring-in-container: deny')";
}
