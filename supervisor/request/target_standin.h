/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_TARGET_STANDIN_H
#define NSXATTR_REQUEST_TARGET_STANDIN_H

/* The stand-ins that make calls in the name of a request's target. */

struct credential;
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

#endif
