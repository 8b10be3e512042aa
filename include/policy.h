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
#include <stdint.h>

#include "integrity.h"
#include "name.h"

enum scheme {
	SCHEME_KERNEL, /* the kernel's own behaviour */
	SCHEME_SUFFIX, /* a variant a namespace: NAME@uid=ROOT on the inode */
	SCHEME_HIDE, /* as if it were not there, and could not be */
	SCHEME_DENY, /* readable as the kernel has it, not to be changed */
	SCHEME_UNSUPPORTED, /* as on a file system that has no such attributes */
	SCHEME_HOST, /* the host's plain name, with host privilege, for the listed values only */
};

enum inherit {
	INHERIT_NONE, /* only the own variant is seen */
	INHERIT_CHAIN, /* then that of each ancestor namespace, at last the host's plain name */
};

enum limit {
	LIMIT_MANY, /* any number of namespaces can have a value on one inode */
	LIMIT_ONE, /* one: a set fails while another one's, or the host's, is there */
};

enum mode {
	MODE_FAST, /* names left to the kernel are answered with CONTINUE */
	MODE_STRICT, /* never CONTINUE: the supervisor makes the call as the target */
};

/** enum audit_extent - of which sets and removes a record is made (supervisor/request/audit.h) */
enum audit_extent {
	AUDIT_OFF,
	AUDIT_REFUSALS, /* of those that nsxattr refuses */
	AUDIT_CHANGES, /* of all that nsxattr answers */
};

/* The longest value that SCHEME_HOST lets pass. */
#define HOST_VALUE_MAX 256

/** struct attribute_value - one value that SCHEME_HOST lets pass */
struct attribute_value {
	const char *bytes;
	size_t length;
};

/** struct rule - what happens to the names that match */
struct rule {
	const char *pattern; /* an exact name, or a prefix followed by '*' */
	enum scheme scheme;
	enum inherit inherit; /* of SCHEME_SUFFIX */
	enum limit limit; /* of SCHEME_SUFFIX */
	const struct attribute_value *values; /* of SCHEME_HOST, at least one */
	size_t value_count;
	unsigned int line; /* where the file has it; 0: built in */
};

/* Which runtimes a policy names; bits of struct policy_selector.runtimes. */
enum policy_runtime {
	RUNTIME_PODMAN = 1 << 0,
	RUNTIME_CRUN = 1 << 1,
	RUNTIME_RUNC = 1 << 2,
	RUNTIME_LXC = 1 << 3,
	RUNTIME_RUN = 1 << 4, /* nsxattr run */
};

/** struct policy_selector - containers that the policy is for when the runtime names none */
struct policy_selector {
	unsigned int runtimes; /* 0: any */
	const char *name; /* a glob for the container's name; NULL: any */
	const char *annotation_key; /* a glob for the key of an annotation; NULL: any, or none */
	const char *annotation_value; /* a glob for its value; NULL as @annotation_key */
};

/** struct policy - the rules of one container; read only once it is built */
struct policy {
	const char *name;
	const char *description; /* NULL: none */
	const struct rule *rules;
	size_t rule_count;
	struct rule fallback; /* for names that no rule matches; its pattern is "*" */
	enum mode mode;
	enum store store;
	uint32_t owner; /* the number of the container's uid 0 in stored names; 0: whatever it is */
	uint32_t attributes_per_file; /* values that a container may keep on an inode; 0: any */
	uint32_t value_size; /* bytes of a value; 0: what the kernel allows */
	uint32_t in_flight; /* requests of one container at a time; 0: 128 */
	bool allow_io_uring; /* io_uring_setup passes inside */
	enum audit_extent audit;
	struct integrity integrity;
	const struct policy_selector *selectors;
	size_t selector_count;
	const char *const *allow_users; /* who may choose the policy by name; NULL: every user */
	size_t allow_user_count;
};

/**
 * policy_builtin() - a policy that needs no file
 * @name: "default" (security.* and trusted.* virtualised, security.capability left to the kernel)
 *        "user" (the same, with the values in user.*: what a plain user can have), "trusted" (with the
 *        values where only root of the host reads them), or "kernel" (everything left to the kernel)
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

/** rule_matches() - does the rule's pattern fit a name of @length bytes? */
bool rule_matches(const struct rule *rule, const char *name, size_t length);

/** policy_is_strict() - is nothing answered with CONTINUE? So it is in MODE_STRICT and STORE_USER. */
bool policy_is_strict(const struct policy *policy);

/* The words of a policy file for these enumerations. Return: static. */
const char *scheme_word(enum scheme scheme);
const char *store_word(enum store store);
const char *audit_word(enum audit_extent extent);

/** scheme_hides() - is a name of this scheme there and never shown? */
bool scheme_hides(enum scheme scheme);

/** policy_hides_names() - does it have names that are there and not shown? */
bool policy_hides_names(const struct policy *policy);

/**
 * policy_is_roots() - is it for root's containers alone?
 *
 * It lends the host's names, fixes an owner, or judges what is executed.
 */
bool policy_is_roots(const struct policy *policy);

/** policy_is_transparent() - is every name left to the kernel by this policy? */
bool policy_is_transparent(const struct policy *policy);

#endif
