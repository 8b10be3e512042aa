/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_TARGET_STANDIN_H
#define NSXATTR_REQUEST_TARGET_STANDIN_H

/* The stand-ins that make calls in the name of a request's target. */

#include <stdbool.h>

struct credential;
struct inode_stat;
struct request;
struct standin;

/**
 * target_standin_find() - the one with a credential in the target's user namespace
 * @ret_standin: as of standins_find()
 *
 * Return: 0; -EPERM or -EINVAL: a process of ours cannot take on the credential there; -errno.
 */
int target_standin_find(struct request *request, const struct credential *credential,
			struct standin **ret_standin);

/** target_standin_find_root() - the same for root of that namespace. Return: also -ENOENT: it has none. */
int target_standin_find_root(struct request *request, struct standin **ret_root);

/** target_standin_choose() - who makes the calls on stored names: request->performer.standin */
int target_standin_choose(struct request *request);

/**
 * target_standin_look() - what an inode tells a stand-in: a file system that refuses us may answer it
 * @ret_stat: with the owner in ids of the host
 *
 * Return: false: nothing, or an owner that the target's namespace does not have.
 */
bool target_standin_look(const struct request *request, struct standin *standin,
			 struct inode_stat *ret_stat);

#endif
