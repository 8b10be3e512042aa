/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_AUDIT_H
#define NSXATTR_REQUEST_AUDIT_H

/*
 * Makes the records of the audit log (base/audit_log.h), when the outcome of a request is known and the target does not have it yet: as
 * long as the target waits, it can be said which process it is.
 *
 * Of what is left to the kernel there is no record, for its result is not told to us.
 *
 * A change has one record, also if a worker dies in it:
 *
 *	the worker dies			the next one
 *	before the change		walks the request, and makes the record
 *	between change and record	makes one of what the slot has: the stored name, the inode, the size (is_replayed)
 *	after the record of one	finds in the slot that there is one (struct effect, audited)
 *
 * A call that fails is not noted there. It may be walked again, and then has another record, with the same number of the
 * request: the last one tells what the target got.
 */

struct audit_log;
struct auditor;
struct request;

/** auditor_new() - @log: outlives it; NULL: there is none, and no auditor. Return: 0; -ENOMEM. */
int auditor_new(struct audit_log *log, struct auditor **ret_auditor);

/** auditor_free() - NULL is accepted. */
void auditor_free(struct auditor *auditor);

/** audit_request() - of a request that has its outcome, and whose client client_is_audited(); any thread may */
void audit_request(const struct request *request);

#endif
