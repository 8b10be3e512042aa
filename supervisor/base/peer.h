/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_PEER_H
#define NSXATTR_BASE_PEER_H

/*
 * What a peer of a socket is besides its uid. The uid 0 alone says little: root of a namespace that maps
 * 0 to the host's 0 has it, too, and a process that has dropped all privileges.
 */

#include <sys/types.h>

/* A peer of uid 0 that may not speak for root counts as this user, whom the kernel calls nobody. */
#define PEER_NOT_ROOT ((uid_t)65534)

/**
 * peer_check_userns() - is the peer in our own user namespace?
 * @connection: a socket that was connected by the peer, not one of socketpair(2)
 * @procfs: of proc_open()
 * @pid: of SO_PEERCRED
 *
 * Before Linux 6.5 the process is found by its number, which could be another's if the peer has ended.
 *
 * Return: 0; -EPERM: it is in another one, or not visible to us; -ESRCH: it has ended; -errno.
 */
int peer_check_userns(int connection, int procfs, pid_t pid);

/**
 * peer_check_administrator() - is it there, and has it CAP_SYS_ADMIN?
 *
 * Return: 0; -EPERM: it has not; -ESRCH: it has ended; -errno.
 */
int peer_check_administrator(int connection, int procfs, pid_t pid);

#endif
