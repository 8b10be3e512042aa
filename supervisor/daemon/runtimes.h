/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_RUNTIMES_H
#define NSXATTR_DAEMON_RUNTIMES_H

/* The words for the bits of enum policy_runtime, which are those of policies. */

#include "policy.h"

/** struct runtime_word - one of them */
struct runtime_word {
	unsigned int bit;
	const char *name;
};

/* The most specific one first. */
#define RUNTIME_WORDS 5
extern const struct runtime_word runtime_words[RUNTIME_WORDS];

/** runtime_name() - Return: the most specific word for a container's runtime; "oci": there is none. */
const char *runtime_name(unsigned int runtimes);

/** runtime_bit() - Return: the bit of a word; 0: it is none, or NULL. */
unsigned int runtime_bit(const char *name);

#endif
