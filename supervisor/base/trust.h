/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_TRUST_H
#define NSXATTR_BASE_TRUST_H

/*
 * Can only root, and the user who we are, change what is found under a path?
 *
 * That is so if the file, and all directories and symbolic links on the way to it, belong to root or to us, and no other
 * user may write to them; a directory like /tmp will do, where others may write but not replace what is ours.
 *
 * A directory is searched only if that is true of it, and so is the file that is opened. So no other user can keep
 * us waiting: a FUSE file system of another user's is not asked anything, either.
 */

/** struct trust_fault - room for a sentence: which part of a path others can change, who, and what to do */
struct trust_fault {
	char text[512];
};

/** struct trust_root - where paths begin, for a process whose own root directory is an empty one */
struct trust_root {
	int directory; /* the root directory of before, O_PATH */
	int mounts; /* proc_pid_mountinfo(5) as it was seen from there */
};

/** trust_root_open() - of the root directory that we have now. Return: 0: trust_root_done() it; -errno. */
int trust_root_open(struct trust_root *ret_root);

/** trust_root_done() - close its descriptors, which may be -1 */
void trust_root_done(struct trust_root *root);

/**
 * trust_open() - open a regular file for reading
 * @root: where absolute paths and links begin, and relative ones, too; NULL: where they do for this process
 * @path: symbolic links are followed
 * @ret_fault: of -EPERM
 *
 * Return: a descriptor; -EPERM: others can change it; -EINVAL: it is no regular file; -errno.
 */
int trust_open(const struct trust_root *root, const char *path, struct trust_fault *ret_fault);

/**
 * trust_path() - ask only
 * @path: absolute
 *
 * Return: 0; -EPERM; -errno when it cannot be looked at.
 */
int trust_path(const char *path);

#endif
