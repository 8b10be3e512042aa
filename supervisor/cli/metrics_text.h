/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_METRICS_TEXT_H
#define NSXATTR_CLI_METRICS_TEXT_H

/* The state of the daemon in the text format of Prometheus (version 0.0.4): a help, a type, and samples of each metric. */

#include <stdio.h>

struct json_object;

/** metrics_show() - @status: of the daemon's status_json_new(); NULL: it does not answer, and that is all there is to say */
void metrics_show(struct json_object *status, FILE *to);

#endif
