/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_RUNTIME_PROGRAM_H
#define NSXATTR_HOOK_RUNTIME_PROGRAM_H

/* The runtime that is executed in our place: where it is, and what it says of itself. */

#include <stdbool.h>

#include "hook/runtime_guess.h"

/**
 * runtime_program_wanted() - which one we stand for, by the name that we are called by
 * @called: argv[0] of main()
 *
 * Return: NAME of "nsxattr-NAME" or "NAME"; for "nsxattr-runtime": "runc".
 */
const char *runtime_program_wanted(const char *called);

/**
 * runtime_program_find() - the file of a program, which is not ourselves
 * @name: a path, if there is a '/' in it; else it is looked for in the folders of PATH
 * @ret_path: 0: the caller's to free(3)
 *
 * Return: 0; -ENOENT: there is none; -EACCES: it cannot be executed; -ELOOP: it is this program; -ENOMEM.
 */
int runtime_program_find(const char *name, char **ret_path);

/**
 * runtime_program_kind() - which command line and which messages it has, by its name
 *
 * OCI_RUNTIME_CRUN: it, or the file that a path leads to, is called krun, or crun and whatever follows.
 */
enum oci_runtime runtime_program_kind(const char *path);

/**
 * runtime_program_takes() - does 'PROGRAM features' list a flag of seccomp(2) that it can set?
 *
 * A program that does not answer within RUNTIME_FEATURES_DEADLINE milliseconds does not. It gets no descriptor of ours.
 */
bool runtime_program_takes(const char *path, const char *flag);
#define RUNTIME_FEATURES_DEADLINE 5000

/* ---- a part of it, for tests ---- */

/** runtime_features_have() - @text: what it has said, with a NUL behind it */
bool runtime_features_have(const char *text, const char *flag);

#endif
