/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol is that of sd_notify(3), sections "Description" and "Notes", and of sd_listen_fds(3):
 * a datagram of lines "NAME=VALUE" to the socket that NOTIFY_SOCKET names (an '@' in front stands for
 * the NUL of an abstract one); LISTEN_FDS descriptors from 3 on, for the process LISTEN_PID, with the
 * names of LISTEN_FDNAMES between colons.
 *
 * The socket is connected at once, because later there may be no root directory to search the path in.
 */
#include "base/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/passing.h"
#include "decimal.h"

static const char store_text[] = "FDSTORE=1\nFDNAME=";
static const char stopping_text[] = "STOPPING=1\n";

/* ---- what we tell ---- */

static int make_address(const char *path, struct sockaddr_un *address, socklen_t *ret_length)
{
	size_t length = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || length >= sizeof(address->sun_path))
		return -EINVAL;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, length);
	if (path[0] == '@')
		address->sun_path[0] = '\0';
	/* The name of an abstract socket has no NUL at its end, that of a path has. */
	*ret_length =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] == '/'));
	return 0;
}

int service_connect(struct service *ret_service)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t length;

	*ret_service = (struct service){ .socket = -1, .main = getpid() };
	if (!path || path[0] == '\0')
		return 0;
	int r = make_address(path, &address, &length);

	(void)unsetenv("NOTIFY_SOCKET");
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, length) < 0)
		return -errno;
	ret_service->socket = TAKE_FD(fd);
	return 0;
}

static int send_text(const struct service *service, const char *text, const int *fds, size_t count)
{
	const struct iovec piece = { (char *)text, strlen(text) };

	if (service->socket < 0)
		return 0;
	const pid_t sender = getpid() == service->main ? 0 : service->main;
	ssize_t sent = passing_send_for(service->socket, sender, &piece, 1, fds, count);

	/* As sd_pid_notify(3): without the privilege, or where that process has ended, in our own name. */
	if (sent < 0 && sender != 0)
		sent = passing_send(service->socket, &piece, 1, fds, count);
	return sent < 0 ? (int)sent : 0;
}

static int tell(const struct service *service, const char *text)
{
	return send_text(service, text, NULL, 0);
}

int service_tell_ready(const struct service *service)
{
	return tell(service, "READY=1\n");
}

/* The time tells the service manager which READY=1 ends this (Type=notify-reload). */
int service_tell_reloading(const struct service *service)
{
	char text[80];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu\n",
		 (unsigned long long)clock_microseconds());
	return tell(service, text);
}

int service_tell_stopping(const struct service *service)
{
	return tell(service, stopping_text);
}

static bool is_name(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t length = strlen(name);

	return length > 0 && length <= SERVICE_NAME_MAX && strspn(name, allowed) == length;
}

static int store(const struct service *service, const char *name, const int *fds, size_t count,
		 const char *more)
{
	char text[SERVICE_NAME_MAX + 32];

	if (!is_name(name) || count == 0 || count > SERVICE_STORE_MAX)
		return -EINVAL;
	snprintf(text, sizeof(text), "%s%s\n%s", store_text, name, more);
	return send_text(service, text, fds, count);
}

int service_store(const struct service *service, const char *name, const int *fds, size_t count)
{
	return store(service, name, fds, count, "");
}

int service_store_unwatched(const struct service *service, const char *name, int fd)
{
	return store(service, name, &fd, 1, "FDPOLL=0\n");
}

int service_forget(const struct service *service, const char *name)
{
	char text[SERVICE_NAME_MAX + 32];

	if (!is_name(name))
		return -EINVAL;
	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s\n", name);
	return tell(service, text);
}

/* ---- what we are told ---- */

/* Return: how many descriptors there are for us; -EINVAL. */
static int count_fds(const char *count_text, const char *pid_text)
{
	uint32_t count, pid;

	if (!count_text || !pid_text)
		return 0;
	if (!decimal_parse(count_text, strlen(count_text), &count) || count > SERVICE_FDS_MAX ||
	    !decimal_parse(pid_text, strlen(pid_text), &pid) || pid > INT32_MAX)
		return -EINVAL;
	/* Another's, which has started us without clearing its environment. */
	return (pid_t)pid == getpid() ? (int)count : 0;
}

/* @fd: that of @fds on success */
static int add(struct service_fds *fds, int fd, const char *name)
{
	if (fds->count == fds->room) {
		size_t room = fds->room ? fds->room * 2 : 64;
		void *larger = realloc(fds->fds, room * sizeof(*fds->fds));

		if (!larger)
			return -ENOMEM;
		fds->fds = larger;
		fds->room = room;
	}
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	fds->fds[fds->count++] = (struct service_fd){ fd, copy };
	return 0;
}

/* Cuts @names at the colons. */
static int take(size_t count, char *names, struct service_fds *ret_fds)
{
	struct service_fds fds = { 0 };
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		const char *name = names ? strsep(&names, ":") : NULL;
		int fd = SERVICE_FIRST_FD + (int)i;

		r = fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : add(&fds, fd, name ? name : "");
	}
	if (r < 0)
		service_fds_done(&fds);
	else
		*ret_fds = fds;
	return r;
}

int service_take_fds(struct service_fds *ret_fds)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int count = count_fds(getenv("LISTEN_FDS"), getenv("LISTEN_PID"));
	_cleanup_free_ char *copy = names ? strdup(names) : NULL;

	if (names && !copy)
		return -ENOMEM;
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDNAMES");
	return count < 0 ? count : take((size_t)count, copy, ret_fds);
}

/* A message of service_store(), with what came along. */
static int add_stored(struct service_fds *fds, char *text, struct passed *passed)
{
	char *name = text + strlen(store_text);

	if (strncmp(text, store_text, strlen(store_text)) != 0 || passed->count == 0)
		return -EPROTO;
	name[strcspn(name, "\n")] = '\0';
	for (size_t i = 0; i < passed->count; i++) {
		int r = add(fds, passed->fds[i], name);

		if (r < 0)
			return r;
		passed->fds[i] = -1;
	}
	return SERVICE_STORED;
}

int service_receive(int socket, struct service_fds *fds)
{
	char text[SERVICE_NAME_MAX + 32];
	const struct iovec piece = { text, sizeof(text) - 1 };
	_cleanup_passed_ struct passed passed = { 0 };
	ssize_t length = passing_receive(socket, &piece, 1, 0, &passed);

	if (length <= 0)
		return length < 0 ? (int)length : -EPIPE;
	text[length] = '\0';
	if (passed.is_cut)
		return -EMFILE;
	if (strcmp(text, stopping_text) == 0)
		return SERVICE_STOPPING;
	return add_stored(fds, text, &passed);
}

struct service_fd *service_fds_find(struct service_fds *fds, const char *name)
{
	for (size_t i = 0; i < fds->count; i++)
		if (strcmp(fds->fds[i].name, name) == 0)
			return &fds->fds[i];
	return NULL;
}

void service_fds_done(struct service_fds *fds)
{
	for (size_t i = 0; i < fds->count; i++) {
		fd_close(&fds->fds[i].fd);
		free(fds->fds[i].name);
	}
	free(fds->fds);
	*fds = (struct service_fds){ 0 };
}
