/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_INTEGRITY_RULES_H
#define NSXATTR_CLI_INTEGRITY_RULES_H

/* What a policy says of the files that a container executes, in the words of a policy file. */

#include "integrity.h"

struct json_object;

/**
 * integrity_rules_print() - write the rules to standard output, a line each
 *
 * What is not a rule stands in a comment, so that all of it can be a /etc/ima/ima-policy.
 */
void integrity_rules_print(const struct integrity *integrity);

/** integrity_rules_json_new() - the same for programs. Return: to be released with json_object_put(). */
struct json_object *integrity_rules_json_new(const struct integrity *integrity);

#endif
