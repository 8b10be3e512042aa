/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_ATTACHMENT_RECORD_H
#define NSXATTR_DAEMON_ATTACHMENT_RECORD_H

/* What the journal has of an attachment (daemon/attachments.h), beside its descriptor. */

#include <stdint.h>
#include <sys/types.h>

#include "daemon/policy_folders.h"
#include "daemon/registry.h"
#include "keep/journal.h"

/** struct attachment_record - in its entry. Another version may read it: only add at the end. */
struct attachment_record {
	uint32_t runtimes; /* bits of enum policy_runtime */
	uint32_t uid;
	char id[CONTAINER_ID_MAX +
		1]; /* behind its NUL is the name, if it is another one that fits */
	char policy[POLICY_NAME_MAX + 1];
	char map[CONTAINER_MAP_SIZE];
	uint64_t policy_serial; /* of its policy's entry; 0: it is built in */
	uint64_t list_serial; /* of the container's measurement list; 0: there is none */
	int32_t process; /* of a life */
};

_Static_assert(sizeof(struct attachment_record) <= JOURNAL_RECORD_SIZE,
	       "a record has its place in the journal");

/**
 * attachment_record_fill() - of an attachment of this container
 * @policy_serial: of its policy's entry; 0: it is built in
 * @process: of a life; else 0
 */
void attachment_record_fill(struct attachment_record *record, const struct container *container,
			    uint64_t policy_serial, pid_t process);

/** attachment_record_read() - whatever an entry has, all texts end */
void attachment_record_read(const struct entry *entry, struct attachment_record *ret_record);

/** attachment_record_name() - Return: the name of the container, as long as @record; its id, if there is no other. */
const char *attachment_record_name(const struct attachment_record *record);

#endif
