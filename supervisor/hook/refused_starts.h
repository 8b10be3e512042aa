/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_REFUSED_STARTS_H
#define NSXATTR_HOOK_REFUSED_STARTS_H

/*
 * Containers that a hook has refused to start. What the hook says often goes nowhere: podman prints an exit status. So
 * it is kept until the next boot, for 'nsxattr status' and 'nsxattr doctor', whether nsxattrd runs or not.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Those of one user that are told, the newest ones; and of all users. */
#define REFUSED_STARTS_OF_USER 8
#define REFUSED_STARTS_MAX 64

/** struct refused_start - one of them */
struct refused_start {
	int64_t time; /* CLOCK_REALTIME, seconds */
	uid_t user; /* whose hook it was */
	char *container; /* "": not known */
	char *reason;
};

/** struct refused_starts - the oldest first */
struct refused_starts {
	uid_t reader; /* whose own are not dropped for those of others */
	struct refused_start all[REFUSED_STARTS_MAX];
	size_t count;
};

/**
 * refused_starts_keep() - note that this user's container does not start; what cannot be kept is not
 * @container: NULL: it is not known
 */
void refused_starts_keep(const char *container, const char *reason);

/** refused_starts_read() - those that this user may know: root all, others their own; refused_starts_done() them */
void refused_starts_read(struct refused_starts *ret_starts);

/** refused_starts_done() - release them; a zeroed one is accepted. */
void refused_starts_done(struct refused_starts *starts);

/* ---- the same of a folder, for tests ---- */

/** refused_starts_keep_in() - @folder: for openat(2). Return: 0; -EPERM: what is there is not only ours; -errno. */
int refused_starts_keep_in(int folder, const char *container, const char *reason);

/**
 * refused_starts_add_from() - add those that lie there
 * @owner: whose its files have to be
 * @user: as whose they are shown
 */
void refused_starts_add_from(int folder, uid_t owner, uid_t user, struct refused_starts *starts);

#endif
