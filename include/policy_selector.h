/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_SELECTOR_H
#define NSXATTR_POLICY_SELECTOR_H

/* Which containers a policy is for: those of its 'match'. */

#include <stdbool.h>
#include <stddef.h>

struct policy;

/** struct annotation - a key and its value, as a runtime tells them of a container */
struct annotation {
	const char *key;
	const char *value;
};

/** struct candidate - a container for which a policy is looked for */
struct candidate {
	unsigned int
		runtimes; /* bits of enum policy_runtime: what its runtime may be called; 0: not known */
	const char *name; /* NULL: it has none, which fits what asks for no name */
	const struct annotation *annotations;
	size_t annotation_count;
};

/**
 * selector_name_fits() - does a glob fit a container's name, or another text of a container's?
 * @glob: '*' stands for any characters, '?' for one; there is nothing to escape them by
 * @name: the name; who started the container chose it
 *
 * A character is one of UTF-8. What is no UTF-8 has characters too, so that every name fits "*". The
 * time is bounded by the product of the two lengths.
 */
bool selector_name_fits(const char *glob, const char *name);

/**
 * policy_selects() - is the policy for a container whose runtime names none?
 *
 * Return: true if an entry of 'match' fits, all of it.
 */
bool policy_selects(const struct policy *policy, const struct candidate *candidate);

#endif
