/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_MEANING_H
#define NSXATTR_POLICY_MEANING_H

/* Mistakes that no table tells: hooks of the policy's schema, each for the value of one field. */

#include "yaml/schema.h"

/** meaning_check_name() - 'name' of a rule: an attribute's name, or a class and a glob in it */
void meaning_check_name(struct schema_walk *walk, const struct schema_place *place);

/** meaning_check_rule() - a rule: does its scheme go with its name? Who inherits if it does not say? */
void meaning_check_rule(struct schema_walk *walk, const struct schema_place *place);

/** meaning_parse_value() - one of 'values': a struct attribute_value of what it stands for */
void meaning_parse_value(struct schema_walk *walk, const struct schema_place *place);

/** meaning_check_mode() - 'mode': does it go with the store? */
void meaning_check_mode(struct schema_walk *walk, const struct schema_place *place);

/** meaning_check_container() - 'name' of a selector: a container's name, or a glob for it */
void meaning_check_container(struct schema_walk *walk, const struct schema_place *place);

/** meaning_check_user() - one of 'allow-users': a user's name */
void meaning_check_user(struct schema_walk *walk, const struct schema_place *place);

#endif
