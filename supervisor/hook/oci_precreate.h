/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_OCI_PRECREATE_H
#define NSXATTR_HOOK_OCI_PRECREATE_H

/*
 * The config.json of an OCI container, edited so that the container's attribute calls come to
 * nsxattrd. Nothing but linux.seccomp and up to two annotations, a filter and the name that podman knows, is
 * touched: every other byte stays what it is. Edited again, it stays the same.
 */

#include <stdbool.h>
#include <stddef.h>

#include "attach/oci_message.h"
#include "hook/json_text.h"
#include "hook/seccomp_section.h"

/* The longest config.json, in bytes. */
#define OCI_CONFIG_MAX (16U << 20)
/* The annotation in which crun takes a filter that is ready, base64. */
#define OCI_FILTER_ANNOTATION "run.oci.seccomp_bpf_data"

struct json_object;

/** struct oci_config - a config.json that was read */
struct oci_config {
	struct json_text text; /* borrowed */
	struct json_object *root;
};

enum oci_config_result {
	OCI_CONFIG_DONE = 1,
	OCI_CONFIG_REFUSED, /* the reason says why */
};

/**
 * oci_config_read() - take a config.json apart
 * @text: it; has to stay as long as @ret_config
 * @ret_config: OCI_CONFIG_DONE: it; oci_config_done() it
 * @ret_reason: OCI_CONFIG_REFUSED: why, static, to come behind "config.json"
 *
 * Return: an enum oci_config_result; -ENOMEM.
 */
int oci_config_read(const struct json_text *text, struct oci_config *ret_config,
		    const char **ret_reason);

/** oci_config_done() - release it; a zeroed one is accepted. */
void oci_config_done(struct oci_config *config);

/**
 * oci_config_policy() - the policy that the container asks for by its annotation
 *
 * Return: its name, as long as the config; "": that of the daemon's choice; NULL: the container does not ask.
 */
const char *oci_config_policy(const struct oci_config *config);

/**
 * oci_config_wanted() - the policy by which it comes to nsxattrd, once it is edited
 *
 * Return: as oci_config_policy(); NULL also where it says nothing of a listener.
 */
const char *oci_config_wanted(const struct oci_config *config);

/** oci_config_name() - what the container is called by its annotations; "": they do not tell */
void oci_config_name(const struct oci_config *config, char ret_name[OCI_NAME_MAX + 1]);

/** oci_config_is_podmans() - has podman made it? */
bool oci_config_is_podmans(const struct oci_config *config);

/** oci_config_has_seccomp() - does it have rules of its own? */
bool oci_config_has_seccomp(const struct oci_config *config);

/** oci_config_lacking() - Return: as exec_rules_lacking(), of its rules */
const char *oci_config_lacking(const struct oci_config *config, const struct exec_edit *edit);

/** struct oci_edit - what the config shall say */
struct oci_edit {
	struct seccomp_edit seccomp;
	const char *name; /* of podman's, for the annotation OCI_NAME_ANNOTATION; NULL: none */
	const char *filter; /* for crun, base64, where there are no rules yet; NULL: none */
};

/**
 * oci_config_edit() - edit it, once
 * @config: what was read; not to be used but for oci_config_done() then
 * @edit: how
 * @ret_text: OCI_CONFIG_DONE: the new config.json, the caller's to free(3)
 * @ret_length: its bytes
 * @ret_reason: OCI_CONFIG_REFUSED: why, as above
 *
 * Return: an enum oci_config_result; -ENOMEM.
 */
int oci_config_edit(struct oci_config *config, const struct oci_edit *edit, char **ret_text,
		    size_t *ret_length, const char **ret_reason);

#endif
