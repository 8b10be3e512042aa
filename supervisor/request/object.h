/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_OBJECT_H
#define NSXATTR_REQUEST_OBJECT_H

/*
 * The stages about the inode: it is found and pinned, looked at, the stored name is made, the permission is
 * checked, and a change has its turn.
 */

#include <stdbool.h>

struct request;

bool object_resolve(struct request *request);
bool object_fail_late(struct request *request);
bool object_look(struct request *request);
bool object_locate(struct request *request);
bool object_authorize(struct request *request);
bool object_take_turn(struct request *request);

#endif
