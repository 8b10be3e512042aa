/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sockets.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/service.h"
#include "base/unix_socket.h"
#include "daemon/config.h"
#include "decimal.h"

const struct socket_name socket_names[SOCKET_COUNT] = {
	[SOCKET_OCI] = { "oci", "oci-folder" },
	[SOCKET_LXC] = { "lxc", "lxc-folder" },
	[SOCKET_CONTROL] = { "control", "control-folder" },
};

static int group_of(const struct config_socket *socket, gid_t *ret_group)
{
	*ret_group = (gid_t)-1; /* none */
	if (!socket->group)
		return 0;
	const struct group *group = getgrnam(socket->group);

	if (group)
		*ret_group = group->gr_gid;
	else if (!decimal_parse(socket->group, strlen(socket->group), ret_group) ||
		 *ret_group == (gid_t)-1)
		return -ENOENT;
	return 0;
}

static int listen_at(const struct config_socket *config, int type, struct unix_socket *ret_socket)
{
	struct unix_socket_terms terms = { .path = config->path,
					   .type = type,
					   .mode = config->mode };
	int r = group_of(config, &terms.group);

	if (r < 0) {
		log_error("%s cannot belong to group '%s': there is no such group", config->path,
			  config->group);
		return r;
	}
	r = unix_socket_listen(&terms, ret_socket);
	if (r == -EADDRINUSE)
		log_error("another process listens at %s already: is another nsxattrd running?",
			  config->path);
	else if (r < 0)
		log_error("cannot listen at %s: %s", config->path, strerror(-r));
	return r;
}

static int take_socket(struct service_fd *handed, int type, struct unix_socket *ret_socket)
{
	int r = unix_socket_import(handed->fd, type, ret_socket);

	if (r == 0)
		handed->fd = -1;
	else
		log_error("the service manager's socket '%s' is of no use: %s", handed->name,
			  strerror(-r));
	return r;
}

static int take_folder(struct unix_socket *socket, struct service_fd *folder)
{
	int r = folder ? unix_socket_import_path(socket, folder->fd) : -ENOENT;

	if (r == 0)
		folder->fd = -1;
	return r == -ENOENT ? 0 : r;
}

int sockets_open(const struct config *config, struct service_fds *handed,
		 struct unix_socket ret_sockets[SOCKET_COUNT])
{
	const struct {
		const struct config_socket *config;
		int type;
	} wanted[SOCKET_COUNT] = {
		[SOCKET_OCI] = { &config->oci, SOCK_STREAM },
		[SOCKET_LXC] = { &config->lxc, SOCK_SEQPACKET },
		[SOCKET_CONTROL] = { &config->control, SOCK_STREAM },
	};
	int r = 0;

	for (size_t i = 0; i < SOCKET_COUNT; i++)
		ret_sockets[i] = (struct unix_socket){ .fd = -1, .folder = -1 };
	for (size_t i = 0; i < SOCKET_COUNT && r == 0; i++) {
		struct service_fd *fd = service_fds_find(handed, socket_names[i].socket);
		struct unix_socket *socket = &ret_sockets[i];

		if (fd)
			r = take_socket(fd, wanted[i].type, socket);
		else if (wanted[i].config->path)
			r = listen_at(wanted[i].config, wanted[i].type, socket);
		if (fd && r == 0)
			r = take_folder(socket, service_fds_find(handed, socket_names[i].folder));
	}
	return r;
}
