/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONTAINER_USERNS_H
#define NSXATTR_DAEMON_CONTAINER_USERNS_H

/* The user namespace of a container, by which a gate knows what is executed there (integrity/gate.h). */

#include <stdint.h>
#include <sys/types.h>

/**
 * container_userns_open() - that of a container with mode enforce
 * @procfs: of proc_open()
 * @process: in the container, by the word of root's runtime. If it is another container's, all that the container
 *           executes is refused (judge/call.c)
 * @ret_fault: why there is none that a gate could be for, static, to come behind a colon
 *
 * Return: a descriptor, the caller's; -errno.
 */
int container_userns_open(int procfs, pid_t process, const char **ret_fault);

/** container_userns_number() - what gates know a user namespace by. Return: the number; 0: it cannot be told. */
uint32_t container_userns_number(int userns);

#endif
