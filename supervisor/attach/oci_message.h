/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_OCI_MESSAGE_H
#define NSXATTR_ATTACH_OCI_MESSAGE_H

/*
 * What a runtime says when it hands over a listener: the ContainerProcessState of the OCI runtime
 * specification, JSON. Every process that may connect to the socket can send one.
 */

#include <stddef.h>
#include <sys/types.h>

/* The longest message, in bytes; a container has annotations of some KiB. */
#define OCI_MESSAGE_MAX (1U << 20)
/* Descriptors with one message; a runtime sends one. */
#define OCI_DESCRIPTORS_MAX 4

/* The longest id, status, name and metadata, in bytes. */
#define OCI_ID_MAX 255
#define OCI_STATUS_MAX 31
#define OCI_NAME_MAX 255
#define OCI_METADATA_MAX 255

/* The longest key and value, in bytes, of an annotation that is compared with what policies say. */
#define OCI_ANNOTATION_MAX 4096

/* The annotations that name a policy, and the container. */
#define OCI_POLICY_ANNOTATION "io.nsxattr.policy"
#define OCI_NAME_ANNOTATION "io.nsxattr.name"

struct annotation;
struct json_object;

/**
 * struct oci_message - what of it matters to us
 *
 * All of it is what the peer says. Texts are printable ASCII; what was not said, or may be left
 * out and cannot be shown, is "". Annotations are any text: they are compared and never shown.
 */
struct oci_message {
	char id[OCI_ID_MAX + 1]; /* of the container; never "", without a '/' */
	char name[OCI_NAME_MAX + 1]; /* that an orchestrator gave it; "": none */
	char status[OCI_STATUS_MAX + 1]; /* "creating"; "running" for an exec */
	pid_t pid; /* of the process under the filter, as the runtime sees it; crun's exec says 0 */
	pid_t state_pid; /* of the container's first process; 0: not said */
	char metadata[OCI_METADATA_MAX + 1]; /* the profile's listenerMetadata */
	char policy[OCI_METADATA_MAX + 1]; /* the annotation OCI_POLICY_ANNOTATION */
	size_t listener; /* which descriptor is the listener, from 0 */
	unsigned int
		runtimes; /* bits of enum policy_runtime: what the policies may call it; a guess */
	struct annotation *annotations; /* oci_message_done() releases them */
	size_t annotation_count;
};

enum oci_message_result {
	OCI_MESSAGE_READ = 1,
	OCI_MESSAGE_REFUSED, /* the reason says why */
};

/**
 * oci_message_read() - take a message apart
 * @bytes: the message, whole
 * @length: bytes of it
 * @descriptors: how many came with it
 * @ret_message: OCI_MESSAGE_READ: what it says; oci_message_done() it
 * @ret_reason: OCI_MESSAGE_REFUSED: why, static, to come behind "a message that" in the log
 *
 * Return: an enum oci_message_result; -ENOMEM.
 */
int oci_message_read(const char *bytes, size_t length, size_t descriptors,
		     struct oci_message *ret_message, const char **ret_reason);

/** oci_message_done() - release its annotations */
void oci_message_done(struct oci_message *message);

/**
 * oci_name_of() - what a container is called by its annotations
 * @annotations: an object; NULL: there are none
 * @ret_name: its name; "": they do not tell
 *
 * The first of: OCI_NAME_ANNOTATION; what containerd's CRI calls it; what Kubernetes calls it, which CRI-O
 * passes on; what CRI-O calls it; what nerdctl calls it.
 */
void oci_name_of(const struct json_object *annotations, char ret_name[OCI_NAME_MAX + 1]);

/**
 * oci_annotations_copy() - annotations as policies compare them
 * @object: borrowed; NULL: there are none
 * @ret_annotations: the caller's to free(3), all in one piece; NULL if there are none
 * @ret_count: how many
 *
 * What is no text, has a NUL in it, or is longer than OCI_ANNOTATION_MAX, is passed over.
 *
 * Return: 0; -ENOMEM.
 */
int oci_annotations_copy(struct json_object *object, struct annotation **ret_annotations,
			 size_t *ret_count);

/** oci_message_wanted() - Return: the policy that it names, by metadata or annotation; "": none. */
const char *oci_message_wanted(const struct oci_message *message);

#endif
