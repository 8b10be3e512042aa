/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unix_socket.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/passing.h"

static char top[] = "/tmp/nsxattr-socket.XXXXXX";
static char folder[64];
static char path[UNIX_SOCKET_PATH_SIZE];
static struct unix_socket made = { .fd = -1, .folder = -1 };

static void make_top(void)
{
	cr_assert_not_null(mkdtemp(top));
	snprintf(folder, sizeof(folder), "%s/run", top);
	snprintf(path, sizeof(path), "%s/run/a.sock", top);
}

static void remove_top(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", top);
	cr_expect_eq(system(command), 0);
}

TestSuite(unix_socket, .init = make_top, .fini = remove_top);

static int listen_at(const char *at, struct unix_socket *ret_socket)
{
	const struct unix_socket_terms terms = {
		.path = at,
		.type = SOCK_STREAM,
		.mode = 0660,
		.group = (gid_t)-1,
	};

	return unix_socket_listen(&terms, ret_socket);
}

static void expect_refused(const char *at, int expected)
{
	struct unix_socket none = { .fd = -7, .folder = -7 };

	cr_expect_eq(listen_at(at, &none), expected, "%s", at);
	cr_expect(none.fd == -7 && none.folder == -7);
}

static int connect_to(const char *at, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", at);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

static mode_t mode_of(const char *at)
{
	struct stat status;

	return lstat(at, &status) < 0 ? 0 : status.st_mode;
}

Test(unix_socket, listens_with_its_mode)
{
	mode_t before = umask(0077);

	cr_assert_eq(listen_at(path, &made), 0);
	umask(before);
	cr_expect_eq(mode_of(path), S_IFSOCK | 0660, "%o", mode_of(path));
	cr_expect_eq(connect_to(path, SOCK_STREAM), 0);
	cr_expect(fcntl(made.fd, F_GETFD) & FD_CLOEXEC);
	cr_expect(fcntl(made.fd, F_GETFL) & O_NONBLOCK);
	unix_socket_done(&made);
}

Test(unix_socket, makes_its_folder)
{
	char deep[64];
	mode_t before = umask(0077);

	cr_assert_eq(listen_at(path, &made), 0);
	umask(before);
	cr_expect_eq(mode_of(folder), S_IFDIR | 0755);
	snprintf(deep, sizeof(deep), "%s/no/such/a.sock", top);
	expect_refused(deep, -ENOENT);
	unix_socket_done(&made);
}

Test(unix_socket, belongs_to_a_group)
{
	const struct unix_socket_terms terms = { path, SOCK_SEQPACKET, 0620, 12345 };
	struct stat status;

	if (geteuid() != 0)
		cr_skip_test("only root gives files to any group");
	cr_assert_eq(unix_socket_listen(&terms, &made), 0);
	cr_assert_eq(lstat(path, &status), 0);
	cr_expect_eq(status.st_gid, 12345);
	cr_expect_eq(status.st_uid, geteuid());
	cr_expect_eq(status.st_mode, S_IFSOCK | 0620);
	cr_expect_eq(connect_to(path, SOCK_SEQPACKET), 0);
	unix_socket_done(&made);
}

Test(unix_socket, is_gone_in_the_end)
{
	cr_assert_eq(listen_at(path, &made), 0);
	unix_socket_done(&made);
	cr_expect_eq(mode_of(path), 0);
	unix_socket_done(&made);
}

Test(unix_socket, is_not_removed_when_it_is_anothers_by_now)
{
	struct unix_socket other;

	cr_assert_eq(listen_at(path, &made), 0);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(listen_at(path, &other), 0);
	unix_socket_done(&made);
	cr_expect_eq(connect_to(path, SOCK_STREAM), 0);
	unix_socket_done(&other);
	cr_expect_eq(mode_of(path), 0);
	unix_socket_done(&made);
}

/* ---- what is there already ---- */

Test(unix_socket, replaces_what_a_dead_process_has_left)
{
	struct unix_socket left;

	cr_assert_eq(listen_at(path, &left), 0);
	close(left.fd);
	close(left.folder);
	cr_assert_eq(connect_to(path, SOCK_STREAM), -ECONNREFUSED);
	cr_expect_eq(listen_at(path, &made), 0);
	cr_expect_eq(connect_to(path, SOCK_STREAM), 0);
	unix_socket_done(&made);
}

Test(unix_socket, leaves_alone_what_a_process_listens_at)
{
	cr_assert_eq(listen_at(path, &made), 0);
	expect_refused(path, -EADDRINUSE);
	cr_expect_eq(connect_to(path, SOCK_STREAM), 0);
	unix_socket_done(&made);
}

Test(unix_socket, leaves_alone_what_is_of_another_type)
{
	const struct unix_socket_terms terms = { path, SOCK_SEQPACKET, 0600, (gid_t)-1 };

	cr_assert_eq(unix_socket_listen(&terms, &made), 0);
	expect_refused(path, -EADDRINUSE);
	unix_socket_done(&made);
}

Test(unix_socket, leaves_alone_what_is_too_busy_to_answer)
{
	cr_assert_eq(listen_at(path, &made), 0);
	cr_assert_eq(listen(made.fd, 0), 0);
	cr_assert_eq(connect_to(path, SOCK_STREAM), 0);
	while (connect_to(path, SOCK_STREAM) == 0)
		;
	cr_assert_eq(connect_to(path, SOCK_STREAM), -EAGAIN);
	expect_refused(path, -EADDRINUSE);
	unix_socket_done(&made);
}

Test(unix_socket, leaves_alone_what_is_no_socket)
{
	cr_assert_eq(mkdir(folder, 0755), 0);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	expect_refused(path, -EEXIST);
	cr_expect(S_ISREG(mode_of(path)));
	unlink(path);
	cr_assert_eq(symlink("/nonexistent", path), 0);
	expect_refused(path, -EEXIST);
	cr_expect(S_ISLNK(mode_of(path)));
}

Test(unix_socket, is_made_by_one_at_a_time)
{
	char lock[128];

	cr_assert_eq(listen_at(path, &made), 0);
	unix_socket_done(&made);
	snprintf(lock, sizeof(lock), "%s/run/.a.sock.lock", top);
	cr_expect_eq(mode_of(lock), S_IFREG | 0600);
	int held = open(lock, O_RDWR | O_CLOEXEC);

	cr_assert_eq(flock(held, LOCK_SH | LOCK_NB), 0);
	expect_refused(path, -EADDRINUSE);
	close(held);
	cr_expect_eq(listen_at(path, &made), 0);
	unix_socket_done(&made);
}

Test(unix_socket, has_a_path_that_can_be_one)
{
	char much[200];

	expect_refused("run/a.sock", -EINVAL);
	expect_refused("", -EINVAL);
	expect_refused("/run/", -EINVAL);
	memset(much, 'a', sizeof(much));
	much[0] = '/';
	much[108] = '\0';
	expect_refused(much, -ENAMETOOLONG);
}

Test(unix_socket, may_have_the_longest_path)
{
	size_t length = strlen(top);
	char longest[UNIX_SOCKET_PATH_SIZE];

	memset(longest, 'a', sizeof(longest));
	memcpy(longest, top, length);
	longest[length] = '/';
	longest[sizeof(longest) - 1] = '\0';
	cr_expect_eq(listen_at(longest, &made), 0);
	cr_expect_eq(connect_to(longest, SOCK_STREAM), 0);
	unix_socket_done(&made);
}

/* ---- of others ---- */

Test(unix_socket, is_taken_over_if_it_is_of_the_kind)
{
	struct unix_socket imported;
	int pair[2];

	cr_assert_eq(listen_at(path, &made), 0);
	cr_expect_eq(unix_socket_import(made.fd, SOCK_SEQPACKET, &imported), -EPROTOTYPE);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	cr_expect_eq(unix_socket_import(pair[0], SOCK_STREAM, &imported), -EPROTOTYPE);
	cr_expect_eq(unix_socket_import(made.folder, SOCK_STREAM, &imported), -EBADF);
	close(pair[0]);
	close(pair[1]);
	int fd = dup(made.fd);

	cr_expect_eq(unix_socket_import(fd, SOCK_STREAM, &imported), 0);
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	unix_socket_done(&imported);
	cr_expect_eq(connect_to(path, SOCK_STREAM), 0);
	unix_socket_done(&made);
}

Test(unix_socket, knows_its_peer)
{
	struct unix_peer peer;
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	cr_expect_eq(unix_socket_peer(pair[0], &peer), 0);
	cr_expect_eq(peer.pid, getpid());
	cr_expect_eq(peer.uid, geteuid());
	cr_expect_eq(peer.gid, getegid());
	close(pair[0]);
	close(pair[1]);
	cr_expect_eq(unix_socket_peer(pair[0], &peer), -EBADF);
}

static void expect_drained(int type, bool is_drained, void (*send_something)(int end))
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
	if (send_something)
		send_something(ends[0]);
	cr_expect_eq(unix_socket_is_drained(ends[1]), is_drained);
	cr_expect_eq(send(ends[0], "x", 1, MSG_NOSIGNAL), -1, "no more comes");
	close(ends[0]);
	close(ends[1]);
}

static void send_byte(int end)
{
	cr_assert_eq(send(end, "x", 1, MSG_NOSIGNAL), 1);
}

static void send_urgent_byte(int end)
{
	if (send(end, "x", 1, MSG_NOSIGNAL | MSG_OOB) < 0)
		send_byte(end);
}

static void send_empty_packet(int end)
{
	cr_assert_eq(send(end, "", 0, MSG_NOSIGNAL), 0);
}

static void send_descriptor_alone(int end)
{
	const struct iovec piece = { (char *)"", 0 };

	cr_assert_eq(passing_send(end, &piece, 1, &end, 1), 0);
}

static void leave(int end)
{
	cr_assert_eq(shutdown(end, SHUT_RDWR), 0);
}

Test(unix_socket, is_drained_when_nothing_lies_in_its_queue)
{
	expect_drained(SOCK_STREAM, true, NULL);
	expect_drained(SOCK_STREAM, true, leave);
	expect_drained(SOCK_STREAM, false, send_byte);
	expect_drained(SOCK_STREAM, false, send_urgent_byte);
	expect_drained(SOCK_SEQPACKET, true, NULL);
	expect_drained(SOCK_SEQPACKET, true, leave);
	expect_drained(SOCK_SEQPACKET, false, send_byte);
	expect_drained(SOCK_SEQPACKET, false, send_empty_packet);
	expect_drained(SOCK_SEQPACKET, false, send_descriptor_alone);
}
