/* SPDX-License-Identifier: Apache-2.0 */
#include "base/audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/audit_text.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
/* A pipe's open would wait for a reader, and a link would lead elsewhere. */
#define FILE_FLAGS (O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define FILE_MODE 0600
/* Milliseconds for what is in the queue at the end. */
#define FAREWELL 200

struct audit_log {
	struct audit_queue *queue;
	char *name; /* the word, or the path */
	bool is_journal;
	int fd; /* -1: there is no journald */
	int folder; /* of the file */
	/* Of the worker. */
	pthread_mutex_t lock;
	pthread_cond_t called;
	pthread_cond_t ended;
	bool is_resting; /* under the lock, as what follows: the thread waits for a record */
	bool is_over;
	bool has_ended;
	bool wants_file; /* anew */
	/* Of the thread. */
	uint64_t told; /* how many are lost, by the last line about it */
	uint64_t told_at; /* milliseconds of CLOCK_MONOTONIC; 0: never */
	int error; /* of the last record that could not be written; 0: the queue was full */
	struct audit_taken taken;
	char line[AUDIT_LINE_SIZE];
};

/* ---- opening ---- */

/* Return: a descriptor; -errno; -EINVAL: it is no regular file. */
static int check_file(int fd)
{
	struct stat stat;

	if (fd < 0)
		return errno == ENXIO || errno == EISDIR || errno == ELOOP ? -EINVAL : -errno;
	if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

static int open_file(struct audit_log *log)
{
	log->folder = path_open_folder(log->name);
	log->fd = log->folder < 0 ? log->folder :
				    check_file(openat(log->folder, path_last(log->name), FILE_FLAGS,
						      FILE_MODE));
	if (log->fd >= 0)
		return 0;
	log_error("cannot write audit records to %s: %s", log->name,
		  log->fd == -EINVAL ? "it is no regular file" : strerror(-log->fd));
	return log->fd;
}

/* Connected, for later there is no path to it. It stays the same when journald is started anew. */
static void open_journal(struct audit_log *log)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	log->is_journal = true;
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		log->fd = TAKE_FD(fd);
}

int audit_log_open(const char *where, struct audit_log **ret_log)
{
	struct audit_log *log = calloc(1, sizeof(*log));
	int r = -ENOMEM;

	if (log) {
		log->fd = -1;
		log->folder = -1;
		log->name = strdup(where);
		r = log->name ? audit_queue_new(&log->queue) : -ENOMEM;
	}
	if (r < 0)
		log_error("cannot have a queue of audit records: %s", strerror(-r));
	else if (strcmp(where, AUDIT_LOG_JOURNAL) == 0)
		open_journal(log);
	else
		r = open_file(log);
	if (r < 0)
		audit_log_free(log);
	else
		*ret_log = log;
	return r;
}

bool audit_log_is_there(const struct audit_log *log)
{
	return log->fd >= 0;
}

const char *audit_log_name(const struct audit_log *log)
{
	return log->name;
}

void audit_log_fds(const struct audit_log *log, int ret_fds[AUDIT_LOG_FDS])
{
	ret_fds[0] = log ? log->fd : -1;
	ret_fds[1] = log ? log->folder : -1;
}

void audit_log_free(struct audit_log *log)
{
	if (!log)
		return;
	fd_close(&log->fd);
	fd_close(&log->folder);
	audit_queue_free(log->queue);
	free(log->name);
	free(log);
}

/* ---- the thread: writing ---- */

/* Return: 0; -errno. */
static int send_record(struct audit_log *log, size_t length)
{
	struct pollfd poll_for = { .fd = log->fd, .events = POLLOUT };

	for (bool is_last = false;; is_last = true) {
		if (send(log->fd, log->line, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EAGAIN || is_last)
			return -errno;
		(void)poll(&poll_for, 1, AUDIT_PATIENCE);
	}
}

static int end_torn_line(const struct audit_log *log)
{
	ssize_t n = TEMP_FAILURE_RETRY(write(log->fd, "\n", 1));

	return n == 1 ? 0 : n < 0 ? -errno : -EIO;
}

/* A line that is cut is ended before the next one begins, also if another process has cut it. Return: 0; -errno. */
static int write_record(struct audit_log *log, size_t length)
{
	atomic_bool *is_torn = audit_queue_torn(log->queue);
	int r = atomic_load(is_torn) ? end_torn_line(log) : 0;
	size_t done = 0;

	if (r < 0)
		return r;
	atomic_store(is_torn, true);
	while (done < length && r == 0) {
		ssize_t n = TEMP_FAILURE_RETRY(write(log->fd, log->line + done, length - done));

		if (n > 0)
			done += (size_t)n;
		else
			r = n < 0 ? -errno : -EIO;
	}
	atomic_store(is_torn, done > 0 && done < length);
	return r;
}

/* Return: 0; -errno. */
static int put_out(struct audit_log *log)
{
	if (log->fd < 0)
		return -ENOENT;
	return log->is_journal ?
		       send_record(log, audit_print_journal(&log->taken.record, log->line)) :
		       write_record(log, audit_print_json(&log->taken.record, log->line));
}

static const char *obstacle(const struct audit_log *log)
{
	if (log->error == 0)
		return "they come faster than they can be written";
	if (log->fd < 0)
		return "there is no " JOURNAL_SOCKET " (audit-log can be a file)";
	return strerror(-log->error);
}

/* @is_last: there will be no other line. */
static void tell_losses(struct audit_log *log, bool is_last)
{
	uint64_t now = clock_milliseconds();
	struct audit_counts counts;

	audit_queue_count(log->queue, &counts);
	if (counts.lost == log->told ||
	    (!is_last && log->told_at != 0 && now - log->told_at < AUDIT_COMPLAINT))
		return;
	log_error("%" PRIu64 " audit records for %s are lost: %s", counts.lost - log->told,
		  log->name, obstacle(log));
	log->told = counts.lost;
	log->told_at = now;
	log->error = 0;
}

/* ---- the thread: another file of the same name ---- */

static int open_anew(const struct audit_log *log)
{
	const struct open_how how = { .flags = FILE_FLAGS,
				      .mode = FILE_MODE,
				      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };

	return check_file(
		(int)syscall(SYS_openat2, log->folder, path_last(log->name), &how, sizeof(how)));
}

/* It keeps its number, by which the next worker knows it. */
static void change_file(struct audit_log *log)
{
	_cleanup_fd_ int fd = open_anew(log);
	int r = fd < 0 ? fd : dup3(fd, log->fd, O_CLOEXEC) < 0 ? -errno : 0;

	if (r < 0)
		log_error("audit records go on to the file that was %s, which cannot be opened "
			  "anew: %s",
			  log->name, r == -EINVAL ? "it is no regular file" : strerror(-r));
	else
		atomic_store(audit_queue_torn(log->queue), false);
}

/* ---- the thread ---- */

enum next {
	NEXT_RECORD,
	NEXT_FILE,
	NEXT_END,
};

static enum next await_next_locked(struct audit_log *log)
{
	for (;;) {
		if (log->wants_file) {
			log->wants_file = false;
			return NEXT_FILE;
		}
		if (audit_queue_look(log->queue, &log->taken))
			return NEXT_RECORD;
		if (log->is_over)
			return NEXT_END;
		log->is_resting = true;
		pthread_cond_wait(&log->called, &log->lock);
		log->is_resting = false;
	}
}

static enum next await_next(struct audit_log *log)
{
	pthread_mutex_lock(&log->lock);
	enum next next = await_next_locked(log);

	pthread_mutex_unlock(&log->lock);
	return next;
}

static void write_next(struct audit_log *log)
{
	int r = put_out(log);

	if (r < 0)
		log->error = r;
	pthread_mutex_lock(&log->lock);
	audit_queue_drop(log->queue, &log->taken, r == 0);
	pthread_mutex_unlock(&log->lock);
	tell_losses(log, false);
}

static void *write_records(void *place)
{
	struct audit_log *log = place;
	enum next next;

	while ((next = await_next(log)) != NEXT_END)
		if (next == NEXT_FILE)
			change_file(log);
		else
			write_next(log);
	tell_losses(log, true);
	pthread_mutex_lock(&log->lock);
	log->has_ended = true;
	pthread_cond_signal(&log->ended);
	pthread_mutex_unlock(&log->lock);
	return NULL;
}

/* ---- in a worker ---- */

void audit_log_begin(struct audit_log *log)
{
	struct audit_counts counts;

	pthread_mutex_init(&log->lock, NULL);
	pthread_cond_init(&log->called, NULL);
	pthread_cond_init(&log->ended, NULL);
	audit_queue_count(log->queue, &counts);
	audit_queue_begin(log->queue);
	log->told = counts.lost;
}

int audit_log_start(struct audit_log *log)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, write_records, log);

	if (error)
		return -error;
	(void)pthread_detach(thread);
	return 0;
}

static void call_locked(struct audit_log *log)
{
	if (log->is_resting)
		pthread_cond_signal(&log->called);
}

/* It is noted before another thread can put a record, and before the first system call. */
void audit_log_put(struct audit_log *log, struct audit_record *record, uint32_t *noted)
{
	pthread_mutex_lock(&log->lock);
	(void)audit_queue_put(log->queue, record);
	if (record->error == 0)
		*noted = (uint32_t)record->request;
	call_locked(log);
	pthread_mutex_unlock(&log->lock);
}

bool audit_log_was_last(const struct audit_log *log, uint64_t request)
{
	return audit_queue_was_last(log->queue, request);
}

void audit_log_reopen(struct audit_log *log)
{
	if (log->is_journal)
		return;
	pthread_mutex_lock(&log->lock);
	log->wants_file = true;
	call_locked(log);
	pthread_mutex_unlock(&log->lock);
}

void audit_log_count(const struct audit_log *log, struct audit_counts *ret_counts)
{
	audit_queue_count(log->queue, ret_counts);
}

bool audit_log_stop(struct audit_log *log)
{
	const struct timespec until = clock_after(FAREWELL);
	struct audit_counts counts;
	int error = 0;

	pthread_mutex_lock(&log->lock);
	log->is_over = true;
	call_locked(log);
	while (!log->has_ended && error == 0)
		error = pthread_cond_clockwait(&log->ended, &log->lock, CLOCK_MONOTONIC, &until);
	bool has_ended = log->has_ended;

	pthread_mutex_unlock(&log->lock);
	audit_queue_count(log->queue, &counts);
	if (!has_ended)
		log_error("%" PRIu64 " audit records are not in %s: it does not take them in time",
			  counts.waiting, log->name);
	return has_ended;
}
