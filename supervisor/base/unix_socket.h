/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_UNIX_SOCKET_H
#define NSXATTR_BASE_UNIX_SOCKET_H

/*
 * Listening at a path (unix(7)). No process gets a connection before owner and mode are what they shall be.
 * A socket that a dead process has left behind is replaced, one at which a process listens is not.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Of a sockaddr_un: the longest path and its NUL. */
#define UNIX_SOCKET_PATH_SIZE 108

/** struct unix_socket_terms - where to listen, and who may connect */
struct unix_socket_terms {
	const char *path; /* absolute */
	int type; /* SOCK_STREAM or SOCK_SEQPACKET */
	mode_t mode; /* of 0777; connecting needs write permission */
	gid_t group; /* (gid_t)-1: ours */
};

/** struct unix_socket - a socket that listens */
struct unix_socket {
	int fd; /* not blocking, close-on-exec */
	int folder; /* where it is, O_PATH; -1: the service manager has made it, and unlinks it */
	char name[UNIX_SOCKET_PATH_SIZE]; /* in @folder */
	dev_t device; /* which inode it is */
	ino_t inode;
};

/**
 * unix_socket_listen() - make a socket at a path
 * @terms: its folder is made, 0755, if it is not there and its own folder is
 * @ret_socket: the socket; unix_socket_done() it
 *
 * Return: 0; -EADDRINUSE: a process listens there, or is about to; -EEXIST: what is there is no socket;
 * -ENAMETOOLONG; -EINVAL for a path that is not absolute or ends in '/'; -errno.
 */
int unix_socket_listen(const struct unix_socket_terms *terms, struct unix_socket *ret_socket);

/**
 * unix_socket_import() - use a socket that a service manager has made
 * @fd: it; ours on success
 * @type: what it has to be
 * @ret_socket: the socket; unix_socket_done() it
 *
 * Return: 0; -ENOTSOCK or -EPROTOTYPE if it is not a listening socket of this kind; -errno.
 */
int unix_socket_import(int fd, int type, struct unix_socket *ret_socket);

/**
 * unix_socket_import_path() - the path of an imported socket is ours to remove, too
 * @folder: where it is; ours on success
 *
 * Return: 0; -ENOENT: its path leads to no socket there; -errno.
 */
int unix_socket_import_path(struct unix_socket *socket, int folder);

/**
 * unix_socket_connect() - connect, without waiting
 * @path: of the socket
 * @type: SOCK_STREAM or SOCK_SEQPACKET
 *
 * Return: the descriptor, not blocking, close-on-exec; -EAGAIN: a process listens, and its queue is full;
 * -ENAMETOOLONG; -errno of connect(2).
 */
int unix_socket_connect(const char *path, int type);

/**
 * unix_socket_done() - stop listening; the path is removed if it still leads to this very socket
 *
 * Needs no root directory. -1 in @fd and @folder is accepted.
 */
void unix_socket_done(struct unix_socket *socket);

/** struct unix_peer - who is at the other end, when it connected */
struct unix_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/**
 * unix_socket_is_drained() - shut a connection down, and see if close(2) has nothing but it to close
 * @fd: connected
 *
 * Return: whether nothing lies in its queue: neither bytes nor the descriptors that come with them.
 */
bool unix_socket_is_drained(int fd);

/**
 * unix_socket_await() - wait for a socket, up to a moment
 * @events: of poll(2)
 * @end: in milliseconds, as clock_milliseconds() has it
 *
 * Return: 0: one of the events has come, or the other end has hung up; -ETIMEDOUT; -errno.
 */
int unix_socket_await(int fd, short events, uint64_t end);

/** unix_socket_peer() - Return: 0; -errno. */
int unix_socket_peer(int fd, struct unix_peer *ret_peer);

#endif
