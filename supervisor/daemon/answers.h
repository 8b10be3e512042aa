/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_ANSWERS_H
#define NSXATTR_DAEMON_ANSWERS_H

/* What a worker answers at the control socket. */

#include "daemon/control.h"

struct policies_report;
struct worker;

/** answers_of() - Return: the answers of a worker, which outlives them. */
struct control_answers answers_of(struct worker *worker);

/**
 * answers_reload() - read the policies anew; containers keep the policies that they have
 * @report: zeroed
 *
 * Return: as policies_load(); what has become of it has been logged.
 */
int answers_reload(struct worker *worker, struct policies_report *report);

#endif
