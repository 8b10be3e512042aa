/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_HOOK_ADMIT_H
#define NSXATTR_CLI_HOOK_ADMIT_H

/* May a container of an OCI runtime start? Its hooks, and who stands for it, ask the same. */

#include <stdbool.h>

struct admission;
struct hook_daemon;
struct oci_config;
struct runtime_log;

/** struct hook_admit - a container, as one of its hooks knows it */
struct hook_admit {
	const struct oci_config *config;
	const struct hook_daemon *daemon;
	const char *policy; /* that the container names; "": none */
	bool is_forced; /* not the container's annotation has named it, so no annotation lifts a refusal */
	unsigned int runtimes; /* bits of enum policy_runtime */
	const char *id; /* "": not known */
	const char *name; /* "": not known */
	const struct runtime_log *log; /* as of tell_runtime_of_container() */
};

/**
 * hook_look_at_policy() - what the container's policy says, without asking nsxattrd
 * @ret_admission: as much as can be told
 *
 * Where the folder cannot be read, only nsxattrd knows whether there is such a policy. Where the container names
 * none, nsxattrd chooses one, and the hook does not know what that says.
 *
 * Return: false when the policy is missing or mistaken: that has been said.
 */
bool hook_look_at_policy(const struct hook_admit *container, struct admission *ret_admission);

/**
 * hook_admit() - ask nsxattrd, and look at what the container will be in
 * @ret_admission: how it would be served
 *
 * Return: whether it may start; why not has been said, and what is wrong with one that may.
 */
bool hook_admit(const struct hook_admit *container, struct admission *ret_admission);

#endif
