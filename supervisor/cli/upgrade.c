/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * daemon/handover.h has the protocol. We ask the old daemon how it was started, and start the program that is on disk
 * now in the same way, with the old one's sockets and our connection to the old one. Then we wait until the new one
 * tells us, as it would a service manager, that it is ready. If it ends instead, or takes too long and is killed, the
 * old one serves on.
 */
#include "cli/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/passing.h"
#include "base/proc.h"
#include "base/service.h"
#include "base/trust.h"
#include "base/unix_socket.h"
#include "cli/options.h"
#include "daemon/control_call.h"
#include "daemon/handover.h"

/* Milliseconds: the old one's answer; all that the new one has to do. */
#define ANSWER_DEADLINE 10000
#define START_DEADLINE 60000
/* Of a descriptor. */
#define NAME_LENGTH_MAX 31

struct replacement {
	int connection;
	struct json_object *start;
	int fds[HANDOVER_START_MAX];
	size_t count;
	int manager; /* the socket on which the new one tells that it is ready */
	char manager_name[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
	pid_t pid; /* 0: it was not started */
	int pidfd;
};

static void close_all(struct replacement *replacement)
{
	for (size_t i = 0; i < replacement->count; i++)
		fd_close(&replacement->fds[i]);
}

static void replacement_done(struct replacement *replacement)
{
	close_all(replacement);
	fd_close(&replacement->connection);
	fd_close(&replacement->manager);
	fd_close(&replacement->pidfd);
	json_object_put(replacement->start);
}

/* ---- what the old one tells ---- */

/* Return: the length of the line; -errno. */
static ssize_t receive_start(struct replacement *replacement, char text[HANDOVER_TEXT_MAX])
{
	const struct iovec piece = { text, HANDOVER_TEXT_MAX - 1 };
	struct pollfd polled = { .fd = replacement->connection, .events = POLLIN };
	_cleanup_passed_ struct passed passed = { 0 };

	if (poll(&polled, 1, ANSWER_DEADLINE) <= 0)
		return -ETIMEDOUT;
	ssize_t length = passing_receive(replacement->connection, &piece, 1, 0, &passed);

	if (length < 0)
		return length;
	if (length == 0 || passed.is_cut || passed.count > HANDOVER_START_MAX)
		return -EBADMSG;
	text[length] = '\0';
	while (replacement->count < passed.count) {
		replacement->fds[replacement->count] = TAKE_FD(passed.fds[replacement->count]);
		replacement->count++;
	}
	return length;
}

static const char *word(const struct replacement *replacement, const char *list, size_t index)
{
	struct json_object *texts = json_object_object_get(replacement->start, list);

	return json_object_get_string(json_object_array_get_idx(texts, index));
}

static const char *program_of(const struct replacement *replacement)
{
	return json_object_get_string(json_object_object_get(replacement->start, "program"));
}

static bool are_texts(const struct replacement *replacement, const char *list, size_t longest)
{
	struct json_object *texts = json_object_object_get(replacement->start, list);

	if (!json_object_is_type(texts, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(texts); i++)
		if (!json_object_is_type(json_object_array_get_idx(texts, i), json_type_string) ||
		    strlen(word(replacement, list, i)) > longest)
			return false;
	return true;
}

static bool is_start(const struct replacement *replacement)
{
	struct json_object *names = json_object_object_get(replacement->start, "descriptors");

	return program_of(replacement) && are_texts(replacement, "arguments", HANDOVER_TEXT_MAX) &&
	       are_texts(replacement, "descriptors", NAME_LENGTH_MAX) &&
	       json_object_array_length(names) == replacement->count;
}

/*
 * The daemon has few privileges, and a container that has taken control of it must not get root's through us. So the
 * program that it names has to be an nsxattrd that only root can write.
 */
static bool is_program(const char *program)
{
	const char *name = strrchr(program, '/');
	int r = name && strcmp(name, "/nsxattrd") == 0 ? trust_path(program) : -EPERM;

	if (r == -EPERM)
		log_error(
			"the daemon says that its program is %s, which is no nsxattrd that only root "
			"can write: it is not started",
			program);
	else if (r < 0)
		log_error("cannot look at %s: %s", program, strerror(-r));
	return r == 0;
}

/* Only root says what is started. */
static int check_peer(int connection)
{
	struct unix_peer peer;
	int r = unix_socket_peer(connection, &peer);

	if (r < 0)
		return r;
	return peer.uid == 0 || peer.uid == geteuid() ? 0 : -EPERM;
}

/* Return: 0; else the exit status, what is wrong has been logged. */
static int ask_start(struct replacement *replacement, const char *control)
{
	char text[HANDOVER_TEXT_MAX];
	int r = control_connect(control, ANSWER_DEADLINE, "upgrade", &replacement->connection);

	if (r == 0)
		r = check_peer(replacement->connection);
	ssize_t length = r < 0 ? r : receive_start(replacement, text);

	if (length < 0) {
		log_error("cannot ask %s: %s", control, control_call_fault((int)length));
		return STATUS_FAILED;
	}
	replacement->start = json_tokener_parse(text);
	if (replacement->start && control_refusal(replacement->start)) {
		log_error("%s", control_refusal(replacement->start));
		return STATUS_REFUSED;
	}
	if (is_start(replacement))
		return is_program(program_of(replacement)) ? 0 : STATUS_REFUSED;
	log_error("cannot ask %s: %s", control, control_call_fault(-EBADMSG));
	return STATUS_FAILED;
}

/* ---- the new one ---- */

/* In the abstract namespace, under a name that the kernel chooses. */
static int be_manager(struct replacement *replacement)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(sa_family_t);

	replacement->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (replacement->manager < 0 ||
	    bind(replacement->manager, (struct sockaddr *)&address, length) < 0)
		return -errno;
	length = sizeof(address);
	if (getsockname(replacement->manager, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	snprintf(replacement->manager_name, sizeof(replacement->manager_name), "@%.*s",
		 (int)(length - sizeof(sa_family_t) - 1), address.sun_path + 1);
	return 0;
}

/** struct start_fds - what the new one finds open at its start: from 3 on, and elsewhere */
struct start_fds {
	int directory, errors;
	int fds[HANDOVER_START_MAX + 1];
	size_t count;
	char names[(HANDOVER_START_MAX + 1) * (NAME_LENGTH_MAX + 1)];
};

static void pass(struct start_fds *start, const char *name, int fd)
{
	size_t length = strlen(start->names);

	snprintf(start->names + length, sizeof(start->names) - length, "%s%s",
		 length > 0 ? ":" : "", name);
	start->fds[start->count++] = fd;
}

static void pass_all(const struct replacement *replacement, struct start_fds *start)
{
	for (size_t i = 0; i < replacement->count; i++) {
		const char *name = word(replacement, "descriptors", i);

		if (strcmp(name, "directory") == 0)
			start->directory = replacement->fds[i];
		else if (strcmp(name, "errors") == 0)
			start->errors = replacement->fds[i];
		else
			pass(start, name, replacement->fds[i]);
	}
	pass(start, "predecessor", replacement->connection);
}

/* Numbers from 3 on, in their order: away from there first, so that none is overwritten. */
static bool place_fds(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, SERVICE_FIRST_FD + HANDOVER_START_MAX + 1);
		if (fds[i] < 0)
			return false;
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(fds[i], SERVICE_FIRST_FD + (int)i) < 0)
			return false;
	return true;
}

static void set_number(const char *variable, unsigned long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", number);
	setenv(variable, text, 1);
}

static void set_environment(const struct replacement *replacement, const struct start_fds *start)
{
	setenv("NOTIFY_SOCKET", replacement->manager_name, 1);
	setenv("LISTEN_FDNAMES", start->names, 1);
	set_number("LISTEN_FDS", start->count);
	set_number("LISTEN_PID", (unsigned long)getpid());
}

/*
 * Containers that keep all CPUs busy can keep a new session waiting for a minute, although they are in another one
 * (autogroups of sched(7), Linux 6.18). Ours has precedence until handover_take() returns, where that is allowed.
 */
static void go_first(void)
{
	const struct sched_param lowest = { .sched_priority = 1 };

	(void)sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest);
}

/* Standard error last: what fails before is told to our caller. */
static _Noreturn void become_daemon(const struct replacement *replacement)
{
	struct json_object *arguments = json_object_object_get(replacement->start, "arguments");
	size_t argument_count = json_object_array_length(arguments);
	const char *program = program_of(replacement);
	char **argv = calloc(argument_count + 1, sizeof(*argv));
	struct start_fds start = { .directory = -1, .errors = -1 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	pass_all(replacement, &start);
	for (size_t i = 0; argv && i < argument_count; i++)
		argv[i] = (char *)word(replacement, "arguments", i);
	set_environment(replacement, &start);
	go_first();
	/* One that hangs must not keep the sockets. handover_take() ends this. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (argv && setsid() >= 0 && fchdir(start.directory) == 0 &&
	    dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	    access(program, X_OK) == 0 && dup2(start.errors, STDERR_FILENO) >= 0 &&
	    place_fds(start.fds, start.count))
		execv(program, argv);
	log_error("cannot start %s: %s", program, strerror(errno));
	_exit(STATUS_NOT_EXECUTABLE);
}

static int start_daemon(struct replacement *replacement)
{
	pid_t pid = fork();

	if (pid == 0)
		become_daemon(replacement);
	if (pid < 0)
		return -errno;
	replacement->pid = pid;
	/* The two daemons alone have them: the connection ends when one of the two has ended. */
	fd_close(&replacement->connection);
	close_all(replacement);
	replacement->pidfd = (int)syscall(SYS_pidfd_open, replacement->pid, 0);
	return replacement->pidfd < 0 ? -errno : 0;
}

static bool is_ready(const struct replacement *replacement)
{
	char text[512];
	ssize_t length = recv(replacement->manager, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[length > 0 ? length : 0] = '\0';
	return strstr(text, "READY=1") != NULL;
}

/* Return: 0; -ETIMEDOUT; -ECHILD: it has ended. */
static int await_ready(const struct replacement *replacement)
{
	uint64_t end = clock_milliseconds() + START_DEADLINE;

	for (;;) {
		uint64_t now = clock_milliseconds();
		struct pollfd polled[] = { { .fd = replacement->manager, .events = POLLIN },
					   { .fd = replacement->pidfd, .events = POLLIN } };

		if (now >= end || poll(polled, 2, (int)(end - now)) == 0)
			return -ETIMEDOUT;
		if (polled[0].revents && is_ready(replacement))
			return 0;
		if (!polled[0].revents && polled[1].revents)
			return -ECHILD;
	}
}

/* Of one that is not ready in time: where it sleeps in the kernel, and how long it has had a CPU. */
static void say_where(pid_t pid)
{
	char path[32], where[64], times[80], *rest;
	_cleanup_fd_ int procfs = proc_open();

	snprintf(path, sizeof(path), "%d/wchan", pid);
	if (procfs < 0 || proc_read(procfs, path, where, sizeof(where)) <= 0)
		return;
	snprintf(path, sizeof(path), "%d/schedstat", pid);
	if (proc_read(procfs, path, times, sizeof(times)) <= 0)
		return;
	unsigned long long run = strtoull(times, &rest, 10), waited = strtoull(rest, NULL, 10);

	log_error("it has run for %llu ms, has waited for a CPU for %llu ms, and sleeps in %s",
		  run / 1000000, waited / 1000000, strcmp(where, "0") == 0 ? "nothing" : where);
}

static void end_daemon(const struct replacement *replacement)
{
	if (replacement->pid == 0)
		return;
	(void)kill(replacement->pid, SIGKILL);
	(void)waitpid(replacement->pid, NULL, 0);
}

static int say_failure(const struct replacement *replacement, int error)
{
	if (error == -ETIMEDOUT)
		say_where(replacement->pid);
	end_daemon(replacement);
	if (error == -ECHILD || error == -ETIMEDOUT)
		log_error("the new nsxattrd %s; the running one serves on (its log says more)",
			  error == -ECHILD ? "has ended at once" : "was not ready in time");
	else
		log_error("cannot start another nsxattrd: %s; the running one serves on",
			  strerror(-error));
	return STATUS_REFUSED;
}

int upgrade_daemon(const char *control)
{
	struct replacement replacement = { .connection = -1, .manager = -1, .pidfd = -1 };
	int status = ask_start(&replacement, control), r = 0;

	if (status == 0) {
		r = be_manager(&replacement);
		if (r == 0)
			r = start_daemon(&replacement);
		if (r == 0)
			r = await_ready(&replacement);
		if (r == 0)
			printf("nsxattrd is process %d now\n", replacement.pid);
	}
	if (r < 0)
		status = say_failure(&replacement, r);
	replacement_done(&replacement);
	return status;
}
