/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_HANDSHAKE_H
#define NSXATTR_ATTACH_HANDSHAKE_H

/*
 * What the future command and its supervisor say to each other before the command starts, over a
 * socket of which each holds one end. Each knows that the other has ended by the end of the socket,
 * so that neither waits for ever.
 *
 *	step			sent by		may be called next		must not
 *	(start)			-		unshare(2) by the command	wait for ids
 *	STEP_UNSHARED		command		the maps are written		assume an identity
 *	STEP_MAPPED		supervisor	identity, mounts, the filter
 *	STEP_LISTENER		command		the sandbox, the engine	a call of the sixteen
 *	STEP_SERVING		supervisor	execve(2)
 *	STEP_FAILED		either		ending; a message was logged	log another
 *
 * Without new namespaces it begins with STEP_LISTENER.
 */

enum handshake_step {
	STEP_UNSHARED = 1,
	STEP_MAPPED,
	STEP_LISTENER, /* carries the listener */
	STEP_SERVING,
	STEP_FAILED,
};

/**
 * handshake_new() - the socket
 * @ret_ends: both ends, the caller's, close-on-exec
 *
 * Return: 0; -errno.
 */
int handshake_new(int ret_ends[2]);

/**
 * handshake_send() - tell the other side
 * @end: our end
 * @step: what has been done
 * @fd: a descriptor that goes along, and stays ours too; -1: none
 *
 * Return: 0; -EPIPE: the other side has ended; -errno.
 */
int handshake_send(int end, enum handshake_step step, int fd);

/**
 * handshake_expect() - wait for the other side
 * @end: our end
 * @step: the one step that may come, but for STEP_FAILED
 * @ret_fd: the descriptor that has to come along, close-on-exec; NULL: none has to
 *
 * Return: 0; -ECANCELED: STEP_FAILED, the other side has logged why; -EPIPE: it has ended;
 * -EPROTO: it said something else; -errno.
 */
int handshake_expect(int end, enum handshake_step step, int *ret_fd);

#endif
