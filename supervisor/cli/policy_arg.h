/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_POLICY_ARG_H
#define NSXATTR_CLI_POLICY_ARG_H

/*
 * Policies as a command line names them: a file; or a name, of one that is built in, or that lies in the folder of
 * nsxattrd's settings or in the one that was installed (daemon/policy_folders.h).
 */

#include <stdbool.h>

#include "policy_file.h"

/** policy_arg_is_path() - does this name a file? It does with a '/' in it, or .yaml or .yml behind. */
bool policy_arg_is_path(const char *argument);

/**
 * policy_arg_check() - can this be a policy's name, or that of a file? Whether it is there is seen when it is loaded.
 *
 * Return: NULL; or what is wrong with it, to come behind it in a message.
 */
const char *policy_arg_check(const char *argument);

/**
 * policy_arg_read() - read a policy file
 * @path: the file, after which the policy is called
 * @ret_file: POLICY_FILE_LOADED: the policy; policy_file_free() it
 * @diagnostics: empty; POLICY_FILE_MISTAKEN: what is wrong, to be shown by the caller
 *
 * Return: an enum policy_file_result; -errno: that it cannot be read has been logged.
 */
int policy_arg_read(const char *path, struct policy_file **ret_file,
		    struct diagnostics *diagnostics);

/**
 * policy_arg_is_installed() - is there a file of this name in the folders of policies?
 * @ret_path: if so, the file, the caller's to free(3)
 */
bool policy_arg_is_installed(const char *name, char **ret_path);

/**
 * policy_arg_find() - the file of a policy that is not built in
 * @folder: where to look first; NULL: that of nsxattrd's settings
 * @ret_path: the caller's to free(3)
 *
 * Return: 0; -ENOENT: there is none; -EACCES: a folder is not for us to look into; -ENOMEM. Failures have been
 * logged.
 */
int policy_arg_find(const char *folder, const char *name, char **ret_path);

/**
 * policy_arg_load() - get the policy that a command line asks for
 * @argument: it, which policy_arg_check() has found nothing wrong with
 * @ret_policy: the policy
 * @ret_file: what to policy_file_free() when it is no longer needed; NULL for a built-in one
 *
 * Return: whether there is one; all that is wrong with it has been logged.
 */
bool policy_arg_load(const char *argument, const struct policy **ret_policy,
		     struct policy_file **ret_file);

static inline void cleanup_policy_file(struct policy_file **file)
{
	policy_file_free(*file);
}

#define _cleanup_policy_file_ __attribute__((cleanup(cleanup_policy_file)))

/**
 * policy_arg_is_safe() - can only root, and the user who we are, change the file of this policy?
 * @file: of policy_arg_load(), with integrity that is not off
 *
 * Return: whether that is so, and the policy is what the file says. If not, it has been logged.
 */
bool policy_arg_is_safe(const struct policy_file *file);

#endif
