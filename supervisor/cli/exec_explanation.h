/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_EXEC_EXPLANATION_H
#define NSXATTR_CLI_EXEC_EXPLANATION_H

/*
 * What would become of a file that a container executes, and why. The rules, the view and the verification are those of
 * the judge; nothing is executed, and nothing is written.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/explanation.h"
#include "integrity.h"
#include "integrity/appraise.h"
#include "judge/file_system.h"
#include "judge/form.h"

struct crypto;
struct json_object;
struct keyring;
struct revocation;

/** struct exec_use - a way in which the file comes to be executed */
struct exec_use {
	enum integrity_func func;
	struct integrity_actions actions;
	struct appraisal appraisal; /* if the rules want it */
};

#define EXEC_USES (FUNC_MMAP_CHECK + 1)

/** struct exec_explanation - of one file; the first three are the caller's to set, zero the rest */
struct exec_explanation {
	const struct policy *policy;
	const struct user_namespace *userns; /* of a container; its parent is the host */
	const char *path; /* on the host */

	struct integrity_facts facts; /* of the container's root */
	struct file_system system;
	struct form form;
	struct explanation get; /* where a value of security.ima is looked for */
	const char *value_name; /* where it was found; NULL: there is none */
	uint8_t *value;
	size_t length;
	enum ima_value_mistake mistake; /* in the value */
	struct ima_value decoded;
	struct crypto *crypto;
	struct keyring *keyring;
	struct revocation *revocation;
	struct exec_use uses[EXEC_USES]; /* by enum integrity_func */
};

/**
 * exec_explanation_fill() - find out all about it
 *
 * Return: can it be told? What keeps it from being told has been logged. exec_explanation_done() in either case.
 */
bool exec_explanation_fill(struct exec_explanation *explanation);

void exec_explanation_done(struct exec_explanation *explanation);

/** exec_use_is_refused() - is the file refused in mode enforce, when it is used so? */
bool exec_use_is_refused(const struct exec_explanation *explanation, const struct exec_use *use);

/** exec_explanation_is_inherited() - is the value another one than the container's own? */
bool exec_explanation_is_inherited(const struct exec_explanation *explanation);

/** exec_explanation_print() - write it to standard output, in words */
void exec_explanation_print(const struct exec_explanation *explanation);

/** exec_explanation_json_new() - the same for programs. Return: to be released with json_object_put(). */
struct json_object *exec_explanation_json_new(const struct exec_explanation *explanation);

#endif
