/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many containers, as far as the daemon can tell: each a process in a user namespace of its own, under
 * the filter, whose listener is handed over as an OCI runtime does it. What a runtime does besides is
 * left out, so that there can be a thousand.
 *
 *	containers SOCKET FILE		reads lines from standard input, until its end
 *
 *	attach COUNT	so many containers more, which have the daemon's first answer (about FILE) when
 *			this is answered, with the seconds from the first hand-over until then
 *	run FIRST COUNT OPERATION DIRECTORY TARGETS FILES MILLISECONDS
 *			a crowd whose targets are spread over COUNT containers; answers with
 *			crowd_print()
 *	hang FIRST COUNT OPERATION DIRECTORY TARGETS 0 0	lets such a crowd go on; answers "0"
 *	stop		ends it; answers "0"
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attach/filter.h"
#include "attach/handshake.h"
#include "attach/namespace.h"
#include "lib/crowd.h"
#include "lib/operations.h"

#define CONTAINERS_MAX 4096
#define LINE_SIZE 8192
#define MESSAGE_SIZE 1024

/* What a container's first process is told to do. */
enum order_kind { ORDER_CALL = 1, ORDER_MEASURED, ORDER_HANGING };

struct order {
	enum order_kind kind;
	unsigned int target; /* of the crowd */
};

struct container {
	pid_t pid;
	int end; /* of the socket to its first process */
	int listener; /* until it is handed over */
};

struct fleet {
	const char *socket;
	const char *file;
	struct crowd *measured;
	struct crowd *hanging;
	struct container containers[CONTAINERS_MAX];
	size_t count;
};

static const struct id_map ids = { .count = 1, .extents = { { 0, 100000, 65536 } } };
static const struct namespace_maps maps = { .users = &ids, .groups = &ids };

/* A container's first process. */

static void call_once(const struct fleet *fleet, int end)
{
	char value[VALUE_SIZE];
	int error = getxattr(fleet->file, "security.first", value, sizeof(value)) < 0 ? errno : 0;

	(void)send(end, &error, sizeof(error), MSG_NOSIGNAL);
}

static void make_target(const struct fleet *fleet, const struct order *order)
{
	pid_t first = getpid();

	if (fork() != 0)
		return;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != first)
		_exit(EXIT_FAILURE);
	crowd_work(order->kind == ORDER_HANGING ? fleet->hanging : fleet->measured, order->target);
}

static _Noreturn void obey_orders(const struct fleet *fleet, int end)
{
	struct order order;

	signal(SIGCHLD, SIG_IGN);
	while (recv(end, &order, sizeof(order), 0) == sizeof(order))
		if (order.kind == ORDER_CALL)
			call_once(fleet, end);
		else
			make_target(fleet, &order);
	_exit(EXIT_SUCCESS);
}

static _Noreturn void live(const struct fleet *fleet, int end)
{
	static const struct filter_options options = { 0 };
	int listener;

	if (namespace_unshare() < 0 || handshake_send(end, STEP_UNSHARED, -1) < 0 ||
	    handshake_expect(end, STEP_MAPPED, NULL) < 0 || namespace_complete(&maps) < 0 ||
	    filter_install(&options, &listener) < 0 ||
	    handshake_send(end, STEP_LISTENER, listener) < 0)
		_exit(EXIT_FAILURE);
	close(listener);
	obey_orders(fleet, end);
}

/* From outside. */

static int open_process(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return open(path, O_DIRECTORY | O_CLOEXEC);
}

/** container_start() - Return: whether it is there, and its listener; said if not. */
static bool container_start(const struct fleet *fleet, struct container *container)
{
	int ends[2];

	if (handshake_new(ends) < 0)
		return false;
	container->pid = fork();
	if (container->pid == 0) {
		/* So that only its owner holds a socket or a listener open. */
		(void)close_range(STDERR_FILENO + 1, (unsigned int)ends[1] - 1, 0);
		(void)close_range((unsigned int)ends[1] + 1, ~0U, 0);
		live(fleet, ends[1]);
	}
	close(ends[1]);
	container->end = ends[0];
	if (container->pid < 0 || handshake_expect(ends[0], STEP_UNSHARED, NULL) < 0)
		return false;
	int proc = open_process(container->pid);
	bool is_mapped = proc >= 0 && namespace_write_maps(proc, 0, &maps) == 0;

	if (proc >= 0)
		close(proc);
	return is_mapped && handshake_send(ends[0], STEP_MAPPED, -1) == 0 &&
	       handshake_expect(ends[0], STEP_LISTENER, &container->listener) == 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	fprintf(stderr, "containers: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool send_with_fd(int connection, const char *text, size_t length, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec piece = { (void *)text, length };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(connection, &message, MSG_NOSIGNAL) == (ssize_t)length;
}

/** container_hand_over() - as an OCI runtime does, a ContainerProcessState of the runtime specification */
static bool container_hand_over(const struct fleet *fleet, struct container *container,
				size_t number)
{
	char text[MESSAGE_SIZE];
	int connection = connect_to(fleet->socket);
	int length = snprintf(
		text, sizeof(text),
		"{\"ociVersion\":\"1.0.2\",\"fds\":[\"seccompFd\"],\"pid\":%d,"
		"\"metadata\":\"\",\"state\":{\"ociVersion\":\"1.0.2\",\"id\":\"bench-%zu\","
		"\"status\":\"creating\",\"pid\":%d,\"bundle\":\"/\"}}",
		container->pid, number, container->pid);
	bool is_sent = connection >= 0 &&
		       send_with_fd(connection, text, (size_t)length, container->listener);

	if (connection >= 0)
		close(connection);
	close(container->listener);
	container->listener = -1;
	return is_sent;
}

static bool order(const struct container *container, enum order_kind kind, unsigned int target)
{
	struct order message = { kind, target };

	return send(container->end, &message, sizeof(message), MSG_NOSIGNAL) == sizeof(message);
}

/** is_served() - Return: whether a supervisor answered its first call. */
static bool is_served(const struct container *container)
{
	int error;

	if (recv(container->end, &error, sizeof(error), 0) != sizeof(error))
		return false;
	if (error == 0 || error == ENODATA)
		return true;
	fprintf(stderr, "containers: the first call fails: %s\n", strerror(error));
	return false;
}

/* Lines. */

static bool answer_zero(void)
{
	puts("0");
	return fflush(stdout) == 0;
}

static bool attach_all(struct fleet *fleet, size_t first)
{
	for (size_t i = first; i < fleet->count; i++)
		if (!container_hand_over(fleet, &fleet->containers[i], i) ||
		    !order(&fleet->containers[i], ORDER_CALL, 0))
			return false;
	for (size_t i = first; i < fleet->count; i++)
		if (!is_served(&fleet->containers[i]))
			return false;
	return true;
}

static bool obey_attach(struct fleet *fleet, const char *arguments)
{
	size_t count = strtoul(arguments, NULL, 10), first = fleet->count;

	if (count > CONTAINERS_MAX - first)
		return false;
	for (; fleet->count < first + count; fleet->count++)
		if (!container_start(fleet, &fleet->containers[fleet->count]))
			return false;
	double began = nanoseconds_now();
	bool is_attached = attach_all(fleet, first);

	printf("%.6f\n", (nanoseconds_now() - began) / 1e9);
	return fflush(stdout) == 0 && is_attached;
}

/** struct berth - where a crowd's targets are made */
struct berth {
	const struct fleet *fleet;
	size_t first;
	size_t count;
	enum order_kind kind;
};

static bool spawn_in_container(void *place, struct crowd *crowd, unsigned int target)
{
	const struct berth *berth = place;
	size_t number = berth->first + target % berth->count;

	(void)crowd;
	return order(&berth->fleet->containers[number], berth->kind, target);
}

/** parse_crowd() - Return: whether it is "FIRST COUNT" and a task, about containers that there are. */
static bool parse_crowd(const struct fleet *fleet, const char *arguments, struct berth *berth,
			struct crowd_task *task)
{
	int length = 0;

	return sscanf(arguments, "%zu %zu %n", &berth->first, &berth->count, &length) == 2 &&
	       length > 0 && berth->count > 0 && berth->first < fleet->count &&
	       berth->count <= fleet->count - berth->first && crowd_parse(arguments + length, task);
}

static bool obey_run(const struct fleet *fleet, const char *arguments)
{
	struct berth berth = { .fleet = fleet, .kind = ORDER_MEASURED };
	struct crowd_figures figures;
	struct crowd_task task;

	if (!parse_crowd(fleet, arguments, &berth, &task) ||
	    !crowd_begin(fleet->measured, &task, spawn_in_container, &berth))
		return false;
	crowd_end(fleet->measured, &figures);
	crowd_print(&figures);
	return true;
}

static bool obey_hang(const struct fleet *fleet, const char *arguments)
{
	struct berth berth = { .fleet = fleet, .kind = ORDER_HANGING };
	struct crowd_task task;

	return parse_crowd(fleet, arguments, &berth, &task) &&
	       crowd_begin(fleet->hanging, &task, spawn_in_container, &berth) && answer_zero();
}

static bool obey(struct fleet *fleet, const char *line)
{
	if (strncmp(line, "attach ", 7) == 0)
		return obey_attach(fleet, line + 7);
	if (strncmp(line, "run ", 4) == 0)
		return obey_run(fleet, line + 4);
	if (strncmp(line, "hang ", 5) == 0)
		return obey_hang(fleet, line + 5);
	if (strcmp(line, "stop\n") == 0) {
		crowd_stop(fleet->hanging);
		return answer_zero();
	}
	return false;
}

/* Two descriptors a container. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	static struct fleet fleet;
	char line[LINE_SIZE];
	bool done;

	if (argc != 3) {
		fprintf(stderr, "usage: containers SOCKET FILE\n");
		return 2;
	}
	fleet.socket = argv[1];
	fleet.file = argv[2];
	fleet.measured = crowd_new();
	fleet.hanging = crowd_new();
	done = fleet.measured && fleet.hanging;
	signal(SIGCHLD, SIG_IGN);
	raise_descriptor_limit();
	while (done && fgets(line, sizeof(line), stdin)) {
		done = obey(&fleet, line);
		if (!done)
			fprintf(stderr, "containers: cannot do: %s", line);
	}
	if (fleet.hanging)
		crowd_stop(fleet.hanging);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
