/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_LABEL_H
#define NSXATTR_REQUEST_LABEL_H

/*
 * What the kernel's labels (SELinux, Smack) say of a target that has another label than we have: it is not
 * to get by our hand what the kernel would not give to its label. Where that cannot be told, its calls are the
 * kernel's.
 */

#include <stdbool.h>

struct request;

/** label_identify() - does the target have a label of its own? Return: as a stage. */
bool label_identify(struct request *request);

/** label_authorize() - may its label do this to the inode? Return: as a stage. */
bool label_authorize(struct request *request);

#endif
