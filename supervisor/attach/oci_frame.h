/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_OCI_FRAME_H
#define NSXATTR_ATTACH_OCI_FRAME_H

/*
 * Where a message ends, and whether it is one that may be taken apart. A runtime need not close its
 * connection behind the message: 'crun run' keeps it as long as the container lives.
 */

#include <stdbool.h>
#include <stddef.h>

/* Values, and keys, in a message: each costs memory, whatever its length. */
#define OCI_FRAME_VALUES_MAX 4096
#define OCI_FRAME_DEPTH_MAX 16

/** struct oci_frame - what is known of the bytes so far; begins zeroed */
struct oci_frame {
	size_t depth; /* of objects and lists that are open */
	size_t values;
	bool is_string; /* within one */
	bool is_escaped; /* behind a backslash */
	bool is_closed; /* the outermost object is */
};

enum oci_frame_result {
	OCI_FRAME_OPEN = 1, /* there is more to come */
	OCI_FRAME_CLOSED, /* the object is whole, and nothing but blanks is behind it */
	OCI_FRAME_REFUSED,
};

/**
 * oci_frame_feed() - look at the next bytes
 * @frame: what is known
 * @bytes: they, @length of them
 * @ret_reason: OCI_FRAME_REFUSED: why, static, as oci_message_read() has it
 */
enum oci_frame_result oci_frame_feed(struct oci_frame *frame, const char *bytes, size_t length,
				     const char **ret_reason);

#endif
