/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_INTEGRITY_WORDS_H
#define NSXATTR_POLICY_INTEGRITY_WORDS_H

/* The words that the part 'integrity' of a policy file has for the enumerations of include/integrity.h. */

#include "yaml/schema.h"

#define INTEGRITY_MODES 3
#define INTEGRITY_RULE_SETS 2
#define INTEGRITY_TEMPLATES 2

extern const struct schema_word integrity_modes[INTEGRITY_MODES];
extern const struct schema_word integrity_rule_sets[INTEGRITY_RULE_SETS];
extern const struct schema_word integrity_templates[INTEGRITY_TEMPLATES];

#endif
