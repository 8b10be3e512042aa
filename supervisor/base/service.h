/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_SERVICE_H
#define NSXATTR_BASE_SERVICE_H

/*
 * The protocol of a service manager: sd_notify(3) and sd_listen_fds(3). Their protocol is
 * a few environment variables and a datagram socket, and documented as stable, so that no library is
 * needed for it. Without a service manager all of it succeeds and does nothing.
 */

#include <stddef.h>
#include <sys/types.h>

/* The number of the first descriptor that is handed over (SD_LISTEN_FDS_START). */
#define SERVICE_FIRST_FD 3
/* Descriptors that a service manager hands over: sockets, and FileDescriptorStoreMax= of examples/systemd. */
#define SERVICE_FDS_MAX (256 + 20480)
/* The longest name of one. */
#define SERVICE_NAME_MAX 255
/* Descriptors of one message (SCM_MAX_FD of the kernel). */
#define SERVICE_STORE_MAX 253

/** struct service - the way to the service manager */
struct service {
	int socket; /* -1: there is none */
	pid_t main; /* the process that it has started, for which all others of ours speak */
};

/**
 * service_connect() - find the service manager, while paths lead to it
 * @ret_service: the way to it, for as long as the process lives
 *
 * To be called in the process that the service manager has started: messages of others are sent in its name, so
 * that it can ignore messages of other processes (NotifyAccess=main). Takes NOTIFY_SOCKET out of the environment. One thread.
 *
 * Return: 0, also when there is none; -errno.
 */
int service_connect(struct service *ret_service);

/** service_tell_ready() - started, or reloaded. Each of these: Return: 0; -errno. */
int service_tell_ready(const struct service *service);

/** service_tell_reloading() - beginning to reload; service_tell_ready() ends it. */
int service_tell_reloading(const struct service *service);

/** service_tell_stopping() - beginning to end */
int service_tell_stopping(const struct service *service);

/**
 * service_store() - have descriptors kept, to get them back when we are started again
 * @service: the service manager
 * @name: what they are called; letters, digits, '-', '_' and '.', at most 255
 * @fds: they; still the caller's
 * @count: how many, at most SERVICE_STORE_MAX
 *
 * Return: 0; -EINVAL; -errno.
 */
int service_store(const struct service *service, const char *name, const int *fds, size_t count);

/**
 * service_store_unwatched() - the same for one that is kept whatever poll(2) says of it, as it does of a map of BPF
 *
 * Return: 0; -EINVAL; -errno.
 */
int service_store_unwatched(const struct service *service, const char *name, int fd);

/** service_forget() - have what is stored under a name closed. Return: 0; -EINVAL; -errno. */
int service_forget(const struct service *service, const char *name);

/** struct service_fd - one that was handed over */
struct service_fd {
	int fd; /* close-on-exec; service_fds_done() closes it, unless taken by TAKE_FD */
	char *name; /* "" if it has none; of malloc(3) */
};

/** struct service_fds - all that were handed over; begins with zeroes */
struct service_fds {
	struct service_fd *fds;
	size_t count;
	size_t room;
};

/**
 * service_take_fds() - what the service manager has handed over
 * @ret_fds: the descriptors, none if there is no service manager; service_fds_done() them
 *
 * Takes LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES out of the environment. One thread.
 *
 * Return: 0; -EINVAL for variables that make no sense; -EBADF for a descriptor that is not open;
 * -ENOMEM.
 */
int service_take_fds(struct service_fds *ret_fds);

enum service_message {
	SERVICE_STORED = 1, /* of service_store() */
	SERVICE_STOPPING, /* of service_tell_stopping() */
};

/**
 * service_receive() - be the service manager of another process
 * @socket: connected to that process, and not blocking
 * @fds: SERVICE_STORED: what has come is added
 *
 * Return: an enum service_message; -EAGAIN: nothing has come yet; -EPIPE: the process has closed its end; -EPROTO for
 * any other message; -EMFILE: there is no room for the descriptors; -errno.
 */
int service_receive(int socket, struct service_fds *fds);

/** service_fds_find() - Return: the first of this name; NULL. */
struct service_fd *service_fds_find(struct service_fds *fds, const char *name);

/** service_fds_done() - close those that were not taken; a zeroed one is accepted. */
void service_fds_done(struct service_fds *fds);

#endif
