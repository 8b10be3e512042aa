/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_TARGET_H
#define NSXATTR_REQUEST_TARGET_H

/*
 * What /proc, or the probe in its stead, says of a target thread. Besides this file only request/witness.c opens
 * /proc/TID of one.
 *
 * Descriptors of a thread are kept between its calls. They are bound to that thread: once it has
 * ended, reading through them fails with ESRCH, whichever thread has its number then; the probe, which begins
 * at /proc/TID too, says the same. The groups, ids and capabilities are read afresh for each call, for
 * nothing tells us when they change. So it is with its directories: a descriptor of one is used again if
 * the probe has just said that it is still right.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/credential.h"
#include "base/fd.h"
#include "base/labelling.h"
#include "base/probe.h"

/**
 * struct own_entry - where a process finds its descriptors, in the instance of procfs that it has last used
 *
 * request/own_entry.c finds it out. All this stays so as long as the process lives. That a directory is one of
 * these is told by the numbers of its device and inode, which are no other's as long as we have it open.
 */
struct own_entry {
	int root; /* of the instance; -1: nothing is known */
	dev_t device; /* of the instance */
	ino_t root_inode;
	int theirs; /* its directory fd, in the instance */
	ino_t inode; /* of that */
	int ours; /* the same on our procfs; -1: we may not search it */
	pid_t number; /* of the process, in the instance */
};

/** struct target - one thread; the descriptors are this module's */
struct target {
	pid_t tid;
	int procfs; /* our procfs, borrowed */
	int proc; /* /proc/TID */
	/* What follows is opened when it is first needed, and -1 until then. */
	int status; /* /proc/TID/status */
	int label; /* /proc/TID/attr/current */
	int userns; /* the link /proc/TID/ns/user itself */
	int pidfd;
	pid_t process; /* before Linux 6.9: whose pidfd it is */
	int kept[PROBE_PLACES]; /* O_PATH descriptors of its directories, or -1 */
	bool is_placed; /* for this call, what is kept was found to be right */
	bool is_lasting[PROBE_PLACES]; /* this directory may be kept */
	uint64_t mounts[PROBE_PLACES]; /* of what is kept, as in struct search_start */
	unsigned int stayed; /* how many searches in a row have ended on the mount where they began */
	struct own_entry own;
	uint64_t last_used;
};

struct targets;

/**
 * targets_new() - an empty table
 * @procfs: of proc_open(), borrowed
 * @probe: tells who a thread is, borrowed; NULL: /proc does
 *
 * Return: 0; -ENOMEM.
 */
int targets_new(int procfs, const struct probe *probe, struct targets **ret_targets);

/** targets_clear() - close everything that is kept. */
void targets_clear(struct targets *targets);

/** targets_free() - close everything; NULL is accepted. */
void targets_free(struct targets *targets);

/** struct identity - who a target is at the time of a call */
struct identity {
	uint64_t userns; /* the inode number of its user namespace */
	struct credential credential;
};

/* How much of a credential is asked for: the ids and groups cost more than all else together. */
enum identity_extent {
	IDENTITY_CAPABILITIES, /* only credential.capabilities is set; no path is searched */
	IDENTITY_WHOLE,
};

/**
 * targets_identify() - find the thread of a notification and read who it is now
 * @targets: the table
 * @tid: its number in our pid namespace
 * @extent: how much is needed
 * @ret_target: the thread, valid until the next targets_identify()
 * @ret_identity: who it is
 *
 * Return: 0; -ESRCH when there is no such thread; -E2BIG when it has more groups than we keep;
 * other -errno of open(2) and read(2).
 */
int targets_identify(struct targets *targets, pid_t tid, enum identity_extent extent,
		     struct target **ret_target, struct identity *ret_identity);

/** target_forget_own_entry() - let go of what is known of it */
void target_forget_own_entry(struct target *target);

/** target_read_label() - its security label now. Return: 0; -ERANGE: it is too long; -ESRCH; -errno. */
int target_read_label(struct target *target, char label[LABEL_SIZE]);

/** struct target_ids - of a thread, as the host has them */
struct target_ids {
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid;
};

/** target_read_ids() - its real, effective and saved ids now. Return: 0; -ESRCH; -errno. */
int target_read_ids(struct target *target, struct target_ids *ret_ids);

#define TARGET_COMMAND_SIZE 64

/** struct target_process - of which process a thread is, by numbers and ids of the host */
struct target_process {
	pid_t process;
	uid_t uid; /* the real one */
	char command[TARGET_COMMAND_SIZE]; /* what the thread calls itself: any bytes */
};

/** target_read_process() - of a thread by its number, which can be another thread's by now. Return: 0; -ESRCH; -errno. */
int target_read_process(int procfs, pid_t tid, struct target_process *ret_process);

/** target_open_mounts() - the mounts of its mount namespace, as proc_pid_mountinfo(5) has them. Return: it; -errno. */
int target_open_mounts(const struct target *target);

/** target_open_userns() - a descriptor of its user namespace. Return: it; -errno. */
int target_open_userns(const struct target *target);

/** target_open_mount_namespace() - a descriptor of its mount namespace. Return: it; -errno. */
int target_open_mount_namespace(const struct target *target);

/** target_open_place() - an O_PATH descriptor of one of its directories. Return: it; -errno. */
int target_open_place(const struct target *target, enum probe_place place);

/** struct search_start - a directory where a search begins, until the next targets_identify() */
struct search_start {
	int fd;
	int owned; /* the same, or -1 when it is the target's */
	uint64_t mount; /* its unique id; 0: it is not known, or on a procfs */
};

#define SEARCH_START_NONE ((struct search_start){ .fd = -1, .owned = -1 })
#define _cleanup_start_ __attribute__((cleanup(search_start_done)))

static inline void search_start_done(struct search_start *start)
{
	fd_close(&start->owned);
}

/** target_find_place() - one of its directories, only to search from. Return: 0; -errno. */
int target_find_place(struct target *target, enum probe_place place,
		      struct search_start *ret_start);

/**
 * target_take_descriptor() - a duplicate of one of its descriptors
 * @ret_is_opened: false: an O_PATH descriptor of the same file instead
 *
 * Return: it; -EBADF when it has no such descriptor; other -errno.
 */
int target_take_descriptor(struct target *target, int number, bool *ret_is_opened);

#endif
