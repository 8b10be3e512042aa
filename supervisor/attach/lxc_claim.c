/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/lxc_claim.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/unix_socket.h"
#include "request/notify.h"

#ifndef SO_PEERPIDFD /* Linux 6.5 */
#define SO_PEERPIDFD 77
#endif

/* A thread that has told its listener and is preempted before it sleeps: in 200 µs, 400, … 102 ms. */
#define PATIENCE_FIRST 200000L
#define PATIENCE_ROUNDS 10

/* Before Linux 6.5, by its number: that could be another's, if the peer has ended since. */
static int open_peer(int connection, pid_t pid)
{
	int fd;
	socklen_t length = sizeof(fd);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &fd, &length) < 0) {
		if (errno != ENOPROTOOPT)
			return -errno;
		fd = (int)syscall(SYS_pidfd_open, pid, 0);
	}
	return fd < 0 ? -errno : fd;
}

static bool has_ended(int pidfd)
{
	struct pollfd polled = { .fd = pidfd, .events = POLLIN };

	return poll(&polled, 1, 0) != 0;
}

static int check_userns(int procfs, pid_t pid)
{
	struct stat ours, its;
	char path[32];

	snprintf(path, sizeof(path), "%d/ns/user", pid);
	if (fstatat(procfs, "self/ns/user", &ours, 0) < 0 || fstatat(procfs, path, &its, 0) < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return ours.st_dev == its.st_dev && ours.st_ino == its.st_ino ? 0 : -EPERM;
}

int lxc_peer_identify(int connection, int procfs, struct lxc_peer *ret_peer)
{
	struct unix_peer peer;
	int r = unix_socket_peer(connection, &peer);

	if (r < 0)
		return r;
	/* a process of a pid namespace that is not below ours */
	if (peer.pid <= 0)
		return -EPERM;
	_cleanup_fd_ int pidfd = open_peer(connection, peer.pid);

	if (pidfd < 0)
		return pidfd;
	r = check_userns(procfs, peer.pid);
	if (has_ended(pidfd))
		return -ESRCH;
	if (r < 0)
		return r;
	*ret_peer = (struct lxc_peer){
		.uid = peer.uid,
		.pid = peer.pid,
		.is_trusted = peer.uid == 0 || peer.uid == geteuid(),
	};
	return 0;
}

static bool still_valid(const struct lxc_request *request)
{
	return !request->message.has_listener || notify_is_valid(request->descriptors[LXC_LISTENER],
								 request->message.notification.id);
}

/* Without a listener nobody can tell a liar from a thread that was interrupted. */
static enum lxc_claim why_not(const struct lxc_request *request)
{
	bool is_waiting = request->message.has_listener && still_valid(request);

	return is_waiting ? LXC_CLAIM_WRONG : LXC_CLAIM_GONE;
}

int lxc_claim_check_call(const struct lxc_request *request, const struct witness *witness)
{
	struct timespec pause = { .tv_nsec = PATIENCE_FIRST };

	if (witness->call < 0)
		return LXC_CLAIM_HOLDS;
	for (int round = 0; round < PATIENCE_ROUNDS && still_valid(request); round++) {
		if (witness_waits(witness, &request->message.notification.data))
			return LXC_CLAIM_HOLDS;
		(void)nanosleep(&pause, NULL);
		pause.tv_nsec *= 2;
	}
	return (int)why_not(request);
}

static int check_master(const struct witness *witness, const struct lxc_peer *peer, int procfs)
{
	uid_t master;
	int r = witness_master(witness, procfs, &master);

	if (r == -ESRCH)
		return LXC_CLAIM_GONE;
	if (r < 0 && r != -EPERM)
		return r;
	return r == 0 && master == peer->uid ? LXC_CLAIM_HOLDS : LXC_CLAIM_FOREIGN;
}

/* Return: LXC_CLAIM_HOLDS; another enum lxc_claim; -errno. */
static int find_witness(const struct lxc_request *request, const struct lxc_peer *peer, int procfs,
			struct witness *ret_witness)
{
	struct witness witness;
	int r = witness_open(procfs, (pid_t)request->message.notification.pid, &witness);

	if (r < 0)
		return r == -ESRCH ? (int)LXC_CLAIM_GONE : r;
	r = peer->is_trusted ? (int)LXC_CLAIM_HOLDS : check_master(&witness, peer, procfs);
	if (r == LXC_CLAIM_HOLDS)
		*ret_witness = witness;
	else
		witness_done(&witness);
	return r;
}

int lxc_claim_check_sender(const struct lxc_request *request, const struct lxc_peer *peer,
			   int procfs, struct witness *ret_witness)
{
	bool has_listener = request->message.has_listener;

	if (has_listener && !notify_is_listener(request->descriptors[LXC_LISTENER]))
		return LXC_CLAIM_NO_LISTENER;
	if (!still_valid(request))
		return LXC_CLAIM_GONE;
	if (!peer->is_trusted || !has_listener)
		return find_witness(request, peer, procfs, ret_witness);
	*ret_witness = (struct witness){ -1, -1 };
	return LXC_CLAIM_HOLDS;
}

const char *lxc_claim_text(enum lxc_claim claim)
{
	switch (claim) {
	case LXC_CLAIM_HOLDS:
		return "holds";
	case LXC_CLAIM_GONE:
		return "is for a call that waits no more";
	case LXC_CLAIM_NO_LISTENER:
		return "brings something along that is no listener";
	case LXC_CLAIM_FOREIGN:
		return "is for a thread that is in no user namespace of its sender";
	case LXC_CLAIM_WRONG:
		return "is for a thread that is not in the call";
	}
	return "is of an unknown kind";
}

/* "0::/lxc.payload.NAME/…": the outermost one, for below it the container has its way. */
static bool find_name(const char *cgroups, char ret_name[LXC_NAME_MAX + 1])
{
	static const char prefix[] = "/lxc.payload.";
	const char *name = strstr(cgroups, prefix);

	if (!name)
		return false;
	name += strlen(prefix);
	size_t length = strcspn(name, "/\n");

	if (length == 0 || length > LXC_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	memcpy(ret_name, name, length);
	ret_name[length] = '\0';
	return true;
}

void lxc_container_name(int procfs, const struct lxc_message *message,
			char ret_name[LXC_NAME_MAX + 1])
{
	char path[32], cgroups[4096];

	snprintf(path, sizeof(path), "%d/cgroup", (pid_t)message->notification.pid);
	ssize_t length = proc_read(procfs, path, cgroups, sizeof(cgroups));

	if (length < 0 || !find_name(cgroups, ret_name))
		snprintf(ret_name, LXC_NAME_MAX + 1, "init-%d", message->init);
}
