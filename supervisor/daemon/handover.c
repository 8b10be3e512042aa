/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neither side waits for the other without a deadline; both are blocked meanwhile, for that is what the
 * pause is. A line that brings a descriptor along is one message, which the kernel does not mix with the
 * next one (unix(7)).
 */
#include "daemon/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/passing.h"
#include "base/service.h"
#include "keep/journal.h"
#include "keep/offer.h"
#include "keep/succession.h"

static const char take_word[] = "take\n";
static const char taken_word[] = "taken\n";
static const char end_word[] = "end\n";

/* ---- messages ---- */

/** set_deadline() - for each call that sends or receives. @end: in milliseconds, as clock_milliseconds() */
static int set_deadline(int connection, uint64_t end)
{
	uint64_t now = clock_milliseconds();
	const struct timeval deadline = { .tv_sec = (time_t)((end - now) / 1000),
					  .tv_usec = (suseconds_t)((end - now) % 1000 * 1000) };

	if (now >= end)
		return -ETIMEDOUT;
	if (setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline)) < 0 ||
	    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline)) < 0)
		return -errno;
	return 0;
}

static int be_blocking(int connection)
{
	int flags = fcntl(connection, F_GETFL);

	return flags < 0 || fcntl(connection, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}

static int send_with_fds(int connection, const char *text, const int *fds, size_t count)
{
	const struct iovec piece = { (char *)text, strlen(text) };
	ssize_t sent;

	do
		sent = passing_send(connection, &piece, 1, fds, count);
	while (sent == -EINTR);
	if (sent < 0)
		return (int)sent;
	return (size_t)sent == piece.iov_len ? 0 : -EPIPE;
}

static int send_word(int connection, const char *word)
{
	return send_with_fds(connection, word, NULL, 0);
}

/* ---- the old one ---- */

static struct json_object *list_of(char *const *texts, size_t count)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < count; i++)
		json_object_array_add(list, json_object_new_string(texts[i]));
	return list;
}

void handover_start_add(struct handover_start *start, const char *name, int fd)
{
	if (fd < 0 || start->count == HANDOVER_START_MAX)
		return;
	start->names[start->count] = name;
	start->fds[start->count++] = fd;
}

int handover_tell_start(int connection, const struct handover_start *start)
{
	struct json_object *object = json_object_new_object();
	size_t argument_count = 0, length = 0;
	char line[HANDOVER_TEXT_MAX];

	while (start->arguments[argument_count])
		argument_count++;
	json_object_object_add(object, "program", json_object_new_string(start->program));
	json_object_object_add(object, "arguments", list_of(start->arguments, argument_count));
	json_object_object_add(object, "descriptors",
			       list_of((char *const *)start->names, start->count));
	const char *text =
		json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN, &length);
	int r = text && length + 2 <= sizeof(line) ? 0 : -E2BIG;

	if (r == 0) {
		memcpy(line, text, length);
		memcpy(line + length, "\n", 2);
		r = send_with_fds(connection, line, start->fds, start->count);
	}
	json_object_put(object);
	return r;
}

int handover_is_asked(int connection, int *ret_successor)
{
	char word[sizeof(take_word)] = "";
	_cleanup_fd_ int sender = -1;
	ssize_t length =
		passing_receive_from(connection, word, sizeof(word), MSG_DONTWAIT, &sender);

	if (length == -EAGAIN || length == -EINTR)
		return 0;
	if (length <= 0 || strcmp(word, take_word) != 0 || sender < 0)
		return -EPIPE;
	*ret_successor = TAKE_FD(sender);
	return 1;
}

/** struct giving - to whom, and until when */
struct giving {
	int connection;
	uint64_t end;
};

static int give_one(void *place, const char *name, int fd)
{
	const struct giving *giving = place;
	char line[SUCCESSION_NAME_SIZE + 2];
	int r = set_deadline(giving->connection, giving->end);

	snprintf(line, sizeof(line), "%s\n", name);
	return r < 0 ? r : send_with_fds(giving->connection, line, &fd, 1);
}

static int give(int connection, struct journal *copy)
{
	struct giving giving = { connection, clock_milliseconds() + HANDOVER_DEADLINE };
	char word[sizeof(taken_word)];
	int r = be_blocking(connection);

	if (r == 0)
		r = succession_list(copy, give_one, &giving);
	if (r == 0)
		r = set_deadline(connection, giving.end);
	if (r == 0)
		r = send_word(connection, end_word);
	if (r == 0)
		r = set_deadline(connection, clock_milliseconds() + HANDOVER_DEADLINE);
	/* Whatever is said, or not: it is the claim that counts. */
	if (r == 0)
		(void)recv(connection, word, sizeof(word), 0);
	return r;
}

int handover_give(int connection, int successor, struct journal *journal)
{
	struct journal *copy = NULL;
	int r = offer_make(journal, successor, &copy);

	if (r == 0)
		r = give(connection, copy);
	journal_free(copy);
	if (!offer_take_back(journal))
		return 0;
	return r < 0 ? r : -ECANCELED;
}

/* ---- the new one ---- */

/** struct taken - what has come so far */
struct taken {
	struct service_fd *fds;
	char (*names)[SUCCESSION_NAME_SIZE];
	size_t count;
	size_t room;
};

static void taken_done(struct taken *taken)
{
	for (size_t i = 0; i < taken->count; i++)
		fd_close(&taken->fds[i].fd);
	free(taken->fds);
	free(taken->names);
}

static int make_room(struct taken *taken)
{
	size_t room = taken->room ? taken->room * 2 : 64;

	if (taken->count < taken->room)
		return 0;
	void *fds = realloc(taken->fds, room * sizeof(*taken->fds));

	taken->fds = fds ? fds : taken->fds;
	void *names = realloc(taken->names, room * sizeof(*taken->names));

	taken->names = names ? names : taken->names;
	if (!fds || !names)
		return -ENOMEM;
	taken->room = room;
	return 0;
}

/* Return: 1: a line with a descriptor; 0: the end; -errno. */
static int receive_line(int connection, char line[SUCCESSION_NAME_SIZE + 1], int *ret_fd)
{
	const struct iovec piece = { line, SUCCESSION_NAME_SIZE };
	_cleanup_passed_ struct passed passed = { 0 };
	ssize_t length = passing_receive(connection, &piece, 1, 0, &passed);

	if (length < 0)
		return (int)length;
	line[length] = '\0';
	if (passed.count == 0 && !passed.is_cut)
		return strcmp(line, end_word) == 0 ? 0 : -EPIPE;
	int fd = passed_take_only(&passed);

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	line[strcspn(line, "\n")] = '\0';
	return 1;
}

/* Return: as receive_line(). */
static int take_one(int connection, struct taken *taken)
{
	char line[SUCCESSION_NAME_SIZE + 1];
	_cleanup_fd_ int fd = -1;
	int r = make_room(taken);

	if (r == 0)
		r = receive_line(connection, line, &fd);
	if (r <= 0)
		return r;
	memcpy(taken->names[taken->count], line, SUCCESSION_NAME_SIZE);
	taken->names[taken->count][SUCCESSION_NAME_SIZE - 1] = '\0';
	taken->fds[taken->count++].fd = TAKE_FD(fd);
	return r;
}

/*
 * The kernel clears up after a ring that has been closed in the thread that had it, and what that thread waits for
 * with a deadline is interrupted by this as by a signal.
 */
static int take_all(int connection, uint64_t end, struct taken *taken)
{
	int r;

	do {
		r = take_one(connection, taken);
		if (r == -EINTR)
			r = set_deadline(connection, end) < 0 ? -ETIMEDOUT : 1;
	} while (r > 0);
	return r;
}

/* From here on the old one sees to it that we end if we do not take over. */
static void outlive_the_asker(void)
{
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
}

/* Without a privilege, the flag has to stay. */
static void take_turns_again(void)
{
	const struct sched_param none = { 0 };

	(void)sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
}

int handover_take(int connection, struct service_fds *ret_handed)
{
	const uint64_t end = clock_milliseconds() + HANDOVER_DEADLINE;
	struct taken taken = { 0 };
	int r = be_blocking(connection);

	if (r == 0)
		r = set_deadline(connection, end);
	if (r == 0)
		r = send_word(connection, take_word);
	if (r == 0)
		r = take_all(connection, end, &taken);
	take_turns_again();
	outlive_the_asker();
	if (r < 0) {
		taken_done(&taken);
		return r;
	}
	for (size_t i = 0; i < taken.count; i++)
		taken.fds[i].name = taken.names[i];
	*ret_handed = (struct service_fds){ taken.fds, taken.count, (char *)taken.names };
	return 0;
}

void handover_finish(int connection)
{
	struct pollfd polled = { .fd = connection, .events = POLLRDHUP };

	(void)send_word(connection, taken_word);
	/* It is closed when the last process of the old one has ended. */
	(void)poll(&polled, 1, HANDOVER_DEADLINE);
}
