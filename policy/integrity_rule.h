/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_INTEGRITY_RULE_H
#define NSXATTR_POLICY_INTEGRITY_RULE_H

/* A rule of integrity.h as people write it: a line of the kernel's /etc/ima/ima-policy. */

#include <stdbool.h>
#include <stddef.h>

#include "integrity.h"

/** struct rule_fault - what is wrong with a rule's text */
struct rule_fault {
	size_t offset; /* of the word that cannot be there, in bytes */
	char text[360]; /* a sentence: which word, why not, and what is allowed */
};

/**
 * integrity_rule_parse() - read one rule
 * @text: the line, without a NUL; the rule goes on to point to it
 * @ret_rule: the rule, but for its line
 * @fault: if it is none: the first word that is wrong
 *
 * Every text that is a rule here is a rule of Linux 6.12 too, but for dont_audit, which is younger. Not all of the
 * kernel's are rules here: what nsxattr does not judge is a fault, and so is a condition that is there twice.
 *
 * Return: is it a rule?
 */
bool integrity_rule_parse(const char *text, struct integrity_rule *ret_rule,
			  struct rule_fault *fault);

#endif
