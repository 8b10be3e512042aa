/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/lxc_verify.h"

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
#include "base/peer.h"
#include "base/proc.h"
#include "base/unix_socket.h"
#include "count_of.h"
#include "request/notify.h"

/* A thread that has told its listener and is preempted before it sleeps: in 200 µs, 400, … 102 ms. */
#define PATIENCE_FIRST 200000L
#define PATIENCE_ROUNDS 10

/* The user of the daemon, where that is not root, may trace whatever is served. */
static bool is_trusted(int connection, int procfs, const struct unix_peer *peer)
{
	if (peer->uid == 0)
		return peer_check_administrator(connection, procfs, peer->pid) == 0;
	return peer->uid == geteuid();
}

int lxc_peer_identify(int connection, int procfs, struct lxc_peer *ret_peer)
{
	struct unix_peer peer;
	int r = unix_socket_peer(connection, &peer);

	if (r < 0)
		return r;
	r = peer_check_userns(connection, procfs, peer.pid);
	if (r < 0)
		return r;
	*ret_peer = (struct lxc_peer){
		.uid = peer.uid,
		.pid = peer.pid,
		.is_trusted = is_trusted(connection, procfs, &peer),
	};
	return 0;
}

static bool still_valid(const struct lxc_request *request)
{
	return !request->message.has_listener || notify_is_valid(request->descriptors[LXC_LISTENER],
								 request->message.notification.id);
}

/* Without a listener we cannot tell a liar from a thread that was interrupted. */
static enum lxc_verdict why_not(const struct lxc_request *request)
{
	bool is_waiting = request->message.has_listener && still_valid(request);

	return is_waiting ? LXC_VERDICT_WRONG : LXC_VERDICT_GONE;
}

int lxc_verify_call(const struct lxc_request *request, const struct witness *witness)
{
	struct timespec pause = { .tv_nsec = PATIENCE_FIRST };

	if (witness->call < 0)
		return LXC_VERDICT_HOLDS;
	for (int round = 0; round < PATIENCE_ROUNDS && still_valid(request); round++) {
		if (witness_waits(witness, &request->message.notification.data))
			return LXC_VERDICT_HOLDS;
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
		return LXC_VERDICT_GONE;
	if (r < 0 && r != -EPERM)
		return r;
	return r == 0 && master == peer->uid ? LXC_VERDICT_HOLDS : LXC_VERDICT_FOREIGN;
}

/* Return: LXC_VERDICT_HOLDS; another enum lxc_verdict; -errno. */
static int find_witness(const struct lxc_request *request, const struct lxc_peer *peer, int procfs,
			struct witness *ret_witness)
{
	struct witness witness;
	int r = witness_open(procfs, (pid_t)request->message.notification.pid, &witness);

	if (r < 0)
		return r == -ESRCH ? (int)LXC_VERDICT_GONE : r;
	r = peer->is_trusted ? (int)LXC_VERDICT_HOLDS : check_master(&witness, peer, procfs);
	if (r == LXC_VERDICT_HOLDS)
		*ret_witness = witness;
	else
		witness_done(&witness);
	return r;
}

int lxc_verify_sender(const struct lxc_request *request, const struct lxc_peer *peer, int procfs,
		      struct witness *ret_witness)
{
	bool has_listener = request->message.has_listener;

	if (has_listener && !notify_is_listener(request->descriptors[LXC_LISTENER]))
		return LXC_VERDICT_NO_LISTENER;
	if (!still_valid(request))
		return LXC_VERDICT_GONE;
	if (!peer->is_trusted || !has_listener)
		return find_witness(request, peer, procfs, ret_witness);
	*ret_witness = (struct witness){ -1, -1 };
	return LXC_VERDICT_HOLDS;
}

/* The kernel ends a PID namespace with its first process, which has number 1 there. */
static bool is_first(int procfs, int pidfd)
{
	char path[48], text[1024];

	snprintf(path, sizeof(path), "%d/fdinfo/%d", (int)getpid(), pidfd);
	const char *levels =
		proc_read(procfs, path, text, sizeof(text)) > 0 ? strstr(text, "\nNSpid:") : NULL;

	if (!levels)
		return false;
	const char *last = memrchr(levels + 1, '\t', strcspn(levels + 1, "\n"));

	return last && strncmp(last, "\t1\n", 3) == 0;
}

static int check_init(const struct lxc_request *request, const struct lxc_peer *peer, int procfs)
{
	struct witness witness;
	int r = witness_open(procfs, request->message.init, &witness);

	if (r < 0)
		return r;
	r = peer->is_trusted ? (int)LXC_VERDICT_HOLDS : check_master(&witness, peer, procfs);
	witness_done(&witness);
	return r;
}

int lxc_verify_init(const struct lxc_request *request, const struct lxc_peer *peer, int procfs)
{
	_cleanup_fd_ int pidfd = (int)syscall(SYS_pidfd_open, request->message.init, 0);

	if (pidfd < 0)
		return -errno;
	int r = check_init(request, peer, procfs);
	bool is_all = is_first(procfs, pidfd);

	if (r < 0)
		return r;
	if (r == LXC_VERDICT_GONE || !still_valid(request))
		return -ESRCH;
	return r == LXC_VERDICT_HOLDS && is_all ? TAKE_FD(pidfd) : -EPERM;
}

const char *lxc_verdict_text(enum lxc_verdict verdict)
{
	static const char *const texts[] = {
		[LXC_VERDICT_HOLDS] = "holds",
		[LXC_VERDICT_GONE] = "is for a call that waits no more",
		[LXC_VERDICT_NO_LISTENER] = "brings something along that is no listener",
		[LXC_VERDICT_FOREIGN] =
			"is for a thread that is in no user namespace of its sender",
		[LXC_VERDICT_WRONG] = "is for a thread that is not in the call",
	};

	return (size_t)verdict < COUNT_OF(texts) && texts[verdict] ? texts[verdict] :
								     "is of an unknown kind";
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
