/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_FOREIGN_H
#define NSXATTR_REQUEST_FOREIGN_H

/*
 * File systems that serve a target and refuse the supervisor: those that a process of the target's
 * namespace has mounted by FUSE. The kernel passes the calls of their mounter's namespace on to the FUSE
 * server, and no others.
 *
 * That the kernel refuses is found out without the server: fuse_getattr() and fuse_statfs() of the kernel
 * look at the caller before they ask it.
 */

#include <stdbool.h>

/** foreign_is() - is the inode of this descriptor on such a file system? */
bool foreign_is(int fd);

/** foreign_has_refused() - did this errno of a call on the inode come from the kernel for that reason? */
bool foreign_has_refused(int fd, int error);

/**
 * foreign_compare() - are these two descriptors of one mount the same inode?
 *
 * By what the kernel itself has for an inode of FUSE as long as it is in memory. No server is asked.
 *
 * Return: 0; -errno: it cannot be told; then @ret_is_same is false.
 */
int foreign_compare(int left, int right, bool *ret_is_same);

#endif
