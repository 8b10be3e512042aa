/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_SCHEMA_CHECK_H
#define NSXATTR_POLICY_SCHEMA_CHECK_H

/* Is a YAML document what a table of libcyaml says it should be? All that is not is found. */

struct schema_walk;

/** schema_check() - check a whole document; what is wrong goes to the walk's diagnostics */
void schema_check(struct schema_walk *walk);

#endif
