/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_RING_H
#define NSXATTR_EXEC_RING_H

/*
 * One io_uring(7), on which its thread waits for each call. Only exec/call_queue.c speaks liburing, too.
 *
 * A ring that fails is replaced by a new one, with none of the personalities of the old one. They are
 * told apart by the generation.
 */

#include <stdbool.h>

struct ring;
struct open_how;

/**
 * ring_new() - set a ring up
 *
 * Return: 0; -EPERM or -ENOSYS where io_uring is disabled or missing; other -errno.
 */
int ring_new(struct ring **ret_ring);

/** ring_free() - take it down, with its personalities; NULL is accepted. */
void ring_free(struct ring *ring);

/** ring_generation() - changes when the personalities of before are gone */
unsigned int ring_generation(const struct ring *ring);

/** ring_fd() - its descriptor, for a child that is to register a personality. */
int ring_fd(const struct ring *ring);

/**
 * ring_register_personality() - register the calling task's credentials
 * @fd: the ring's descriptor, inherited from ring_fd()
 *
 * Return: the personality's number, above 0; -errno.
 */
int ring_register_personality(int fd);

/**
 * ring_may_assume() - may requests be made with a personality?
 *
 * A security module can forbid that (uring_override_creds): each would fail with EACCES then, as if the path
 * were the reason.
 */
bool ring_may_assume(struct ring *ring);

/** ring_unregister_personality() - forget a personality. */
void ring_unregister_personality(struct ring *ring, int personality);

/**
 * ring_open() - openat2(2) with the credentials of a personality
 * @ring: the ring
 * @personality: from ring_register_personality()
 * @base: the directory
 * @path: relative to @base
 * @how: as for openat2(2)
 *
 * Return: a descriptor; -errno of openat2(2); -EBUSY when the ring has failed and was replaced.
 */
int ring_open(struct ring *ring, int personality, int base, const char *path,
	      const struct open_how *how);

#endif
