/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * What lies at a path may be the socket of a living process, or what a dead one has left; connecting
 * tells. Between that and our own bind(2) another one like us must not come: a process that makes a
 * socket holds a lock on a file beside it, which no other user can open. It lets go of the lock when the socket
 * listens, for from then on connecting tells. The file stays: it could not be removed without a race.
 *
 * Until a socket listens, connecting to it fails whatever its mode is. So it gets its group and its mode
 * between bind(2) and listen(2).
 */
#include "base/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/fd.h"

#define BACKLOG 1024
#define FOLDER_MODE 0755

/** struct birth - a socket in the making */
struct birth {
	const struct unix_socket_terms *terms;
	struct sockaddr_un address;
	int folder; /* O_PATH */
	const char *name; /* in @folder */
};

int unix_socket_connect(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* ---- the folder ---- */

static int open_folder(const char *path, size_t length)
{
	char folder[UNIX_SOCKET_PATH_SIZE];

	/* "/name" is in "/". */
	length += length == 0;
	memcpy(folder, path, length);
	folder[length] = '\0';
	int r = mkdir(folder, FOLDER_MODE) < 0 ? -errno : 0;

	if (r < 0 && r != -EEXIST)
		return r;
	/* Whatever our umask takes away: it is for those who connect. */
	if (r == 0 && chmod(folder, FOLDER_MODE) < 0)
		return -errno;
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Return: a descriptor that holds the lock; -EADDRINUSE: another one does; -errno. */
static int lock(const struct birth *birth)
{
	char name[UNIX_SOCKET_PATH_SIZE + sizeof("..lock")];

	snprintf(name, sizeof(name), ".%s.lock", birth->name);
	_cleanup_fd_ int fd = openat(birth->folder, name,
				     O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
	return TAKE_FD(fd);
}

/* ---- what is there already ---- */

/* Return: 0 if no process listens there; -EADDRINUSE if one does; -errno. */
static int probe(const struct birth *birth)
{
	_cleanup_fd_ int fd = unix_socket_connect(birth->address.sun_path, birth->terms->type);

	/* Of another type, or with a full queue: alive. */
	if (fd >= 0 || fd == -EPROTOTYPE || fd == -EAGAIN)
		return -EADDRINUSE;
	return fd == -ECONNREFUSED || fd == -ENOENT ? 0 : fd;
}

static int make_room(const struct birth *birth)
{
	struct stat status;

	if (fstatat(birth->folder, birth->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	int r = probe(birth);

	if (r < 0)
		return r;
	return unlinkat(birth->folder, birth->name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* ---- the socket ---- */

/* By the inode, whatever its name leads to by now. */
static int set_owner(int inode, const struct unix_socket_terms *terms)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(inode)];

	if (terms->group != (gid_t)-1 &&
	    fchownat(inode, "", (uid_t)-1, terms->group, AT_EMPTY_PATH) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", inode);
	return chmod(path, terms->mode & 0777) < 0 ? -errno : 0;
}

static int open_access(const struct birth *birth, struct unix_socket *socket)
{
	_cleanup_fd_ int inode =
		openat(birth->folder, birth->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (inode < 0 || fstat(inode, &status) < 0)
		return -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	socket->device = status.st_dev;
	socket->inode = status.st_ino;
	return set_owner(inode, birth->terms);
}

static int give_birth(const struct birth *birth, struct unix_socket *ret_socket)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, birth->terms->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&birth->address, sizeof(birth->address)) < 0)
		return -errno;
	int r = open_access(birth, ret_socket);

	if (r == 0 && listen(fd, BACKLOG) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(birth->folder, birth->name, 0);
		return r;
	}
	ret_socket->fd = TAKE_FD(fd);
	return 0;
}

static int make_address(const char *path, struct sockaddr_un *address)
{
	size_t length = strlen(path);

	if (path[0] != '/' || path[length - 1] == '/')
		return -EINVAL;
	if (length >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, length);
	return 0;
}

int unix_socket_listen(const struct unix_socket_terms *terms, struct unix_socket *ret_socket)
{
	struct birth birth = { .terms = terms };
	int r = make_address(terms->path, &birth.address);

	if (r < 0)
		return r;
	birth.name = strrchr(terms->path, '/') + 1;
	_cleanup_fd_ int folder = open_folder(terms->path, (size_t)(birth.name - 1 - terms->path));

	if (folder < 0)
		return folder;
	birth.folder = folder;
	_cleanup_fd_ int held = lock(&birth);

	if (held < 0)
		return held;
	struct unix_socket born = { .fd = -1, .folder = -1 };

	r = make_room(&birth);
	if (r == 0)
		r = give_birth(&birth, &born);
	if (r < 0)
		return r;
	memcpy(born.name, birth.name, strlen(birth.name) + 1);
	born.folder = TAKE_FD(folder);
	*ret_socket = born;
	return 0;
}

static int get_option(int fd, int option, int *ret_value)
{
	socklen_t length = sizeof(*ret_value);

	return getsockopt(fd, SOL_SOCKET, option, ret_value, &length) < 0 ? -errno : 0;
}

int unix_socket_import(int fd, int type, struct unix_socket *ret_socket)
{
	int domain = 0, its_type = 0, listens = 0, flags = fcntl(fd, F_GETFL);
	int r = get_option(fd, SO_DOMAIN, &domain);

	if (r == 0)
		r = get_option(fd, SO_TYPE, &its_type);
	if (r == 0)
		r = get_option(fd, SO_ACCEPTCONN, &listens);
	if (r < 0)
		return r;
	if (domain != AF_UNIX || its_type != type || !listens)
		return -EPROTOTYPE;
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	*ret_socket = (struct unix_socket){ .fd = fd, .folder = -1 };
	return 0;
}

int unix_socket_import_path(struct unix_socket *socket, int folder)
{
	struct sockaddr_un address = { 0 };
	socklen_t length = sizeof(address) - 1;
	struct stat status;

	if (getsockname(socket->fd, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	const char *slash = strrchr(address.sun_path, '/');

	if (!slash || fstatat(folder, slash + 1, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISSOCK(status.st_mode))
		return -ENOENT;
	snprintf(socket->name, sizeof(socket->name), "%s", slash + 1);
	socket->device = status.st_dev;
	socket->inode = status.st_ino;
	socket->folder = folder;
	return 0;
}

static bool is_still_there(const struct unix_socket *socket)
{
	struct stat status;

	return fstatat(socket->folder, socket->name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       status.st_dev == socket->device && status.st_ino == socket->inode;
}

void unix_socket_done(struct unix_socket *socket)
{
	if (socket->folder >= 0 && is_still_there(socket))
		(void)unlinkat(socket->folder, socket->name, 0);
	fd_close(&socket->folder);
	fd_close(&socket->fd);
}

/* An empty packet is none of the bytes that a socket counts; but who has sent it is told, and of the end it is not. */
static bool has_packet(int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} sender;
	char byte;
	struct iovec piece = { &byte, 1 };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = &sender,
				  .msg_controllen = sizeof(sender) };

	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int)) < 0)
		return true;
	/* What is looked at stays there, so nothing is closed. */
	return recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT) != 0 || message.msg_controllen > 0 ||
	       (message.msg_flags & MSG_CTRUNC);
}

bool unix_socket_is_drained(int fd)
{
	int type = 0, bytes = 0;

	if (shutdown(fd, SHUT_RDWR) < 0 || get_option(fd, SO_TYPE, &type) < 0)
		return false;
	if (type == SOCK_SEQPACKET)
		return !has_packet(fd);
	return ioctl(fd, SIOCINQ, &bytes) == 0 && bytes == 0;
}

int unix_socket_peer(int fd, struct unix_peer *ret_peer)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return -errno;
	*ret_peer = (struct unix_peer){ .pid = peer.pid, .uid = peer.uid, .gid = peer.gid };
	return 0;
}

/* A signal does not prolong the wait. */
int unix_socket_await(int fd, short events, uint64_t end)
{
	struct pollfd polled = { .fd = fd, .events = events };
	int count;

	do {
		uint64_t now = clock_milliseconds();

		count = now >= end ? 0 : poll(&polled, 1, (int)(end - now));
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	return count == 0 ? -ETIMEDOUT : 0;
}
