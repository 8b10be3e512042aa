/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_LEFTOVER_H
#define NSXATTR_REQUEST_LEFTOVER_H

/*
 * What was left of a change by a thread, or a helper, that was killed in the middle of it.
 *
 * The kernel may still make a change whose performer waits in it, for a file system that does not answer. Until
 * the performer has ended nothing is concluded, and the inode stays held: what others change after that is not
 * undone by it. They lose nothing: the kernel lets nobody else change the inode meanwhile either.
 */

#include <stdbool.h>

struct request;

/** leftover_go_on() - the change may be made already: then the outcome is settled. Return: as a stage. */
bool leftover_go_on(struct request *request);

/** leftover_settle() - a helper was given up in the change: find out what has become of it. */
void leftover_settle(struct request *request);

#endif
