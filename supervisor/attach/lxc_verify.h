/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_LXC_VERIFY_H
#define NSXATTR_ATTACH_LXC_VERIFY_H

/*
 * What of an LXC monitor's request may be believed.
 *
 * An OCI runtime hands the listener over and we receive from the kernel. An LXC monitor receives, and
 * tells us: "thread 4242 calls getxattr(path at this address, ...)". Where every user may run containers,
 * every user may write such a packet. Acting on it means to read and write memory of thread 4242, to search
 * paths with its rights, and to set attributes that are its container's. So a user must not get us to do
 * that with a thread of another user's container.
 *
 * The listener that comes along proves that some call waits, not whose: the kernel tells number and
 * arguments to the process that receives, once, and to no process afterwards. /proc/TID of the packet
 * proves nothing: every process can open it for every thread. What is demanded instead:
 *
 *	1. who connected is in our own user namespace. Root of a container is not, whatever its uid;
 *	2. the third descriptor is a listener, and the id of the notification is valid there;
 *
 * and of every peer but root and ourselves also:
 *
 *	3. the thread is in a user namespace that the peer owns, or in one below it: the outermost one
 *	   below ours (witness_master()). The kernel gives the owner all capabilities there
 *	   (user_namespaces(7)): he may trace the thread, write its memory, enter its namespaces. What we
 *	   can be made to do with it he could make the thread do itself. And a thread cannot come to be
 *	   in another user's namespace later;
 *	4. the thread is blocked in this very call with these very arguments, as the kernel shows it in
 *	   /proc/TID/syscall. So a wrong number, of another pid namespace for instance, is noticed;
 *	5. both are asked through descriptors of the thread, not by its number; and 4 is asked again, by
 *	   the witness that the request takes along, wherever the id is: before the inode is used and
 *	   before anything is written back. So a number that goes to another thread meanwhile is noticed.
 *
 * A monitor before LXC 4.0.5 sends no listener: 4 and 5 stand in for it, root's too.
 *
 * What stays the peer's word: which policy it wants (whether it may have it is another question), the
 * architecture of the call, the pids of monitor and init, and that nothing was held back.
 */

#include "attach/lxc_receive.h"
#include "request/witness.h"

/** struct lxc_peer - who sends */
struct lxc_peer {
	uid_t uid;
	pid_t pid; /* for messages */
	bool is_trusted; /* root with CAP_SYS_ADMIN, or who we run as */
};

/**
 * lxc_peer_identify() - who is at the other end of a connection
 * @connection: a socket that was connected by the peer, not one of socketpair(2)
 * @procfs: of proc_open()
 *
 * Return: 0; -EPERM when it is in another user namespace than we; -ESRCH when it has ended since; -errno.
 */
int lxc_peer_identify(int connection, int procfs, struct lxc_peer *ret_peer);

enum lxc_verdict {
	LXC_VERDICT_HOLDS = 1,
	LXC_VERDICT_GONE, /* the call waits no more: the thread was killed, or interrupted */
	LXC_VERDICT_NO_LISTENER, /* the third descriptor is something else */
	LXC_VERDICT_FOREIGN, /* the thread is not the peer's */
	LXC_VERDICT_WRONG, /* the thread is not in this call */
};

/** lxc_verdict_text() - the end of a sentence that begins with "the request" */
const char *lxc_verdict_text(enum lxc_verdict verdict);

/**
 * lxc_verify_sender() - 2 and 3 of the above
 * @request: as received
 * @peer: who sent it
 * @procfs: of proc_open()
 * @ret_witness: LXC_VERDICT_HOLDS: who has to be asked again, to witness_done(); its descriptors are -1
 *               when the listener is enough
 *
 * Return: an enum lxc_verdict; -errno of our own failure.
 */
int lxc_verify_sender(const struct lxc_request *request, const struct lxc_peer *peer, int procfs,
		      struct witness *ret_witness);

/**
 * lxc_verify_call() - 4 of the above
 * @witness: of lxc_verify_sender()
 *
 * Waits a moment, 0.2 s at most, for a thread that is on its way to sleep.
 *
 * Return: an enum lxc_verdict.
 */
int lxc_verify_call(const struct lxc_request *request, const struct witness *witness);

/**
 * lxc_verify_init() - the process with which a container ends
 * @request: that holds; its container's init lives as long as the call waits, so the number is that of no other process
 * @peer: who sent it
 *
 * Return: a pidfd, the caller's; -ESRCH: the call waits no more; -EPERM: with that process not all of a PID namespace
 * ends, or it is in no user namespace of the peer's; -errno.
 */
int lxc_verify_init(const struct lxc_request *request, const struct lxc_peer *peer, int procfs);

/* The longest name of a container, which LXC itself bounds by that of a folder. */
#define LXC_NAME_MAX 255

/**
 * lxc_container_name() - what a container is called
 * @procfs: of proc_open()
 * @message: of a request that holds
 * @ret_name: its name, as the cgroup of the thread has it: printable, without a '/'; where LXC was told
 *            to use another cgroup, "init-" and the pid of its init
 */
void lxc_container_name(int procfs, const struct lxc_message *message,
			char ret_name[LXC_NAME_MAX + 1]);

#endif
