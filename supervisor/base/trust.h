/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_TRUST_H
#define NSXATTR_BASE_TRUST_H

/**
 * trust_path() - can only root, and the user who we are, change what is found under a path?
 * @path: absolute; symbolic links are followed
 *
 * That is so if the file and all directories on the way to it belong to root or to us, and no other user may
 * write them; a directory like /tmp will do, where others may write but not replace what is ours.
 *
 * Return: 0; -EPERM; -errno when it cannot be looked at.
 */
int trust_path(const char *path);

#endif
