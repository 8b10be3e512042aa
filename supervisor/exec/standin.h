/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_STANDIN_H
#define NSXATTR_EXEC_STANDIN_H

/*
 * A stand-in makes system calls with the credentials of a target, so that the kernel itself decides
 * what the target may do. There are two kinds with the same answers:
 *
 *   personality	registered on our ring by a child that has taken on the credentials; the ring
 *			then opens paths with them. The quick one.
 *   process		a deputy: a child that has taken on the credentials, opens paths on request and
 *			sends the descriptors back. Where io_uring is not available, and for calls that a
 *			ring cannot make.
 *
 * Stand-ins are kept and found by credential; each kind is made when it is first needed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/credential.h"
#include "base/share.h"

struct attribute_call;
struct call_queue;
struct deputies;
struct open_how;
struct statx;

struct standin;
struct standins;

enum standin_kind {
	STANDIN_ANY, /* personalities where io_uring is available, else processes */
	STANDIN_PERSONALITY,
	STANDIN_PROCESS,
};

/**
 * standins_new() - an empty collection
 * @kind: how its stand-ins open paths
 * @deputies: borrowed
 * @ret_standins: the collection
 *
 * Return: 0; with STANDIN_PERSONALITY -errno of io_uring_setup(2), or -EACCES: ring_may_assume() says no.
 */
int standins_new(enum standin_kind kind, struct deputies *deputies, struct standins **ret_standins);

/** standins_clear() - end those that there are. */
void standins_clear(struct standins *standins);

/** standins_free() - end all of them; NULL is accepted. */
void standins_free(struct standins *standins);

/**
 * standins_find() - the stand-in for a credential in a user namespace
 * @standins: the collection
 * @inode: the namespace's inode number
 * @credential: the credential
 *
 * Return: the stand-in, valid until the next standins_add(); NULL: there is none yet.
 */
struct standin *standins_find(struct standins *standins, uint64_t inode,
			      const struct credential *credential);

/**
 * standins_add() - one more
 * @standins: the collection
 * @holder: whose it is; copied
 * @inode: of the namespace
 * @credential: by which it will be found
 * @change: how a process comes to have it; copied, its descriptors too
 * @ret_standin: as of standins_find()
 *
 * Return: 0; -errno.
 */
int standins_add(struct standins *standins, const struct share_holder *holder, uint64_t inode,
		 const struct credential *credential, const struct credential_change *change,
		 struct standin **ret_standin);

/**
 * standin_may_be() - can it be this process that makes the calls?
 *
 * The kernel grants a process more below its own entry in procfs than its credentials say.
 */
bool standin_may_be(const struct standin *standin, pid_t process);

/** standin_fsuid() - the host uid that it has for the file system */
uid_t standin_fsuid(const struct standin *standin);

/**
 * standin_open() - openat2(2) as the target
 * @standin: who
 * @base: the directory
 * @path: relative to @base; a path that begins with '/' too, so give RESOLVE_IN_ROOT with it
 * @how: as for openat2(2)
 * @ret_fd: the descriptor, the caller's
 *
 * Return: 0; a positive errno that the target would get; -errno of our own failure.
 */
int standin_open(struct standin *standin, int base, const char *path, const struct open_how *how,
		 int *ret_fd);

/**
 * standin_personality() - the number that it has on a queue, where it is registered if it is not yet
 *
 * Return: it; -EOPNOTSUPP: it opens paths by a process; other -errno of our own failure.
 */
int standin_personality(const struct standin *standin, struct call_queue *queue);

/**
 * standin_call() - an attribute call as the target
 * @standin: who
 * @call: the call; its size is at most XATTR_SIZE_MAX
 * @ret_length: of a get or list: the call's result
 *
 * Return: 0; a positive errno that the target would get; -errno of our own failure.
 */
int standin_call(struct standin *standin, const struct attribute_call *call, size_t *ret_length);

/**
 * standin_stat() - statx(2) as the target, of what refuses it to us
 * @fd: any descriptor
 * @ret_stat: the basic members and the mount's number; ids are those of its namespace
 *
 * Return: as standin_call().
 */
int standin_stat(struct standin *standin, int fd, struct statx *ret_stat);

/**
 * standin_read_link() - readlink(2) as the target
 * @fd: of the symbolic link itself
 * @text: where its text goes, with a NUL; @size bytes
 *
 * Return: as standin_call().
 */
int standin_read_link(struct standin *standin, int fd, char *text, size_t size);

#endif
