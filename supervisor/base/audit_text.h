/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_AUDIT_TEXT_H
#define NSXATTR_BASE_AUDIT_TEXT_H

/*
 * A record of the audit log in its two forms: a line of JSON, and the fields of an entry for systemd-journald. Both have the same
 * fields; docs/policy.md lists them.
 *
 * No byte that a target chose can end a field or begin another one. In JSON it is escaped as base/escape.h has it. For the
 * journal such fields have the binary form, with a length in front, and keep their bytes.
 */

#include <stddef.h>

#include "base/audit_record.h"

/* Of an entry that is a record: journalctl MESSAGE_ID=... finds them. */
#define AUDIT_MESSAGE_ID "b3a6f1c9d2e84c5c9a0d7f4e61825b90"

/* In JSON each byte can become five ("\\xNN"). In the journal it is itself once, and four more in the message. */
#define AUDIT_LINE_SIZE (6 * AUDIT_TEXTS_MAX + 2048)

/** audit_print_json() - Return: the bytes of the line, with its newline. */
size_t audit_print_json(const struct audit_record *record, char line[AUDIT_LINE_SIZE]);

/** audit_print_journal() - for a datagram to journald's socket. Return: its bytes. */
size_t audit_print_journal(const struct audit_record *record, char datagram[AUDIT_LINE_SIZE]);

#endif
