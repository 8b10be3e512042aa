/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_PINNED_H
#define NSXATTR_EXEC_PINNED_H

#include <stdbool.h>
#include <stdint.h>

/** struct pinned - an inode that cannot be exchanged any more; the descriptor is owned */
struct pinned {
	int fd;
	bool is_opened; /* a descriptor that the target itself has opened, not O_PATH */
	uint64_t mount; /* the unique id of its mount; 0: no call has asked, or the kernel has none */
};

#endif
