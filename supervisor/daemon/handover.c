/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neither side waits for the other without a deadline; both are blocked meanwhile, for that is what the
 * pause is. A text that brings a descriptor along is one message, which the kernel does not mix with the
 * next one (unix(7)), and as short as these are, the kernel takes it whole or not at all.
 */
#include "daemon/handover.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/passing.h"
#include "base/service.h"
#include "base/unix_socket.h"
#include "keep/journal.h"
#include "keep/offer.h"
#include "keep/succession.h"

static const char take_word[] = "take\n";
static const char taken_word[] = "taken\n";

static int send_text(int connection, const char *text, const int *fds, size_t count)
{
	const struct iovec piece = { (char *)text, strlen(text) };
	ssize_t sent = passing_send(connection, &piece, 1, fds, count);

	if (sent < 0)
		return (int)sent;
	return (size_t)sent == piece.iov_len ? 0 : -EPIPE;
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
		r = send_text(connection, line, start->fds, start->count);
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
	struct service successor; /* which stores for us what we have */
	uint64_t end;
};

static int give_one(void *place, const char *name, int fd)
{
	const struct giving *giving = place;
	int r = unix_socket_await(giving->successor.socket, POLLOUT, giving->end);

	return r < 0 ? r : service_store(&giving->successor, name, &fd, 1);
}

static int give(int connection, struct journal *copy)
{
	struct giving giving = {
		.successor = { .socket = connection, .main = getpid() },
		.end = clock_milliseconds() + HANDOVER_DEADLINE,
	};
	int r = succession_list(copy, give_one, &giving);

	if (r == 0)
		r = unix_socket_await(connection, POLLOUT, giving.end);
	if (r == 0)
		r = service_tell_stopping(&giving.successor);
	/* Whatever comes, or not: it is the claim that counts. */
	if (r == 0)
		(void)unix_socket_await(connection, POLLIN,
					clock_milliseconds() + HANDOVER_DEADLINE);
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

/* From here on the old daemon ends us if we do not claim; the program that has started us may end. */
static void outlive_the_asker(void)
{
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
}

/* SCHED_RESET_ON_FORK has to stay: to clear it takes a privilege. */
static void take_turns_again(void)
{
	const struct sched_param none = { 0 };

	(void)sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
}

static int take_all(int connection, struct service_fds *fds)
{
	const uint64_t end = clock_milliseconds() + HANDOVER_DEADLINE;
	int r;

	do {
		r = unix_socket_await(connection, POLLIN, end);
		if (r == 0)
			r = service_receive(connection, fds);
	} while (r == SERVICE_STORED || r == -EAGAIN);
	return r < 0 ? r : 0;
}

int handover_take(int connection, struct service_fds *ret_handed)
{
	struct service_fds fds = { 0 };
	int r = send_text(connection, take_word, NULL, 0);

	if (r == 0)
		r = take_all(connection, &fds);
	take_turns_again();
	outlive_the_asker();
	if (r < 0)
		service_fds_done(&fds);
	else
		*ret_handed = fds;
	return r;
}

void handover_finish(int connection)
{
	(void)send_text(connection, taken_word, NULL, 0);
	/* It is closed when the last process of the old one has ended. */
	(void)unix_socket_await(connection, POLLRDHUP, clock_milliseconds() + HANDOVER_DEADLINE);
}
