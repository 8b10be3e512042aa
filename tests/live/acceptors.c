/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All three sockets of the daemon in one loop, in a child; peers that hand over what does not let itself be closed. Others
 * are heard while it is seen to hang.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach/lxc_source.h"
#include "attach/oci_receive.h"
#include "base/allowed_calls.h"
#include "base/closer.h"
#include "base/loop.h"
#include "base/passing.h"
#include "base/proc.h"
#include "base/service.h"
#include "base/unix_socket.h"
#include "child.h"
#include "daemon/attachments.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/control_call.h"
#include "daemon/entries.h"
#include "daemon/lxc_acceptor.h"
#include "daemon/oci_acceptor.h"
#include "daemon/refusals.h"
#include "keep/journal.h"
#include "launch.h"
#include "stubborn.h"

/* Milliseconds; what a test waits for is over long before. */
#define PATIENCE 100000
#define USER 20000
#define OTHER_USER 20001
/* SO_PASSRIGHTS of Linux 6.16. */
#define PASS_RIGHTS 83

enum socket_number { OCI, LXC, CONTROL, SOCKETS };

static const int types[SOCKETS] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_STREAM };
static char folder[] = "/tmp/nsxattr-acceptors.XXXXXX";
static char paths[SOCKETS][64];
static struct unix_socket sockets[SOCKETS];
static pid_t server;

/* ---- the sockets ---- */

static void serve(void *argument)
{
	static struct connections connections;
	static struct refusals refusals;
	static struct oci_acceptor oci;
	static struct lxc_acceptor lxc;
	/* Nothing is delivered: it would be to an engine that is not there. */
	static struct attachments attachments;
	static struct entries entries;
	static struct service none = { .socket = -1 };
	const struct control_answers answers = { .deadline = PATIENCE };
	struct acceptor acceptor = { .connections = &connections,
				     .refusals = &refusals,
				     .procfs = proc_open() };
	struct control *control;
	struct journal *journal;

	(void)argument;
	NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	NEED(allowed_calls_limit(ALLOWED_CALLS_WORKER, ALLOWED_CALLS_ENFORCE) == 0);
	connections.most = config_defaults()->limits.connections;
	connections.of_user = config_defaults()->limits.connections_per_user;
	NEED(loop_new(&acceptor.loop) == 0 && closer_new(acceptor.loop, &acceptor.closer) == 0);
	NEED(journal_new(&journal) == 0);
	entries = (struct entries){ .journal = journal, .service = &none };
	refusals_init(&refusals, acceptor.closer);
	oci = (struct oci_acceptor){ .acceptor = acceptor, .attachments = &attachments };
	lxc = (struct lxc_acceptor){ .acceptor = acceptor,
				     .entries = &entries,
				     .attachments = &attachments };
	oci.acceptor.listening = sockets[OCI].fd;
	lxc.acceptor.listening = sockets[LXC].fd;
	NEED(oci_acceptor_open(&oci) == 0 && lxc_acceptor_open(&lxc) == 0);
	acceptor.listening = sockets[CONTROL].fd;
	NEED(control_new(&acceptor, &answers, &control) == 0);
	/* As kernels before 6.16 have it. */
	(void)setsockopt(sockets[CONTROL].fd, SOL_SOCKET, PASS_RIGHTS, &(int){ 1 }, sizeof(int));
	NEED(loop_run(acceptor.loop) == 0);
}

static void start(void)
{
	static const char *const names[SOCKETS] = { "oci", "lxc", "control" };

	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chmod(folder, 0755), 0);
	for (int i = 0; i < SOCKETS; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
		const struct unix_socket_terms terms = { paths[i], types[i], 0666, (gid_t)-1 };

		cr_assert_eq(unix_socket_listen(&terms, &sockets[i]), 0);
	}
	server = child_start(serve, NULL, 0);
}

static void stop(void)
{
	char command[64];

	kill(server, SIGKILL);
	cr_expect_eq(child_end(server), 128 + SIGKILL, "it has ended before");
	for (int i = 0; i < SOCKETS; i++)
		unix_socket_done(&sockets[i]);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_expect_eq(system(command), 0);
}

TestSuite(acceptors, .init = start, .fini = stop, .timeout = 120);

/* ---- peers ---- */

static int connect_to(enum socket_number number)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, types[number] | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", paths[number]);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Return: whether it was taken. */
static bool say(int connection, const char *text, size_t length, int fd, size_t copies)
{
	const struct iovec piece = { (char *)(uintptr_t)text, length };
	int fds[PASSED_MAX];

	for (size_t i = 0; i < copies; i++)
		fds[i] = fd;
	return passing_send(connection, &piece, 1, fds, copies) >= 0;
}

enum way { TOLD, MANY, UNREAD };

/* What could be a message of each: the descriptors are asked for. */
static const char *const messages[SOCKETS] = {
	"{\"fds\":[\"seccompFd\"],\"pid\":1,\"state\":{\"id\":\"x\",\"pid\":1}}", "a packet",
	"ping\n"
};

static bool try_to_hand_over(enum socket_number number, enum way way, int fd, int *ret_connection)
{
	static const char nothing[2048] = "\n";
	int connection = connect_to(number);
	bool is_taken = way != UNREAD || say(connection, nothing, sizeof(nothing), -1, 0);

	is_taken = is_taken && say(connection, messages[number], strlen(messages[number]), fd,
				   way == MANY ? PASSED_MAX : 3);
	if (is_taken)
		*ret_connection = connection;
	else
		close(connection);
	return is_taken;
}

/* The daemon may have closed it before all is said. */
static int hand_over(enum socket_number number, enum way way, int fd)
{
	int connection = -1;

	while (!try_to_hand_over(number, way, fd, &connection))
		cr_assert(errno == EPIPE || errno == ECONNRESET, "%s", strerror(errno));
	return connection;
}

static void others_are_heard(void)
{
	struct json_object *answer = NULL;
	char byte;
	int oci = connect_to(OCI), lxc = connect_to(LXC);

	cr_assert_eq(control_call(paths[CONTROL], "ping", PATIENCE, &answer), 0);
	json_object_put(answer);
	cr_assert(say(oci, "nothing", 7, -1, 0) && say(lxc, "nothing", 7, -1, 0));
	cr_expect_leq(recv(oci, &byte, 1, 0), 0, "it is refused");
	cr_expect_leq(recv(lxc, &byte, 1, 0), 0, "so is this");
	close(oci);
	close(lxc);
}

static void hand_over_socket(enum socket_number number, enum way way)
{
	struct stubborn_socket stubborn;

	cr_assert_eq(stubborn_socket_new(&stubborn), 0);
	int connection = hand_over(number, way, stubborn.fd);

	/* If the daemon was quicker, the last close(2) is here. */
	stubborn_socket_close(&stubborn);
	others_are_heard();
	close(connection);
	close(stubborn.other);
}

static void hand_over_file(enum socket_number number, enum way way)
{
	struct stubborn_file file;
	char byte;

	if (stubborn_file_new(&file) < 0)
		cr_skip_test("FUSE cannot be mounted in a user namespace here");
	int connection = hand_over(number, way, file.fd);

	/* What comes to the control socket never was a descriptor of the server's: nothing is flushed. */
	if (number != CONTROL)
		cr_assert_eq(read(file.flushes, &byte, 1), 1, "it hangs");
	others_are_heard();
	stubborn_file_relent(&file);
	close(connection);
}

Test(acceptors, do_not_wait_for_a_socket_of_a_runtimes)
{
	for (enum way way = TOLD; way <= UNREAD; way++)
		hand_over_socket(OCI, way);
}

Test(acceptors, do_not_wait_for_a_socket_of_a_monitors)
{
	for (enum way way = TOLD; way <= UNREAD; way++)
		hand_over_socket(LXC, way);
}

Test(acceptors, do_not_wait_for_a_socket_that_was_not_asked_for)
{
	for (enum way way = TOLD; way <= UNREAD; way++)
		hand_over_socket(CONTROL, way);
}

Test(acceptors, do_not_wait_for_a_file_of_a_runtimes)
{
	hand_over_file(OCI, TOLD);
	hand_over_file(OCI, MANY);
}

Test(acceptors, do_not_wait_for_a_file_of_a_monitors)
{
	hand_over_file(LXC, TOLD);
	hand_over_file(LXC, MANY);
}

Test(acceptors, do_not_wait_for_a_file_that_was_not_asked_for)
{
	hand_over_file(CONTROL, TOLD);
}

/* ---- many of one user ---- */

static void become(uid_t uid)
{
	NEED(setgroups(0, NULL) == 0 && setgid(uid) == 0 && setuid(uid) == 0);
	/* As after execve(2): so that it may write the maps of its children. */
	NEED(prctl(PR_SET_DUMPABLE, 1) == 0);
}

/* All the places that a user has. */
static void take_all_places(void *argument)
{
	const struct config_limits *limits = &config_defaults()->limits;
	const int *told = argument;
	struct stubborn_file file;
	char byte;

	become(USER);
	NEED(stubborn_file_new(&file) == 0);
	for (uint32_t i = 0; i < limits->connections_per_user; i++)
		(void)hand_over(LXC, TOLD, file.fd);
	for (uint32_t i = 0; i < limits->connections_per_user; i++)
		NEED(read(file.flushes, &byte, 1) == 1);
	NEED(write(told[1], "", 1) == 1);
	for (;;)
		pause();
}

/* What is in the queues of those that are turned away. */
static void be_turned_away(void *argument)
{
	(void)argument;
	become(USER);
	for (int i = 0; i < 40; i++) {
		struct stubborn_socket stubborn;

		NEED(stubborn_socket_new(&stubborn) == 0);
		(void)hand_over(i % 2 ? OCI : LXC, TOLD, stubborn.fd);
		stubborn_socket_close(&stubborn);
	}
}

static void be_heard(void *argument)
{
	(void)argument;
	become(OTHER_USER);
	others_are_heard();
}

Test(acceptors, have_places_for_others_while_all_of_a_users_hang)
{
	int told[2];
	char byte;

	if (geteuid() != 0)
		cr_skip_test("only root becomes somebody else");
	scratch_new();
	scratch_open_fuse();
	cr_assert_eq(pipe2(told, O_CLOEXEC), 0);
	pid_t holder = child_start(take_all_places, told, 0);

	close(told[1]);
	cr_assert_eq(read(told[0], &byte, 1), 1);
	cr_expect_eq(child_end(child_start(be_turned_away, NULL, 0)), 0);
	cr_expect_eq(child_end(child_start(be_heard, NULL, 0)), 0);
	others_are_heard();
	kill(holder, SIGKILL);
	cr_expect_eq(child_end(holder), 128 + SIGKILL);
	close(told[0]);
	scratch_remove();
}
