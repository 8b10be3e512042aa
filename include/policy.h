/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_H
#define NSXATTR_POLICY_H

/*
 * A policy says what happens to each attribute name: the scheme of the rule that matches it. Exact
 * names beat globs; among globs ("security.*") the longer literal prefix wins; without a match the
 * policy's default scheme applies.
 */

#include <stdbool.h>
#include <stddef.h>

enum scheme {
	SCHEME_KERNEL, /* the kernel's own behaviour */
	SCHEME_SUFFIX, /* a variant a namespace: NAME@uid=ROOT on the inode */
};

enum inherit {
	INHERIT_NONE, /* only the own variant is seen */
	INHERIT_CHAIN, /* then that of each ancestor namespace, at last the host's plain name */
};

/** struct rule - what happens to the names that match */
struct rule {
	const char *pattern; /* an exact name, or a prefix followed by '*' */
	enum scheme scheme;
	enum inherit inherit; /* of SCHEME_SUFFIX */
};

/** struct policy - the rules of one container; read only once it is built */
struct policy {
	const char *name;
	const struct rule *rules;
	size_t rule_count;
	struct rule fallback; /* for names that no rule matches; its pattern is "*" */
};

/**
 * policy_builtin() - a policy that needs no file
 * @name: "default" (security.* and trusted.* virtualised, security.capability left to the kernel)
 *        or "kernel" (everything left to the kernel)
 *
 * Return: the policy, static; NULL if there is none of that name.
 */
const struct policy *policy_builtin(const char *name);

/**
 * policy_match() - the rule for a name
 * @policy: the policy
 * @name: an attribute's base name
 * @length: bytes of @name; it need not end with a NUL
 *
 * Return: the rule, never NULL; it lives as long as the policy.
 */
const struct rule *policy_match(const struct policy *policy, const char *name, size_t length);

/** policy_is_transparent() - is every name left to the kernel by this policy? */
bool policy_is_transparent(const struct policy *policy);

#endif
