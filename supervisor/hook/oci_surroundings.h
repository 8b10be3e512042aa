/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_OCI_SURROUNDINGS_H
#define NSXATTR_HOOK_OCI_SURROUNDINGS_H

/* What a container will be in, by its config.json: is there anything that a policy could make its own? */

#include <stdbool.h>
#include <stdint.h>

struct json_object;

/* The annotation by which a container of the host's user namespace is started all the same, and its value. */
#define OCI_HOST_NAMESPACE_ANNOTATION "io.nsxattr.host-namespace"
#define OCI_HOST_NAMESPACE_ALLOWED "allow"

/**
 * oci_is_in_host_namespace() - will the container be in the host's user namespace?
 * @config: its config.json
 * @host: the inode number of that namespace; 0: not known, then it is that of the kernel's start
 *
 * A container without a namespace of its own is in that of the caller, as a runtime is that starts it: rootless
 * podman's is none of the host's. What cannot be told, a namespace by a path that leads nowhere, is not.
 */
bool oci_is_in_host_namespace(const struct json_object *config, uint64_t host);

/** oci_maps_root_to_root() - is uid 0 of its own user namespace the caller's uid 0? */
bool oci_maps_root_to_root(const struct json_object *config);

/** oci_may_administer() - can a process of it have CAP_SYS_ADMIN? What the config does not say, may be. */
bool oci_may_administer(const struct json_object *config);

#endif
