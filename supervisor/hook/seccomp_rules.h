/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_SECCOMP_RULES_H
#define NSXATTR_HOOK_SECCOMP_RULES_H

/* The rules of a seccomp section: a list of objects with "names", "action", and conditions on arguments ("args"). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

#define SECCOMP_NOTIFY "SCMP_ACT_NOTIFY"
#define SECCOMP_ALLOW "SCMP_ACT_ALLOW"
#define SECCOMP_LOG "SCMP_ACT_LOG"
#define SECCOMP_ERRNO "SCMP_ACT_ERRNO"

/** seccomp_action_is() - Return: whether it is this action; NULL is none. */
bool seccomp_action_is(const char *action, const char *which);

/** seccomp_word_is_among() - is it one of these texts? */
bool seccomp_word_is_among(const char *word, const char *const *words, size_t count);

/** seccomp_rules_remove() - take calls out of all rules; rules that are for nothing else go */
void seccomp_rules_remove(struct json_object *rules, const char *const *calls, size_t count);

/** struct seccomp_bits - of the argument @index, those of @mask have to be @value */
struct seccomp_bits {
	unsigned int index;
	uint32_t mask;
	uint32_t value;
};

/** struct seccomp_rule - one rule more */
struct seccomp_rule {
	const char *const *calls;
	size_t count; /* of @calls */
	const char *action;
	int error; /* what the calls fail with; 0: no errnoRet */
	const struct seccomp_bits *bits; /* @bit_count conditions, of which all have to hold */
	size_t bit_count;
};

/** seccomp_rules_append() - the last rule. Return: 0; -ENOMEM. */
int seccomp_rules_append(struct json_object *rules, const struct seccomp_rule *rule);

/** seccomp_rules_deny() - the last rule: calls fail as where the kernel lacks them (ENOSYS). Return: 0; -ENOMEM. */
int seccomp_rules_deny(struct json_object *rules, const char *const *calls, size_t count);

#endif
