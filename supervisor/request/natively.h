/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_NATIVELY_H
#define NSXATTR_REQUEST_NATIVELY_H

/*
 * The kernel's own answer to a call, where that counts: by leaving the call to the kernel, or by a stand-in of
 * the target's, where the policy has something to say.
 */

#include <stdbool.h>

struct request;

/** natively_execute() - the call as it was made, by the target's stand-in. Return: as a stage. */
bool natively_execute(struct request *request);

/** natively_answer() - the kernel's own answer, in the one way or the other. Return: as a stage. */
bool natively_answer(struct request *request);

/** natively_counts() - after an operation on stored names that has failed: does the kernel's answer count? */
bool natively_counts(struct request *request);

#endif
