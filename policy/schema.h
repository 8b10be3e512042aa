/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_SCHEMA_TEXT_H
#define NSXATTR_POLICY_SCHEMA_TEXT_H

/* What libcyaml makes of a policy file: its words, with nothing inferred yet. */

#include <stdint.h>

#include "policy.h"

#define POLICY_VERSION 1

/* What one file can hold. */
#define POLICY_RULES_MAX 512
#define POLICY_VALUES_MAX 64
#define POLICY_SELECTORS_MAX 64
#define POLICY_USERS_MAX 64
#define POLICY_DESCRIPTION_MAX 1024
#define POLICY_ANNOTATION_MAX 1024
/* The longest value in hexadecimal digits. */
#define POLICY_VALUE_TEXT_MAX (2 + 2 * HOST_VALUE_MAX)

/** struct annotation_text - 'annotation' of an entry of 'match'; NULL: not given */
struct annotation_text {
	char *key;
	char *value;
};

/** struct selector_text - an entry of 'match' */
struct selector_text {
	unsigned int runtime; /* bits of enum policy_runtime; 0: not given */
	char *name;
	struct annotation_text annotation;
};

/** struct rule_text - an entry of 'attributes' */
struct rule_text {
	char *name;
	enum scheme scheme;
	enum inherit *inherit; /* NULL: not given */
	enum limit limit;
	char **values;
	uint32_t values_count;
};

/** struct limits_text - 'limits'; 0: not given */
struct limits_text {
	uint32_t attributes_per_file;
	uint32_t value_size;
	uint32_t in_flight;
};

/** struct policy_text - a file */
struct policy_text {
	uint32_t version;
	char *description;
	struct selector_text *match;
	uint32_t match_count;
	enum mode mode;
	enum store store;
	uint32_t owner; /* 0: not given */
	struct rule_text *attributes;
	uint32_t attributes_count;
	enum scheme fallback;
	struct limits_text limits;
	int allow_io_uring;
	char **allow_users;
	uint32_t allow_users_count;
};

#endif
