/* SPDX-License-Identifier: Apache-2.0 */
/* Both ends of the control socket: a server in a child, peers of all kinds here. */
#include "daemon/control.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/closer.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/proc.h"
#include "base/unix_socket.h"
#include "child.h"
#include "daemon/acceptor.h"
#include "daemon/control_call.h"
#include "daemon/refusals.h"

/* Milliseconds; what a test waits for is over long before. */
#define PATIENCE 100000
#define LONG_ANSWER (1 << 20)

static char folder[] = "/tmp/nsxattr-control.XXXXXX";
static char path[64];
static unsigned int deadline;
static bool is_short; /* the server has room for one descriptor more */
static struct unix_socket listening = { .fd = -1, .folder = -1 };
static pid_t server;

/* ---- the server ---- */

static struct json_object *answer_status(void *context, uid_t user)
{
	struct json_object *object = json_object_new_object();
	char *filler = calloc(1, LONG_ANSWER + 1);

	(void)context;
	memset(filler, 'x', LONG_ANSWER);
	json_object_object_add(object, "user", json_object_new_int64(user));
	json_object_object_add(object, "filler", json_object_new_string(filler));
	free(filler);
	return object;
}

/* The length of the question, and whose it is. */
static struct json_object *answer_may_use(void *context, uid_t user, const char *question)
{
	struct json_object *object = json_object_new_object();

	(void)context;
	json_object_object_add(object, "user", json_object_new_int64(user));
	json_object_object_add(object, "length", json_object_new_uint64(strlen(question)));
	return object;
}

/* A pipe with the question in it, so that the answer is longer than one send. */
static struct json_object *answer_measurements(void *context, uid_t user, const char *question,
					       int *ret_fd)
{
	int ends[2];

	NEED(pipe(ends) == 0);
	NEED(write(ends[1], question, strlen(question)) == (ssize_t)strlen(question));
	close(ends[1]);
	*ret_fd = ends[0];
	return answer_status(context, user);
}

static struct json_object *answer_reload(void *context)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "count", json_object_new_int(++*(int *)context));
	return object;
}

static void run_short(void)
{
	int next = dup(STDERR_FILENO);
	struct rlimit limit = { (rlim_t)next + 1, (rlim_t)next + 1 };

	close(next);
	NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void serve(void *argument)
{
	int reloads = 0;
	const struct control_answers answers = {
		.status = answer_status,
		.may_use = answer_may_use,
		.measurements = answer_measurements,
		.policy = answer_may_use,
		.reload = answer_reload,
		.context = &reloads,
		.deadline = deadline,
	};
	struct acceptor acceptor = { .listening = listening.fd, .procfs = proc_open() };
	struct refusals refusals;
	struct control *control;

	(void)argument;
	NEED(loop_new(&acceptor.loop) == 0);
	NEED(closer_new(acceptor.loop, &acceptor.closer) == 0);
	refusals_init(&refusals, acceptor.closer);
	acceptor.refusals = &refusals;
	NEED(control_new(&acceptor, &answers, &control) == 0);
	if (is_short)
		run_short();
	NEED(loop_run(acceptor.loop) == 0);
}

static void make_socket(void)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chmod(folder, 0755), 0);
	snprintf(path, sizeof(path), "%s/control.sock", folder);
	const struct unix_socket_terms terms = { path, SOCK_STREAM, 0666, (gid_t)-1 };

	cr_assert_eq(unix_socket_listen(&terms, &listening), 0);
}

static void remove_socket(void)
{
	char lock[96];

	unix_socket_done(&listening);
	snprintf(lock, sizeof(lock), "%s/.control.sock.lock", folder);
	unlink(lock);
	cr_expect_eq(rmdir(folder), 0);
}

TestSuite(control, .init = make_socket, .fini = remove_socket);

static void start(unsigned int milliseconds)
{
	deadline = milliseconds;
	server = child_start(serve, NULL, 0);
}

static void stop(void)
{
	kill(server, SIGTERM);
	cr_expect_eq(child_end(server), 128 + SIGTERM, "the server has ended before");
}

/* ---- peers ---- */

static int connect_peer(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static bool is_readable(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	return poll(&polled, 1, PATIENCE) == 1;
}

/* Until the end. Return: how much it was; what fits is in @text. */
static size_t hear(int fd, char *text, size_t size)
{
	static char piece[65536];
	size_t length = 0;
	ssize_t count = 0;

	while (is_readable(fd) && (count = recv(fd, piece, sizeof(piece), 0)) > 0) {
		size_t kept = length >= size - 1 ? 0 : size - 1 - length;

		memcpy(text + (kept ? length : 0), piece,
		       (size_t)count < kept ? (size_t)count : kept);
		length += (size_t)count;
	}
	text[length < size ? length : size - 1] = '\0';
	close(fd);
	return length;
}

static void expect_answer(const char *request, const char *expected)
{
	char text[512];
	int fd = connect_peer();

	say(fd, request);
	hear(fd, text, sizeof(text));
	cr_expect_str_eq(text, expected, "%s: %s", request, text);
}

static struct json_object *call(const char *request)
{
	struct json_object *answer = NULL;

	cr_assert_eq(control_call(path, request, PATIENCE, &answer), 0);
	return answer;
}

static void expect_pong(void)
{
	struct json_object *answer = call("ping");

	cr_expect_str_eq(json_object_to_json_string_ext(answer, 0), "{\"pong\":true}");
	json_object_put(answer);
}

Test(control, has_a_descriptor_come_with_an_answer)
{
	struct json_object *answer = NULL;
	char text[8] = "";
	int fd = -1;

	start(PATIENCE);
	cr_assert_eq(control_call_fd(path, "measurements {}", PATIENCE, &answer, &fd), 0);
	cr_expect_not_null(json_object_object_get(answer, "filler"));
	cr_assert_geq(fd, 0);
	cr_expect_eq(read(fd, text, sizeof(text)), 2);
	cr_expect_str_eq(text, "{}");
	close(fd);
	json_object_put(answer);
	/* Who does not ask for one has none afterwards. */
	cr_assert_eq(control_call(path, "measurements {}", PATIENCE, &answer), 0);
	json_object_put(answer);
	fd = -1;
	cr_assert_eq(control_call_fd(path, "ping", PATIENCE, &answer, &fd), 0);
	cr_expect_eq(fd, -1);
	json_object_put(answer);
	stop();
}

Test(control, answers)
{
	start(PATIENCE);
	expect_answer("ping\n", "{\"pong\":true}\n");
	expect_pong();
	stop();
}

Test(control, answers_long)
{
	start(PATIENCE);
	struct json_object *answer = call("status");
	struct json_object *filler = json_object_object_get(answer, "filler");

	cr_expect_eq(json_object_get_string_len(filler), LONG_ANSWER);
	cr_expect_eq(json_object_get_int64(json_object_object_get(answer, "user")), geteuid());
	json_object_put(answer);
	stop();
}

Test(control, takes_a_request_in_pieces)
{
	char text[64];

	start(PATIENCE);
	int fd = connect_peer();

	say(fd, "pi");
	expect_pong();
	say(fd, "ng");
	expect_pong();
	say(fd, "\n");
	hear(fd, text, sizeof(text));
	cr_expect_str_eq(text, "{\"pong\":true}\n");
	stop();
}

#define UNKNOWN \
	"{\"error\":\"unknown request; there are: ping, status, measurements, policy, may-use, watch, reload, upgrade\"}\n"

Test(control, refuses_what_is_no_request)
{
	static char much[CONTROL_REQUEST_MAX + 100];

	start(PATIENCE);
	expect_answer("\n", UNKNOWN);
	expect_answer("pings\n", UNKNOWN);
	expect_answer("ping \n", UNKNOWN);
	expect_answer("{\"request\":\"ping\"}\n", UNKNOWN);
	memset(much, 'a', sizeof(much));
	much[sizeof(much) - 1] = '\0';
	expect_answer(much, UNKNOWN);
	memcpy(much + CONTROL_REQUEST_MAX - 5, "ping\nping\n", 10);
	expect_answer(much, UNKNOWN);
	stop();
}

Test(control, takes_a_question_as_long_as_the_annotations_of_a_container)
{
	static char request[CONTROL_REQUEST_MAX + 1];
	static const size_t lengths[] = { 1, 1000, 65536, CONTROL_REQUEST_MAX - 9 };

	start(PATIENCE);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(request, 'q', sizeof(request));
		memcpy(request, "may-use ", 8);
		request[8 + lengths[i]] = '\0';
		struct json_object *answer = call(request);

		cr_expect_eq(json_object_get_uint64(json_object_object_get(answer, "length")),
			     lengths[i]);
		json_object_put(answer);
	}
	expect_answer("may-use\n", UNKNOWN);
	stop();
}

Test(control, answers_nothing_to_who_leaves_early)
{
	char text[64];

	start(PATIENCE);
	int fd = connect_peer();

	say(fd, "ping");
	shutdown(fd, SHUT_WR);
	cr_expect_eq(hear(fd, text, sizeof(text)), 0);
	fd = connect_peer();
	say(fd, "status\n");
	close(fd);
	expect_pong();
	stop();
}

/* ---- who may ---- */

static void become_another_user(void)
{
	NEED(setgid(12345) == 0 && setuid(12345) == 0);
}

static void ask_as_another_user(void *argument)
{
	struct json_object *answer = NULL;

	(void)argument;
	become_another_user();
	NEED(control_call(path, "reload", PATIENCE, &answer) == 0);
	NEED(strcmp(control_refusal(answer), "only root can have policies read anew") == 0);
	json_object_put(answer);
	NEED(control_call(path, "status", PATIENCE, &answer) == 0);
	NEED(json_object_get_int64(json_object_object_get(answer, "user")) == 12345);
	NEED(!control_refusal(answer));
	json_object_put(answer);
}

Test(control, knows_who_asks)
{
	if (geteuid() != 0)
		cr_skip_test("only root becomes another user");
	start(PATIENCE);
	cr_expect_eq(child_end(child_start(ask_as_another_user, NULL, 0)), 0);
	struct json_object *answer = call("reload");

	cr_expect_eq(json_object_get_int(json_object_object_get(answer, "count")), 1);
	json_object_put(answer);
	stop();
}

/* A user's connection beyond those that they may have is closed unheard. */
static void be_too_many(void *argument)
{
	int fds[CONTROL_CONNECTIONS_PER_USER_MAX];
	struct json_object *answer = NULL;
	char text[64];

	(void)argument;
	become_another_user();
	for (int i = 0; i < CONTROL_CONNECTIONS_PER_USER_MAX; i++)
		fds[i] = connect_peer();
	NEED(hear(connect_peer(), text, sizeof(text)) == 0);
	say(fds[0], "ping\n");
	NEED(hear(fds[0], text, sizeof(text)) > 0);
	NEED(control_call(path, "ping", PATIENCE, &answer) == 0);
	json_object_put(answer);
}

Test(control, gives_a_user_so_many_connections)
{
	if (geteuid() != 0)
		cr_skip_test("only root becomes another user");
	start(PATIENCE);
	cr_expect_eq(child_end(child_start(be_too_many, NULL, 0)), 0);
	stop();
}

/* ---- peers that cost ---- */

Test(control, gives_up_who_is_silent)
{
	char text[64];

	start(50);
	int silent = connect_peer(), slow = connect_peer();

	say(slow, "pin");
	cr_expect_eq(hear(silent, text, sizeof(text)), 0);
	cr_expect_eq(hear(slow, text, sizeof(text)), 0);
	expect_pong();
	stop();
}

Test(control, gives_up_who_does_not_read)
{
	char text[64];

	start(50);
	int fd = connect_peer();

	say(fd, "status\n");
	cr_assert(is_readable(fd));
	/* The server's end is closed when there is a hangup: what it had sent is still to be read. */
	struct pollfd polled = { .fd = fd };

	cr_assert_eq(poll(&polled, 1, PATIENCE), 1);
	cr_expect_lt(hear(fd, text, sizeof(text)), LONG_ANSWER);
	expect_pong();
	stop();
}

Test(control, serves_others_beside_one_that_does_not_read)
{
	char text[64];

	start(PATIENCE);
	int fd = connect_peer();

	say(fd, "status\n");
	cr_assert(is_readable(fd));
	expect_pong();
	cr_expect_gt(hear(fd, text, sizeof(text)), LONG_ANSWER);
	stop();
}

/* Those of root, too, are served in turn: the slots are full until the deadline. */
Test(control, serves_more_peers_than_it_has_slots_for)
{
	int fds[CONTROL_CONNECTIONS_MAX * 2];
	char text[64];

	start(50);
	for (int i = 0; i < CONTROL_CONNECTIONS_MAX * 2; i++)
		fds[i] = connect_peer();
	expect_pong();
	for (int i = 0; i < CONTROL_CONNECTIONS_MAX * 2; i++)
		cr_expect_eq(hear(fds[i], text, sizeof(text)), 0);
	stop();
}

/* It has room for one peer at a time, and waits in between. */
Test(control, goes_on_when_descriptors_run_out)
{
	is_short = true;
	start(50);
	int first = connect_peer(), second = connect_peer(), third = connect_peer();
	char text[64];

	say(third, "ping\n");
	cr_expect_eq(hear(third, text, sizeof(text)), 14);
	hear(first, text, sizeof(text));
	hear(second, text, sizeof(text));
	expect_pong();
	stop();
}

/* ---- the client ---- */

Test(control, is_said_not_to_be_there)
{
	struct json_object *answer = NULL;
	char much[200];

	cr_expect_eq(control_call("/nonexistent/control.sock", "ping", 100, &answer), -ENOENT);
	cr_expect_str_eq(control_call_fault(-ENOENT),
			 "nsxattrd does not run (systemctl start nsxattrd)");
	memset(much, 'a', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	cr_expect_eq(control_call(much, "ping", 100, &answer), -ENAMETOOLONG);
	cr_expect_null(answer);
}

Test(control, is_not_waited_for_for_ever)
{
	struct json_object *answer = NULL;

	cr_expect_eq(control_call(path, "ping", 20, &answer), -ETIMEDOUT);
	/* Now the queue is full: the daemon has not taken what the first call has left there. */
	cr_assert_eq(listen(listening.fd, 0), 0);
	cr_expect_eq(control_call(path, "ping", 20, &answer), -ETIMEDOUT);
	cr_expect_null(answer);
}

/* A server that answers with @argument, and no more. */
static void answer_once(void *argument)
{
	char request[64];
	int fd = -1;

	while (fd < 0) {
		struct pollfd polled = { .fd = listening.fd, .events = POLLIN };

		NEED(poll(&polled, 1, PATIENCE) == 1);
		fd = accept4(listening.fd, NULL, NULL, SOCK_CLOEXEC);
	}
	NEED(recv(fd, request, sizeof(request), 0) == 5);
	NEED(send(fd, argument, strlen(argument), MSG_NOSIGNAL) == (ssize_t)strlen(argument));
	close(fd);
}

static int call_fake(const char *text, struct json_object **ret_answer)
{
	pid_t fake = child_start(answer_once, (void *)text, 0);
	int r = control_call(path, "ping", PATIENCE, ret_answer);

	cr_expect_eq(child_end(fake), 0);
	return r;
}

Test(control, may_answer_nonsense)
{
	struct json_object *answer = NULL;

	cr_expect_eq(call_fake("[1]\n", &answer), -EBADMSG);
	cr_expect_eq(call_fake("{\"a\":", &answer), -EBADMSG);
	cr_expect_eq(call_fake("\xff\n", &answer), -EBADMSG);
	cr_expect_null(answer);
	cr_expect_eq(call_fake("{\"error\": \"no\"}", &answer), 0);
	cr_expect_str_eq(control_refusal(answer), "no");
	json_object_put(answer);
}

/* One connection too many is closed without a word; so is that of a worker that dies. */
static void answer_later(void *argument)
{
	for (int i = 0; i < 3; i++)
		answer_once((char[]){ "" });
	answer_once(argument);
}

Test(control, is_asked_again_if_it_says_nothing)
{
	struct json_object *answer = NULL;
	pid_t fake = child_start(answer_later, (char[]){ "{\"a\":1}" }, 0);

	cr_expect_eq(control_call(path, "ping", PATIENCE, &answer), 0);
	cr_expect_not_null(json_object_object_get(answer, "a"));
	json_object_put(answer);
	cr_expect_eq(child_end(fake), 0);
}

static void answer_without_end(void *argument)
{
	static char piece[65536];
	int fd = -1;

	(void)argument;
	memset(piece, ' ', sizeof(piece));
	while (fd < 0) {
		struct pollfd polled = { .fd = listening.fd, .events = POLLIN };

		NEED(poll(&polled, 1, PATIENCE) == 1);
		fd = accept4(listening.fd, NULL, NULL, SOCK_CLOEXEC);
	}
	while (send(fd, piece, sizeof(piece), MSG_NOSIGNAL) > 0)
		;
}

Test(control, may_answer_without_end)
{
	struct json_object *answer = NULL;
	pid_t fake = child_start(answer_without_end, NULL, 0);

	cr_expect_eq(control_call(path, "ping", PATIENCE, &answer), -EBADMSG);
	cr_expect_null(answer);
	cr_expect_eq(child_end(fake), 0);
}
