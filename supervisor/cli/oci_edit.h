/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_OCI_EDIT_H
#define NSXATTR_CLI_OCI_EDIT_H

/* Does a container ask for nsxattr, may it start, and what is its config.json then? podman's hook and nsxattr-runtime
 * do the same. */

#include <stdbool.h>
#include <stddef.h>

#include "hook/json_text.h"
#include "hook/runtime_guess.h"

struct hook_daemon;
struct runtime_log;

/** struct oci_edit_request - a container that is to be made */
struct oci_edit_request {
	const char *policy; /* NULL: its annotation's; "": the daemon chooses */
	const struct hook_daemon *daemon;
	enum oci_runtime runtime;
	/* Does the runtime know SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV? Asked only if the config is edited. */
	bool (*takes_wait_killable)(const struct oci_edit_request *request);
	const char *program; /* of the runtime, for that */
	bool allow_io_uring;
	bool is_unchecked; /* whether the daemon is there */
	const char *id; /* "": not known */
	const struct runtime_log *log; /* as of tell_runtime_of_container() */
};

enum oci_edit_result {
	OCI_EDIT_UNWANTED = 1, /* it does not ask: its config.json stays what it is */
	OCI_EDIT_DONE,
	OCI_EDIT_REFUSED, /* it may not start, and why has been said */
};

/**
 * oci_edit_check_policy() - Return: what is wrong with the name of a policy, to come behind it; NULL: nothing.
 */
const char *oci_edit_check_policy(const char *name);

/**
 * oci_edit_config() - edit a config.json, if that is asked for
 * @text: the config.json
 * @ret_text: OCI_EDIT_DONE: the new one, the caller's to free(3)
 * @ret_length: its bytes
 */
enum oci_edit_result oci_edit_config(const struct oci_edit_request *request,
				     const struct json_text *text, char **ret_text,
				     size_t *ret_length);

/**
 * oci_edit_refuse_restored() - refuse a container that is to be restored from a checkpoint, if it asks for nsxattr
 *
 * CRIU restores no listener: its attribute calls would be the kernel's, and their names the host's.
 *
 * Return: OCI_EDIT_UNWANTED or OCI_EDIT_REFUSED.
 */
enum oci_edit_result oci_edit_refuse_restored(const struct oci_edit_request *request,
					      const struct json_text *text);

#endif
