/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_READINESS_H
#define NSXATTR_INTEGRITY_READINESS_H

/* No container starts on a policy of which a part would not be enforced. */

struct policy;

/**
 * integrity_lacking() - why a container cannot start on a policy, as far as what it executes is to be judged
 * @policy: of the container
 *
 * Return: a sentence without its beginning, to come behind the policy's name: "wants …; …"; NULL: it can start.
 */
const char *integrity_lacking(const struct policy *policy);

#endif
