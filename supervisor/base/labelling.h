/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_LABELLING_H
#define NSXATTR_BASE_LABELLING_H

/*
 * The module of the kernel that labels processes and files, and decides by labels what a process may do to a
 * file: SELinux, or Smack. Other modules have nothing to say to attribute calls: AppArmor, TOMOYO, Landlock.
 *
 * The kernel decides by the label of the process that makes a call. Where that is one of ours and the target
 * has another label, SELinux is asked what it says of the target's label. Smack is not asked.
 */

#include <stdbool.h>
#include <stdint.h>

/* Room for a label and a NUL. The kernel allows longer ones; processes that have such are not served. */
#define LABEL_SIZE 256

/** struct labelling - is there such a module, and where can it be asked? */
struct labelling {
	bool is_active;
	int directory; /* O_PATH, of selinuxfs; -1: it cannot be asked */
};

/**
 * labelling_open() - find out, while paths lead to /proc and /sys
 * @ret_labelling: the descriptor is the caller's
 */
void labelling_open(struct labelling *ret_labelling);

/* What the kernel may be asked about. The names are those of SELinux. */
enum label_class {
	LABEL_FILE,
	LABEL_DIR,
	LABEL_LNK_FILE,
	LABEL_CHR_FILE,
	LABEL_BLK_FILE,
	LABEL_FIFO_FILE,
	LABEL_CLASSES,
};

enum label_right {
	LABEL_GETATTR = 1 << 0, /* get and list attributes */
	LABEL_SETATTR = 1 << 1, /* set and remove attributes */
	LABEL_READ = 1 << 2, /* get user.*; follow a symbolic link */
	LABEL_WRITE = 1 << 3, /* set and remove user.* */
	LABEL_SEARCH = 1 << 4, /* search a directory */
};

/** struct labelling_state - what says whether an answer is still true */
struct labelling_state {
	uint32_t sequence; /* another one after each change of the policy, or of is_enforcing */
	bool is_enforcing;
};

/** labelling_read_state() - Return: 0; -errno. */
int labelling_read_state(int directory, struct labelling_state *ret_state);

/** labelling_class_name() - the name of a class, for a message */
const char *labelling_class_name(enum label_class class);

/**
 * labelling_ask() - what may a process with one label do to a file with another?
 * @directory: of struct labelling
 * @subject: the label of the process
 * @object: the label of the file
 * @class: what kind of file it is
 * @ret_rights: enum label_right, combined
 *
 * A process whose label is one of a permissive domain has all rights.
 *
 * Return: 0; -errno: of selinuxfs; -EPROTO: the answer is not understood.
 */
int labelling_ask(int directory, const char *subject, const char *object, enum label_class class,
		  unsigned int *ret_rights);

#endif
