/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_XATTRAT_H
#define NSXATTR_BASE_XATTRAT_H

/*
 * The attribute calls that take a directory: setxattrat(2), getxattrat(2), listxattrat(2), removexattrat(2).
 * Linux has them from 6.13 on, with one number on every ABI, which older headers do not know.
 */

#include <stdbool.h>
#include <sys/syscall.h>

#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif

/** xattrat_is_there() - does the running kernel have the four calls? It is asked, by a call that fails. */
bool xattrat_is_there(void);

#endif
