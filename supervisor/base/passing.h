/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_PASSING_H
#define NSXATTR_BASE_PASSING_H

/*
 * What travels with a message: descriptors (SCM_RIGHTS of unix(7)), and who has sent it (SCM_PIDFD). Nothing
 * else speaks this protocol.
 *
 * A process that receives a descriptor owns it, whatever the message is worth. There is always room for
 * as many as the kernel lets a message carry, so that the kernel closes none of them in our name; where
 * our own limit keeps some from arriving, is_cut says so, and the message must not be believed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* SCM_MAX_FD of the kernel. */
#define PASSED_MAX 253

/** struct passed - the descriptors of one message, owned; passed_done() it */
struct passed {
	size_t count;
	bool is_cut; /* not all of them arrived */
	int fds[PASSED_MAX];
};

/**
 * passing_send() - send a message
 * @socket: of AF_UNIX
 * @pieces: what it says
 * @fds: @fd_count descriptors to go along, at most PASSED_MAX; none is closed
 *
 * Return: how many bytes were sent; -errno of sendmsg(2).
 */
ssize_t passing_send(int socket, const struct iovec *pieces, size_t piece_count, const int *fds,
		     size_t fd_count);

/**
 * passing_send_for() - send a message in the name of another process
 * @sender: its number, which the receiver is told instead of ours, if it asks: needs CAP_SYS_ADMIN; 0: none
 *
 * Return: as passing_send(); -EPERM.
 */
ssize_t passing_send_for(int socket, pid_t sender, const struct iovec *pieces, size_t piece_count,
			 const int *fds, size_t fd_count);

/**
 * passing_receive() - receive a message
 * @socket: of AF_UNIX
 * @pieces: room for what it says
 * @flags: of recvmsg(2); with MSG_PEEK the descriptors are duplicates
 * @ret_passed: what came along, close-on-exec; nothing on failure
 *
 * Return: how many bytes came, or with MSG_TRUNC were sent; 0 at the end; -errno of recvmsg(2).
 */
ssize_t passing_receive(int socket, const struct iovec *pieces, size_t piece_count, int flags,
			struct passed *ret_passed);

/**
 * passed_take_only() - of a message that carries one descriptor, neither more nor less
 *
 * Return: the descriptor, the caller's; -EMFILE: our limit kept it from arriving; -EPROTO.
 */
int passed_take_only(struct passed *passed);

/**
 * passing_ask_senders() - have messages tell who sends them, from the next one on
 *
 * Return: 0; -errno.
 */
int passing_ask_senders(int socket);

/**
 * passing_receive_from() - receive a message, and learn who has sent it; descriptors in it are closed
 * @socket: of AF_UNIX, after passing_ask_senders()
 * @bytes: room for what it says, @size of it
 * @flags: of recvmsg(2)
 * @ret_sender: a pidfd of the process, the caller's; -1: it has ended, or is not visible to us
 *
 * Before Linux 6.5 the process is found by its number, which could be another's if the sender has ended.
 *
 * Return: as passing_receive().
 */
ssize_t passing_receive_from(int socket, void *bytes, size_t size, int flags, int *ret_sender);

/** passed_done() - close those that were not taken */
void passed_done(struct passed *passed);

#define _cleanup_passed_ __attribute__((cleanup(passed_done)))

#endif
