/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_FILE_H
#define NSXATTR_POLICY_FILE_H

/* A policy as people write it: YAML, in the format that docs/policy.md explains. */

#include <stddef.h>

#include "policy.h"

struct arena_block;
struct diagnostics;
struct schema;

/* What can stand in one. */
extern const struct schema policy_schema;

/* The longest file. */
#define POLICY_FILE_SIZE_MAX (1024 * 1024)

/** struct policy_file - a policy and the memory that it lies in */
struct policy_file {
	struct policy policy;
	const char *text; /* a copy of the file, if what is executed is to be judged; else NULL */
	size_t length; /* of @text */
	struct arena_block *blocks; /* of its arena (policy/yaml/arena.h) */
};

enum policy_file_result {
	POLICY_FILE_LOADED = 1,
	POLICY_FILE_MISTAKEN, /* the diagnostics say where */
};

/**
 * policy_file_load() - make a policy of a file's text
 * @name: what the policy is called
 * @text: the file, @length bytes, without need of a NUL; not used after the return
 * @ret_file: POLICY_FILE_LOADED: the policy; policy_file_free() it
 * @diagnostics: empty; POLICY_FILE_MISTAKEN: at least one mistake
 *
 * All mistakes are found at once, unless the text is no YAML: then the first is, for the rest has no
 * meaning.
 *
 * Return: an enum policy_file_result; -ENOMEM.
 */
int policy_file_load(const char *name, const char *text, size_t length,
		     struct policy_file **ret_file, struct diagnostics *diagnostics);

/**
 * policy_file_use_folder() - say where the file is
 * @file: a policy that was loaded
 * @folder: the relative paths in it begin there; not used after the return
 *
 * Return: 0; -ENOMEM: the paths are as they were.
 */
int policy_file_use_folder(struct policy_file *file, const char *folder);

/** policy_file_free() - release it and all that its policy points to; NULL is accepted. */
void policy_file_free(struct policy_file *file);

#endif
