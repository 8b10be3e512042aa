/* SPDX-License-Identifier: Apache-2.0 */
#include "base/service.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "child.h"

static char folder[] = "/tmp/nsxattr-service.XXXXXX";
static int manager = -1;
static struct service service = { .socket = -1 };

static void bind_manager(const char *name, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, name, length);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	cr_assert_eq(bind(manager, (struct sockaddr *)&address,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
		     0);
}

static void start_manager(void)
{
	char path[64];

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/notify", folder);
	bind_manager(path, strlen(path) + 1);
	setenv("NOTIFY_SOCKET", path, 1);
	cr_assert_eq(service_connect(&service), 0);
}

static void stop_manager(void)
{
	char path[64];

	fd_close(&service.socket);
	fd_close(&manager);
	snprintf(path, sizeof(path), "%s/notify", folder);
	unlink(path);
	rmdir(folder);
}

TestSuite(service, .init = start_manager, .fini = stop_manager);

static void expect_message(const char *expected)
{
	char text[1024] = "";

	cr_assert_gt(recv(manager, text, sizeof(text) - 1, 0), 0);
	cr_expect_str_eq(text, expected);
}

Test(service, is_told_each_thing)
{
	cr_expect_eq(service_tell_ready(&service), 0);
	expect_message("READY=1\n");
	cr_expect_eq(service_tell_stopping(&service), 0);
	expect_message("STOPPING=1\n");
	cr_expect_eq(service_forget(&service, "listener-1"), 0);
	expect_message("FDSTOREREMOVE=1\nFDNAME=listener-1\n");
}

/* Who the service manager takes for the sender of the next message. */
static pid_t receive_sender(void)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char text[1024];
	struct iovec piece = { text, sizeof(text) };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct ucred sender = { 0 };

	cr_assert_gt(recvmsg(manager, &message, 0), 0);
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	cr_assert(header && header->cmsg_type == SCM_CREDENTIALS);
	memcpy(&sender, CMSG_DATA(header), sizeof(sender));
	return sender.pid;
}

Test(service, hears_of_children_in_the_name_of_the_process_that_it_has_started)
{
	const int on = 1;
	int status;

	cr_assert_eq(setsockopt(manager, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	pid_t child = fork();

	if (child == 0)
		_exit(service_tell_ready(&service) < 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	/* It takes root to say so. */
	cr_expect_eq(receive_sender(), geteuid() == 0 ? getpid() : child);
}

Test(service, is_told_the_time_of_a_reload)
{
	unsigned long long reported = 0;
	struct timespec now;
	char text[256] = "";

	cr_expect_eq(service_tell_reloading(&service), 0);
	cr_assert_gt(recv(manager, text, sizeof(text) - 1, 0), 0);
	cr_assert_eq(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%llu\n", &reported), 1, "%s", text);
	clock_gettime(CLOCK_MONOTONIC, &now);
	unsigned long long seconds = (unsigned long long)now.tv_sec - reported / 1000000;

	cr_expect_leq(seconds, 10);
}

Test(service, leaves_the_environment)
{
	cr_expect_null(getenv("NOTIFY_SOCKET"));
}

Test(service, may_have_an_abstract_socket)
{
	char name[64];

	stop_manager();
	int length = snprintf(name, sizeof(name), "@nsxattr-test-%d", getpid());

	setenv("NOTIFY_SOCKET", name, 1);
	name[0] = '\0';
	bind_manager(name, (size_t)length);
	cr_assert_eq(service_connect(&service), 0);
	cr_expect_eq(service_tell_ready(&service), 0);
	expect_message("READY=1\n");
}

Test(service, may_not_be_there)
{
	struct service none;

	cr_expect_eq(service_connect(&none), 0);
	cr_expect_eq(none.socket, -1);
	cr_expect_eq(service_tell_ready(&none), 0);
	cr_expect_eq(service_store(&none, "x", &manager, 1), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	cr_expect_eq(service_connect(&none), 0);
	cr_expect_eq(none.socket, -1);
}

Test(service, has_to_be_where_it_says)
{
	char path[256];
	struct service none;

	setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
	cr_expect_eq(service_connect(&none), -EINVAL);
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[108] = '\0';
	setenv("NOTIFY_SOCKET", path, 1);
	cr_expect_eq(service_connect(&none), -EINVAL);
	setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
	cr_expect_eq(service_connect(&none), -ENOENT);
	cr_expect_eq(none.socket, -1);
}

/* ---- the store ---- */

static size_t receive_fds(char *text, size_t size, int *fds)
{
	char control[CMSG_SPACE(sizeof(int) * SERVICE_STORE_MAX)];
	struct iovec piece = { text, size };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t length = recvmsg(manager, &message, MSG_CMSG_CLOEXEC);

	cr_assert_gt(length, 0);
	text[length] = '\0';
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	cr_assert_not_null(header);
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	memcpy(fds, CMSG_DATA(header), count * sizeof(int));
	return count;
}

static void expect_stored(size_t count)
{
	static int given[SERVICE_STORE_MAX], got[SERVICE_STORE_MAX];
	char text[256];

	for (size_t i = 0; i < count; i++)
		given[i] = manager;
	cr_expect_eq(service_store(&service, "listener-7", given, count), 0);
	cr_assert_eq(receive_fds(text, sizeof(text) - 1, got), count);
	cr_expect_str_eq(text, "FDSTORE=1\nFDNAME=listener-7\n");
	for (size_t i = 0; i < count; i++)
		close(got[i]);
}

Test(service, keeps_descriptors)
{
	expect_stored(1);
	expect_stored(2);
	expect_stored(SERVICE_STORE_MAX);
}

Test(service, keeps_one_without_looking_at_it)
{
	char text[256];
	int got[SERVICE_STORE_MAX];

	cr_expect_eq(service_store_unwatched(&service, "kept-7", manager), 0);
	cr_assert_eq(receive_fds(text, sizeof(text) - 1, got), 1);
	cr_expect_str_eq(text, "FDSTORE=1\nFDNAME=kept-7\nFDPOLL=0\n");
	close(got[0]);
}

Test(service, keeps_them_under_names_that_it_understands)
{
	char name[300];

	cr_expect_eq(service_store(&service, "a:b", &manager, 1), -EINVAL);
	cr_expect_eq(service_store(&service, "a\nREADY=1", &manager, 1), -EINVAL);
	cr_expect_eq(service_store(&service, "", &manager, 1), -EINVAL);
	cr_expect_eq(service_store(&service, "a", &manager, 0), -EINVAL);
	cr_expect_eq(service_forget(&service, "a\nREADY=1"), -EINVAL);
	memset(name, 'a', sizeof(name));
	name[256] = '\0';
	cr_expect_eq(service_store(&service, name, &manager, 1), -EINVAL);
}

/* ---- descriptors that are handed over ---- */

/* They begin at 3, which is in use here; so a child has them. */
struct handing_over {
	const char *count;
	const char *pid; /* NULL: the child's */
	const char *names;
	int expected;
	size_t expected_count;
	const char *expected_names[4];
};

static void set(const char *variable, const char *value)
{
	if (value)
		setenv(variable, value, 1);
	else
		unsetenv(variable);
}

static bool is_cloexec(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static void take_in_child(void *argument)
{
	const struct handing_over *handing = argument;
	struct service_fds fds = { 0 };
	char pid[32];

	snprintf(pid, sizeof(pid), "%d", getpid());
	for (int fd = 3; fd < 3 + 4; fd++)
		NEED(dup2(manager, fd) == fd);
	close(7);
	set("LISTEN_FDS", handing->count);
	set("LISTEN_PID", handing->pid ? handing->pid : pid);
	set("LISTEN_FDNAMES", handing->names);
	NEED(service_take_fds(&fds) == handing->expected);
	NEED(!getenv("LISTEN_FDS") && !getenv("LISTEN_PID") && !getenv("LISTEN_FDNAMES"));
	NEED(fds.count == handing->expected_count);
	for (size_t i = 0; i < fds.count; i++) {
		NEED(fds.fds[i].fd == 3 + (int)i && is_cloexec(3 + (int)i));
		NEED(strcmp(fds.fds[i].name, handing->expected_names[i]) == 0);
	}
	service_fds_done(&fds);
	NEED(handing->expected_count == 0 || fcntl(3, F_GETFD) < 0);
}

static void expect_taken(struct handing_over handing)
{
	cr_expect_eq(child_end(child_start(take_in_child, &handing, 0)), 0, "%s %s",
		     handing.count ? handing.count : "-", handing.names ? handing.names : "-");
}

Test(service, hands_descriptors_over_with_their_names)
{
	expect_taken((struct handing_over){
		"3", NULL, "oci:lxc:control", 0, 3, { "oci", "lxc", "control" } });
	expect_taken((struct handing_over){ "1", NULL, "oci", 0, 1, { "oci" } });
}

Test(service, may_leave_names_out)
{
	expect_taken((struct handing_over){ "3", NULL, "oci:", 0, 3, { "oci", "", "" } });
	expect_taken((struct handing_over){ "2", NULL, NULL, 0, 2, { "", "" } });
	expect_taken((struct handing_over){ "1", NULL, "a:b:c", 0, 1, { "a" } });
}

Test(service, hands_over_nothing_to_another_process)
{
	expect_taken((struct handing_over){ "2", "1", "oci:lxc", 0, 0, { 0 } });
	expect_taken((struct handing_over){ NULL, NULL, "oci", 0, 0, { 0 } });
}

Test(service, makes_sense_or_is_refused)
{
	expect_taken((struct handing_over){ "-1", NULL, NULL, -EINVAL, 0, { 0 } });
	expect_taken((struct handing_over){ "1x", NULL, NULL, -EINVAL, 0, { 0 } });
	expect_taken((struct handing_over){ "20737", NULL, NULL, -EINVAL, 0, { 0 } });
	expect_taken((struct handing_over){ "1", "x", NULL, -EINVAL, 0, { 0 } });
	expect_taken(
		(struct handing_over){ "99999999999999999999", NULL, NULL, -EINVAL, 0, { 0 } });
	expect_taken((struct handing_over){ "5", NULL, NULL, -EBADF, 0, { 0 } });
	/* As many as a store can have are no mistake; here they are not open. */
	expect_taken((struct handing_over){ "20736", NULL, NULL, -EBADF, 0, { 0 } });
}

/* ---- we as a service manager ---- */

Test(service, takes_what_another_process_stores_with_it)
{
	struct service_fds fds = { 0 };
	char name[SERVICE_NAME_MAX + 1];

	memset(name, 'a', SERVICE_NAME_MAX);
	name[SERVICE_NAME_MAX] = '\0';
	cr_expect_eq(service_store(&service, "kept-1", &manager, 1), 0);
	cr_expect_eq(service_store(&service, name, (int[]){ manager, manager }, 2), 0);
	cr_expect_eq(service_tell_stopping(&service), 0);
	cr_expect_eq(service_receive(manager, &fds), SERVICE_STORED);
	cr_expect_eq(service_receive(manager, &fds), SERVICE_STORED);
	cr_expect_eq(service_receive(manager, &fds), SERVICE_STOPPING);
	cr_expect_eq(service_receive(manager, &fds), -EAGAIN);
	cr_assert_eq(fds.count, 3);
	cr_expect_str_eq(fds.fds[0].name, "kept-1");
	cr_expect_str_eq(fds.fds[2].name, name);
	for (size_t i = 0; i < fds.count; i++)
		cr_expect(is_cloexec(fds.fds[i].fd));
	service_fds_done(&fds);
}

Test(service, takes_nothing_else)
{
	struct service_fds fds = { 0 };

	cr_expect_eq(service_tell_ready(&service), 0);
	cr_expect_eq(service_receive(manager, &fds), -EPROTO);
	cr_expect_eq(send(service.socket, "FDSTORE=1\nFDNAME=a\n", 19, 0), 19);
	cr_expect_eq(service_receive(manager, &fds), -EPROTO, "there is no descriptor");
	cr_expect_eq(fds.count, 0);
	service_fds_done(&fds);
}
