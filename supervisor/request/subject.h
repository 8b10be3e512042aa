/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_SUBJECT_H
#define NSXATTR_REQUEST_SUBJECT_H

/*
 * The stages from the notification to the decision: what the target asks for, who it is, and what the policy
 * says of that. And the stand-ins that make calls in its name.
 */

#include <stdbool.h>

struct credential;
struct request;
struct standin;

bool subject_decode(struct request *request);
bool subject_read_name(struct request *request);
bool subject_read_value(struct request *request);
bool subject_read_path(struct request *request);
bool subject_identify(struct request *request);
bool subject_decide(struct request *request);

/** subject_is_bound_by_policy() - does the policy have something to say to what the kernel would do? */
bool subject_is_bound_by_policy(const struct request *request);

/**
 * subject_find_standin() - who makes calls with a credential in the target's user namespace
 * @ret_standin: as of standins_find()
 *
 * Return: 0; -EPERM or -EINVAL: the credential cannot be taken on there; -errno.
 */
int subject_find_standin(struct request *request, const struct credential *credential,
			 struct standin **ret_standin);

/** subject_find_root() - the same for root of that namespace. Return: also -ENOENT: it has none. */
int subject_find_root(struct request *request, struct standin **ret_root);

/** subject_choose_performer() - who makes the calls on stored names: request->performer.standin */
int subject_choose_performer(struct request *request);

#endif
