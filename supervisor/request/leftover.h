/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_LEFTOVER_H
#define NSXATTR_REQUEST_LEFTOVER_H

/* What a process that has died in the middle of a request has left of it. */

#include <stdbool.h>

struct request;

/** leftover_go_on() - the change may be made already: then the outcome is settled. Return: as a stage. */
bool leftover_go_on(struct request *request);

#endif
