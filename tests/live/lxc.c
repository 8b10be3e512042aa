/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of LXC monitors: real listeners, real sockets, and peers that lie. The targets call
 * getppid(2) with six arguments; root and two users stand for the monitors.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach/lxc_source.h"
#include "base/fd.h"
#include "base/proc.h"
#include "child.h"
#include "launch.h"
#include "lxc_packet.h"
#include "request/notify.h"
#include "request/request.h"

#define PATIENCE 100000 /* milliseconds */
#define USER 12345
#define OTHER_USER 23456
#define NO_USER ((uid_t)-1) /* a target in our own user namespace */

/* A process that waits in a call. */
struct target {
	uid_t owner; /* of its user namespace */
	bool is_nested; /* in one below it */
	pid_t pid;
	int listener;
	struct seccomp_notif notification;
};

/* Shared with the targets. */
struct news {
	volatile int listener;
	volatile long result;
	volatile int error;
};

static struct news *news;
static int ready; /* an eventfd, in the table of descriptors that all have */
static int listening;
static int procfs;

static void set_up(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)scratch_new();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", scratch_path("socket"));
	procfs = proc_open();
	ready = eventfd(0, EFD_CLOEXEC);
	listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	news = mmap(NULL, sizeof(*news), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(procfs >= 0 && ready >= 0 && news != MAP_FAILED);
	cr_assert_eq(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listening, 4), 0);
	cr_assert_eq(chmod(address.sun_path, 0666), 0);
}

static void tear_down(void)
{
	close(procfs);
	close(ready);
	close(listening);
	scratch_remove();
}

TestSuite(lxc, .init = set_up, .fini = tear_down, .timeout = 600);

/* ---- targets ---- */

static int install_filter(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

static void write_own(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	NEED(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* Who has no ids cannot make a namespace below. */
static void take_ids(uid_t owner)
{
	char map[32];

	NEED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	snprintf(map, sizeof(map), "0 %u 1", owner);
	write_own("/proc/self/uid_map", map);
	write_own("/proc/self/setgroups", "deny");
	write_own("/proc/self/gid_map", map);
}

static void be_target(void *argument)
{
	const struct target *target = argument;

	if (target->owner != NO_USER) {
		const gid_t groups[] = { target->owner, 100, 2000 };

		NEED(setgroups(3, groups) == 0);
		NEED(setresgid(target->owner, target->owner, target->owner) == 0);
		NEED(setresuid(target->owner, target->owner, target->owner) == 0);
		NEED(unshare(CLONE_NEWUSER) == 0);
	}
	if (target->is_nested) {
		take_ids(target->owner);
		NEED(unshare(CLONE_NEWUSER) == 0);
	}
	news->listener = install_filter();
	NEED(news->listener >= 0);
	NEED(eventfd_write(ready, 1) == 0);
	errno = 0;
	news->result = syscall(SYS_getppid, 1, 2, 3, 4, 5, 6);
	news->error = errno;
	_exit(0);
}

/* It may share its table of descriptors, so that its listener is ours at once. */
static struct target start_target(uid_t owner, bool is_nested)
{
	struct target target = { .owner = owner, .is_nested = is_nested };
	eventfd_t value;

	target.pid = child_start(be_target, &target, CLONE_FILES);
	cr_assert_eq(poll(&(struct pollfd){ ready, POLLIN, 0 }, 1, PATIENCE), 1);
	cr_assert_eq(eventfd_read(ready, &value), 0);
	target.listener = news->listener;
	cr_assert_eq(poll(&(struct pollfd){ target.listener, POLLIN, 0 }, 1, PATIENCE), 1);
	cr_assert_eq(notify_receive(target.listener, &target.notification), NOTIFY_RECEIVED);
	return target;
}

static void end_target(struct target *target)
{
	kill(target->pid, SIGKILL);
	cr_expect_eq(child_end(target->pid), 128 + SIGKILL);
	close(target->listener);
}

/* ---- peers ---- */

/* Both ends of a connection that @uid has made. */
struct link {
	int monitor;
	int ours;
};

static struct link connect_as(uid_t uid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct link link = { .monitor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", scratch_path("socket"));
	cr_assert_eq(seteuid(uid), 0);
	cr_assert_eq(connect(link.monitor, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(seteuid(0), 0);
	link.ours = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(link.ours, 0);
	return link;
}

static void send_with(int connection, const struct lxc_packet *packet, const int *fds, size_t count)
{
	char control[CMSG_SPACE(3 * sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec piece = { (void *)(uintptr_t)packet->bytes, packet->length };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = CMSG_SPACE(count * sizeof(int)) };

	*CMSG_FIRSTHDR(&message) =
		(struct cmsghdr){ CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), fds, count * sizeof(int));
	cr_assert_eq(sendmsg(connection, &message, 0), (ssize_t)packet->length);
}

/* A monitor's packet; @listener: -1 for an old monitor. */
static void send_request(int connection, const struct seccomp_notif *notification, int listener)
{
	struct lxc_packet packet = lxc_packet_make(notification, "samba-dc");
	const int fds[] = { procfs, procfs, listener };

	send_with(connection, &packet, fds, listener < 0 ? 2 : 3);
}

/* What is made of the claim that @peer's monitor makes; @ret_witness may be NULL. */
static int verdict_on(uid_t peer, const struct seccomp_notif *notification, int listener,
		      struct witness *ret_witness)
{
	struct link link = connect_as(peer);
	struct lxc_request request;
	struct lxc_peer identity;
	struct witness witness = { -1, -1 };
	enum lxc_form form;

	cr_assert_eq(lxc_peer_identify(link.ours, procfs, &identity), 0);
	cr_expect_eq(identity.uid, peer);
	cr_expect_eq(identity.is_trusted, peer == 0);
	send_request(link.monitor, notification, listener);
	cr_assert_eq(lxc_receive(link.ours, 0, &lxc_packet_sizes, &request, &form), LXC_RECEIVED);
	int r = lxc_verify_sender(&request, &identity, procfs, &witness);

	if (r == LXC_VERDICT_HOLDS)
		r = lxc_verify_call(&request, &witness);
	lxc_request_done(&request);
	close(link.ours);
	close(link.monitor);
	if (ret_witness)
		*ret_witness = witness;
	else
		witness_done(&witness);
	return r;
}

/* ---- what is believed ---- */

Test(lxc, tells_a_listener_from_everything_else)
{
	struct target target = start_target(USER, false);
	int pipes[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
	cr_expect(notify_is_listener(target.listener));
	cr_expect_not(notify_is_listener(pipes[0]));
	cr_expect_not(notify_is_listener(file));
	cr_expect_not(notify_is_listener(ready));
	cr_expect_not(notify_is_listener(procfs));
	cr_expect_not(notify_is_listener(listening));
	cr_expect_not(notify_is_listener(-1));
	close(pipes[0]);
	close(pipes[1]);
	close(file);
	end_target(&target);
}

Test(lxc, believes_root_by_the_listener)
{
	struct target target = start_target(USER, false);
	struct witness witness;

	cr_expect_eq(verdict_on(0, &target.notification, target.listener, &witness),
		     LXC_VERDICT_HOLDS);
	cr_expect_eq(witness.call, -1);
	end_target(&target);
}

Test(lxc, believes_a_user_about_threads_in_namespaces_that_are_theirs)
{
	for (int nested = 0; nested < 2; nested++) {
		struct target target = start_target(USER, nested);
		struct witness witness;

		cr_expect_eq(verdict_on(USER, &target.notification, target.listener, &witness),
			     LXC_VERDICT_HOLDS);
		cr_expect(witness_waits(&witness, &target.notification.data));
		end_target(&target);
		cr_expect_not(witness_waits(&witness, &target.notification.data));
		witness_done(&witness);
	}
}

/* The lie that matters: a valid id of the user's own container, the thread of another user's. */
Test(lxc, refuses_a_users_word_about_threads_of_others)
{
	struct target own = start_target(USER, false);
	const uid_t owners[] = { OTHER_USER, 0, NO_USER };

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		struct target victim = start_target(owners[i], false);
		struct seccomp_notif lie = own.notification;

		cr_expect_eq(verdict_on(USER, &victim.notification, victim.listener, NULL),
			     LXC_VERDICT_FOREIGN, "with the victim's listener");
		lie.pid = victim.notification.pid;
		cr_expect_eq(verdict_on(USER, &lie, own.listener, NULL), LXC_VERDICT_FOREIGN,
			     "with a listener of one's own");
		cr_expect_eq(verdict_on(USER, &lie, -1, NULL), LXC_VERDICT_FOREIGN, "with none");
		end_target(&victim);
	}
	end_target(&own);
}

Test(lxc, refuses_a_thread_that_is_in_another_call)
{
	struct target target = start_target(USER, false);

	for (size_t argument = 0; argument < 7; argument++) {
		struct seccomp_notif lie = target.notification;

		if (argument < 6)
			lie.data.args[argument]++;
		else
			lie.data.nr++;
		cr_expect_eq(verdict_on(USER, &lie, target.listener, NULL), LXC_VERDICT_WRONG,
			     "%zu", argument);
		cr_expect_eq(verdict_on(0, &lie, -1, NULL), LXC_VERDICT_GONE, "%zu", argument);
	}
	end_target(&target);
}

Test(lxc, refuses_a_listener_that_is_none)
{
	struct target target = start_target(USER, false);

	cr_expect_eq(verdict_on(USER, &target.notification, ready, NULL), LXC_VERDICT_NO_LISTENER);
	cr_expect_eq(verdict_on(0, &target.notification, ready, NULL), LXC_VERDICT_NO_LISTENER);
	end_target(&target);
}

Test(lxc, sees_that_the_target_does_not_wait_any_more)
{
	struct target target = start_target(USER, false);
	struct outcome outcome = outcome_value(0);
	struct seccomp_notif other = target.notification;

	other.id++;
	cr_expect_eq(verdict_on(USER, &other, target.listener, NULL), LXC_VERDICT_GONE);
	cr_assert_eq(notify_answer(target.listener, target.notification.id, &outcome), 0);
	cr_expect_eq(child_end(target.pid), 0);
	cr_expect_eq(verdict_on(0, &target.notification, target.listener, NULL), LXC_VERDICT_GONE);
	cr_expect_eq(verdict_on(USER, &target.notification, target.listener, NULL),
		     LXC_VERDICT_GONE);
	cr_expect_eq(verdict_on(0, &target.notification, -1, NULL), LXC_VERDICT_GONE);
	close(target.listener);
}

Test(lxc, takes_the_kernels_word_where_an_old_monitor_sends_no_listener)
{
	struct target target = start_target(0, false);
	struct outcome outcome = outcome_value(0);
	struct witness witness;

	cr_assert_eq(verdict_on(0, &target.notification, -1, &witness), LXC_VERDICT_HOLDS);
	cr_expect(witness_waits(&witness, &target.notification.data));
	cr_assert_eq(notify_answer(target.listener, target.notification.id, &outcome), 0);
	cr_expect_eq(child_end(target.pid), 0);
	cr_expect_not(witness_waits(&witness, &target.notification.data));
	witness_done(&witness);
	close(target.listener);
}

static void connect_from_a_namespace(void *argument)
{
	int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	child_enter_userns("0:0:1");
	NEED(connect(connection, argument, sizeof(struct sockaddr_un)) == 0);
	NEED(eventfd_write(ready, 1) == 0);
	pause();
}

/* Its uid is 0, for us too. */
Test(lxc, does_not_listen_to_root_of_a_namespace)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct source *source = NULL;
	struct lxc_peer peer;
	eventfd_t value;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", scratch_path("socket"));
	pid_t pid = child_start(connect_from_a_namespace, &address, 0);

	cr_assert_eq(eventfd_read(ready, &value), 0);
	int ours = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

	cr_expect_eq(lxc_peer_identify(ours, procfs, &peer), -EPERM);
	cr_expect_eq(lxc_source_new(ours, procfs, &source), -EPERM);
	close(ours);
	kill(pid, SIGKILL);
	cr_expect_eq(child_end(pid), 128 + SIGKILL);
}

/* ---- a connection as a source ---- */

static struct source *source_of(struct link *link)
{
	struct source *source = NULL;

	cr_assert_eq(lxc_source_new(TAKE_FD(link->ours), procfs, &source), 0);
	return source;
}

static ssize_t reply_to(const struct link *link, struct seccomp_notif_resp *ret_response)
{
	unsigned char reply[256];

	cr_assert_eq(poll(&(struct pollfd){ link->monitor, POLLIN, 0 }, 1, PATIENCE), 1);
	ssize_t length = recv(link->monitor, reply, sizeof(reply), 0);

	if (length == 136)
		memcpy(ret_response, reply + 112, sizeof(*ret_response));
	return length;
}

Test(lxc, serves_a_connection)
{
	struct target target = start_target(USER, false);
	struct link link = connect_as(USER);
	struct source *source = source_of(&link);
	struct lxc_greeting greeting;
	struct seccomp_notif_resp response;
	struct slot slot;
	struct reception reception = { .slot = &slot };
	struct outcome outcome = outcome_refused(ENODATA, REASON_KERNEL);
	char reason[LXC_REASON_SIZE] = "";

	cr_expect_eq(lxc_source_greet(source, &greeting, reason), LXC_NOTHING);
	send_request(link.monitor, &target.notification, target.listener);
	cr_assert_eq(lxc_source_greet(source, &greeting, reason), LXC_RECEIVED, "%s", reason);
	cr_expect_eq(greeting.uid, USER);
	cr_expect_str_eq(greeting.policy, "samba-dc");
	cr_expect_str_eq(greeting.container, "init-4001");
	/* It is no process of the user's. */
	cr_expect_lt(greeting.life, 0);
	cr_assert_eq(source->calls->receive(source, &reception), NOTIFY_RECEIVED);
	cr_expect_eq(slot.notification.id, target.notification.id);
	cr_expect_geq(slot.listener, 0);
	cr_expect_not_null(reception.witness);
	cr_assert_eq(source->calls->answer(source, &reception, &outcome), 0);
	cr_assert_eq(reply_to(&link, &response), 136);
	cr_expect_eq(response.id, target.notification.id);
	cr_expect_eq(response.error, -ENODATA);
	close(link.monitor);
	cr_expect_eq(source->calls->receive(source, &reception), NOTIFY_ENDED);
	source_free(source);
	end_target(&target);
}

/* The monitor waits for a reply, whatever has become of its target. */
Test(lxc, answers_at_once_where_no_target_waits)
{
	struct target target = start_target(USER, false);
	struct link link = connect_as(USER);
	struct source *source = source_of(&link);
	struct lxc_greeting greeting;
	struct seccomp_notif_resp response;
	struct slot slot;
	struct reception reception = { .slot = &slot };
	char reason[LXC_REASON_SIZE];
	struct seccomp_notif gone = target.notification;

	gone.id--;
	send_request(link.monitor, &gone, target.listener);
	cr_expect_eq(lxc_source_greet(source, &greeting, reason), LXC_NOTHING);
	cr_assert_eq(reply_to(&link, &response), 136);
	cr_expect_eq(response.id, gone.id);
	send_request(link.monitor, &gone, target.listener);
	cr_expect_eq(source->calls->receive(source, &reception), NOTIFY_NONE);
	cr_assert_eq(reply_to(&link, &response), 136);
	close(link.monitor);
	source_free(source);
	end_target(&target);
}

/* It would be taken for the reply to the next request. */
Test(lxc, never_replies_late)
{
	for (int is_overdue = 0; is_overdue < 2; is_overdue++) {
		struct target target = start_target(USER, false);
		struct link link = connect_as(USER);
		struct source *source = source_of(&link);
		struct seccomp_notif_resp response;
		struct slot slot;
		struct reception reception = { .slot = &slot };
		struct outcome outcome = outcome_value(1);

		send_request(link.monitor, &target.notification, target.listener);
		cr_assert_eq(source->calls->receive(source, &reception), NOTIFY_RECEIVED);
		if (is_overdue)
			source->calls->overdue(source);
		else
			cr_assert_eq(notify_answer(target.listener, target.notification.id,
						   &outcome),
				     0);
		cr_expect_eq(source->calls->answer(source, &reception, &outcome), 0);
		cr_expect_eq(reply_to(&link, &response), 0, "the end of the connection");
		cr_expect_eq(source->calls->receive(source, &reception), NOTIFY_ENDED);
		close(link.monitor);
		source_free(source);
		if (is_overdue) {
			end_target(&target);
			continue;
		}
		cr_expect_eq(child_end(target.pid), 0);
		close(target.listener);
	}
}

/* What a worker has left that died: it has neither the monitor's message nor the listener any more. */
Test(lxc, answers_for_a_dead_worker_only_what_was_done)
{
	for (int is_made = 0; is_made < 2; is_made++) {
		struct target target = start_target(USER, false);
		struct link link = connect_as(USER);
		struct source *source = source_of(&link);
		struct seccomp_notif_resp response;
		struct slot slot = { .notification = target.notification, .listener = ready };
		struct reception reception = { .slot = &slot };
		struct outcome outcome = outcome_value(0);

		slot.effect.step = is_made ? EFFECT_MADE : EFFECT_NONE;
		cr_expect_eq(source->calls->answer(source, &reception, &outcome), 0);
		cr_expect_eq(reply_to(&link, &response), is_made ? 136 : 0);
		cr_expect(!is_made || response.id == target.notification.id);
		close(link.monitor);
		source_free(source);
		end_target(&target);
	}
}

Test(lxc, serves_no_liar)
{
	struct target own = start_target(USER, false), victim = start_target(OTHER_USER, false);
	struct link link = connect_as(USER);
	struct source *source = source_of(&link);
	struct lxc_greeting greeting;
	struct slot slot;
	struct reception reception = { .slot = &slot };
	char reason[LXC_REASON_SIZE] = "";
	struct seccomp_notif lie = own.notification;

	lie.pid = victim.notification.pid;
	send_request(link.monitor, &lie, own.listener);
	cr_expect_eq(lxc_source_greet(source, &greeting, reason), LXC_REFUSED);
	cr_expect_str_eq(reason,
			 "the request is for a thread that is in no user namespace of its sender");
	cr_expect_eq(source->calls->receive(source, &reception), -EPROTO);
	cr_assert_eq(send(link.monitor, "garbage", 7, 0), 7);
	cr_expect_eq(lxc_source_greet(source, &greeting, reason), LXC_REFUSED);
	cr_expect_str_eq(reason, "the packet is shorter than a request");
	cr_expect_eq(source->calls->receive(source, &reception), -EPROTO);
	close(link.monitor);
	source_free(source);
	end_target(&own);
	end_target(&victim);
}
