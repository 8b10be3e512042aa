/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_DESCENT_H
#define NSXATTR_REQUEST_DESCENT_H

/*
 * The way down from our user namespace to that of a target, and where on it a process of ours takes on the
 * ids and groups of a credential: in the outermost namespace where it can have all of them.
 *
 *	an id		where it has a number, or everywhere if we have it ourselves
 *	the groups	where each has a number and setgroups(2) is allowed, or everywhere if ours are the same
 *
 * Where setgroups(2) is denied a target has the groups that it came with, and the kernel gives it no others: so a
 * stand-in keeps the groups that we have, if they are the same.
 */

#include <stdbool.h>

#include "base/credential.h"

struct userns;

/**
 * descent_plan() - how a process of ours comes to have a credential
 * @ours: of credential_get()
 * @userns: the namespace that it is to be in
 * @credential: in our numbers
 * @ret_change: how; its descriptors are those of @userns and its ancestors
 *
 * Return: 0; -EPERM: the groups cannot be had, for setgroups(2) is denied; -EINVAL: an id has no number.
 */
int descent_plan(const struct credential *ours, const struct userns *userns,
		 const struct credential *credential, struct credential_change *ret_change);

/** descent_may_set_groups() - is there a namespace on the way where setgroups(2) is allowed to us? */
bool descent_may_set_groups(const struct credential *ours, const struct userns *userns);

#endif
