/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_STATUS_TEXT_H
#define NSXATTR_CLI_STATUS_TEXT_H

/* What status_json_new() has said, as a table for people. */

#include <stdio.h>
#include <time.h>

struct json_object;

/**
 * status_show() - a line about the daemon, and a table of its containers
 * @status: as the daemon has said it; what is missing is shown as "-"
 * @now: CLOCK_REALTIME, seconds
 * @to: where to
 */
void status_show(struct json_object *status, time_t now, FILE *to);

#endif
