/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_AUDIT_RECORD_H
#define NSXATTR_BASE_AUDIT_RECORD_H

/*
 * What the audit log has of one set or remove (request/audit.h makes it). Where something is not known, the record says
 * so, and nothing is put in its place. Texts but for @kind are bytes that a target or a runtime chose.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/event.h"
#include "name.h"
#include "reason.h"

/* Bytes of a SHA-256. */
#define AUDIT_DIGEST_SIZE 32

struct syscall_kind;

/** enum audit_text - the texts of a record */
enum audit_text {
	AUDIT_CONTAINER, /* what people call it */
	AUDIT_ID, /* of the container */
	AUDIT_PATH, /* as the target said it; "" is a path, too */
	AUDIT_NAME, /* of the attribute, as the target said it */
	AUDIT_STORED, /* the name of the attribute that was, or would have been, changed on the inode */
	AUDIT_TEXTS,
};

/* The longest of each, without a NUL; of the first two longer ones are cut. */
#define AUDIT_CONTAINER_MAX (EVENT_CONTAINER_SIZE - 1)
#define AUDIT_ID_MAX (EVENT_ID_SIZE - 1)
#define AUDIT_PATH_MAX (PATH_MAX - 1)
#define AUDIT_NAME_MAX (NAME_SIZE - 1)
#define AUDIT_TEXTS_MAX (AUDIT_CONTAINER_MAX + AUDIT_ID_MAX + AUDIT_PATH_MAX + 2 * AUDIT_NAME_MAX)

/** struct audit_bytes - a text, which ends with no NUL */
struct audit_bytes {
	const char *bytes; /* NULL: it is not known */
	size_t length;
};

/** struct audit_record - of one call */
struct audit_record {
	uint64_t number; /* by the queue: one more for each record, those that are lost included */
	uint64_t time; /* CLOCK_REALTIME, microseconds */
	uint64_t request; /* the kernel's id of the notification */
	const void *holder; /* whose share of the queue it takes; compared only */
	uint32_t owner; /* the user of the container */
	uint32_t process, thread; /* the target's numbers on the host; 0: it has gone */
	uint32_t uid; /* likewise: the real one, an id of the host */
	const struct syscall_kind *kind; /* of the program's own table */
	bool has_descriptor;
	bool has_inode;
	bool has_size; /* of a set */
	bool has_digest; /* likewise */
	bool is_replayed; /* a worker has died in the call: of what the target said little is known */
	int descriptor; /* what the target gave: of the file, or where a relative path begins */
	uint32_t device_major, device_minor; /* of st_dev */
	uint64_t inode; /* its number */
	uint64_t size; /* of the value, as the target said it */
	uint8_t digest[AUDIT_DIGEST_SIZE]; /* of the value */
	int error; /* the errno that the target gets; 0: it is done */
	enum reason reason;
	struct audit_bytes texts[AUDIT_TEXTS];
};

#endif
