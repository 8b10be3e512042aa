/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_HELPER_H
#define NSXATTR_EXEC_HELPER_H

/*
 * A process that has the credentials of a target and makes system calls for us. It holds nothing
 * but its channel. Requests are made by us, never by a target; a target can stop or kill it.
 */

#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct attribute_call;
struct credential_change;
struct forker;
struct helper;
struct statx;

/** helper_serve() - what it does. See forker_body. */
void helper_serve(int channel, void *argument, const int *fds, size_t fd_count);

/**
 * helper_new() - start one
 * @forker: makes the process
 * @procfs: of proc_open(), used by the child only
 * @change: how it comes to have its credential
 * @ret_helper: the helper
 *
 * Return: 0; -errno.
 */
int helper_new(struct forker *forker, int procfs, const struct credential_change *change,
	       struct helper **ret_helper);

/** helper_pid() - its process number */
pid_t helper_pid(const struct helper *helper);

/**
 * helper_end() - see to it that it ends
 *
 * One that is stuck in a file system may not even be killed. Return: whether it has ended; at once if it has
 * been asked before.
 */
bool helper_end(struct helper *helper);

/** helper_free() - end it; NULL is accepted. */
void helper_free(struct helper *helper);

/**
 * helper_open() - have openat2(2) called
 * @helper: who calls it; of no further use after a negative result
 * @ret_fd: the descriptor, the caller's
 *
 * Return: 0; the positive errno of the call; -EPIPE when the helper has died; other -errno.
 */
int helper_open(struct helper *helper, int base, const char *path, const struct open_how *how,
		int *ret_fd);

/**
 * helper_call() - have an attribute call made
 * @helper: who makes it; of no further use after a negative result
 * @ret_length: of a get or list: the call's result
 *
 * Return: as helper_open().
 */
int helper_call(struct helper *helper, const struct attribute_call *call, size_t *ret_length);

/**
 * helper_stat() - have statx(2) called on a descriptor
 * @ret_stat: the basic members and the mount's number; ids are those of the helper's namespace
 *
 * Return: as helper_open().
 */
int helper_stat(struct helper *helper, int fd, struct statx *ret_stat);

/**
 * helper_read_link() - have readlinkat(2) called on a descriptor of a symbolic link
 * @text: where its text goes, with a NUL; @size bytes
 *
 * Return: as helper_open().
 */
int helper_read_link(struct helper *helper, int fd, char *text, size_t size);

#endif
