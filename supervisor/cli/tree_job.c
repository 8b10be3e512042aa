/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tree_job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "cli/output.h"
#include "exec/attribute_call.h"
#include "exec/tree.h"
#include "name_list.h"

#define PROGRESS_INTERVAL_MS 200
#define STATUS_INCOMPLETE 1
/* A character, or what stands for a byte. */
#define PIECE_SIZE (MB_LEN_MAX + 1)

/* A job under way. */
struct run {
	struct tree_job *job;
	int fd_directory;
	bool shows_progress;
	uint64_t shown_at; /* milliseconds */
	char list[XATTR_LIST_MAX];
};

static void show_progress(struct run *run)
{
	uint64_t now = clock_microseconds() / 1000;

	if (!run->shows_progress || now < run->shown_at + PROGRESS_INTERVAL_MS)
		return;
	run->shown_at = now;
	fprintf(stderr, "\r%lu files ...", run->job->inodes);
}

static void clear_progress(struct run *run)
{
	if (run->shown_at > 0)
		fprintf(stderr, "\r\033[K");
	run->shown_at = 0;
}

static bool take_apart(const char *name, size_t length, struct tree_value *value)
{
	for (enum store store = 0; store < STORE_COUNT; store++) {
		if (!name_split_stored(store, name, length, &value->parts))
			continue;
		value->name = name;
		value->store = store;
		return true;
	}
	return false;
}

static void fail_at(struct run *run, const char *path, int error)
{
	if (error == EOPNOTSUPP)
		return; /* a file system without attributes has no values */
	clear_progress(run);
	tree_job_fail(run->job, "%s: %s", path, strerror(error));
}

static void visit(void *place, const char *path, int fd)
{
	struct run *run = place;
	const struct pinned inode = { .fd = fd };
	const struct performer performer = { .inode = &inode, .directory = run->fd_directory };
	struct tree_value value = { .path = path, .performer = &performer };
	ssize_t length = performer_list(&performer, run->list, sizeof(run->list));
	size_t name_length;

	run->job->inodes++;
	run->job->is_holder = false;
	show_progress(run);
	if (length < 0) {
		fail_at(run, path, (int)-length);
		return;
	}
	for (size_t at = 0; (name_length = name_list_length_at(run->list, (size_t)length, at)) > 0;
	     at += name_length + 1)
		if (take_apart(run->list + at, name_length, &value))
			run->job->visit(run->job, &value);
	run->job->holders += run->job->is_holder;
}

static void complain(void *place, const char *path, int error)
{
	if (error == ENAMETOOLONG)
		tree_job_fail(((struct run *)place)->job,
			      "%s: it is too deep, what is in it is left out", path);
	else
		fail_at(place, path, error);
}

/* Each level of a tree takes a descriptor. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_fd_directory(int *ret_directory)
{
	_cleanup_fd_ int procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return procfs < 0 ? -errno : attribute_open_directory(procfs, ret_directory);
}

static void walk_all(struct run *run, char **paths)
{
	/* The working directory may become another one. */
	_cleanup_fd_ int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct tree_walk walk = { run->job->crosses_mounts, visit, complain, run };
	int r = open_fd_directory(&run->fd_directory);

	if (r < 0) {
		tree_job_fail(run->job, "cannot use /proc/self: %s", strerror(-r));
		return;
	}
	for (; *paths; paths++) {
		r = tree_walk(&walk, here, *paths);
		if (r < 0)
			fail_at(run, *paths, -r);
	}
	clear_progress(run);
	fd_close(&run->fd_directory);
}

void tree_job_run(struct tree_job *job, char **paths)
{
	struct run run = { .job = job, .shows_progress = isatty(STDERR_FILENO) == 1 };

	/* What can be shown on the terminal, and nothing else. */
	(void)setlocale(LC_CTYPE, "");
	raise_descriptors();
	walk_all(&run, paths);
}

/* Return: how many bytes make the character of the locale that begins there; 0: none that can be shown. */
static size_t character_length(const char *text, size_t length)
{
	wchar_t character;
	mbstate_t state = { 0 };
	size_t size = mbrtowc(&character, text, length, &state);

	if (size == (size_t)-1 || size == (size_t)-2 || size == 0)
		return 0;
	return *text != '\\' && iswprint((wint_t)character) ? size : 0;
}

/* As ls -b does it. Return: how many bytes of the text @piece stands for. */
static size_t escape(const char *text, size_t length, char piece[PIECE_SIZE])
{
	size_t size = character_length(text, length);

	if (size > 0)
		snprintf(piece, PIECE_SIZE, "%.*s", (int)size, text);
	else
		snprintf(piece, PIECE_SIZE, "\\%03o", (unsigned char)*text);
	return size > 0 ? size : 1;
}

void tree_job_print(const char *text, size_t length)
{
	char piece[PIECE_SIZE];

	for (size_t at = 0; at < length;) {
		at += escape(text + at, length - at, piece);
		fputs(piece, stdout);
	}
}

void tree_job_fail(struct tree_job *job, const char *format, ...)
{
	char text[1024], shown[4 * sizeof(text)] = "", *to = shown;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (size_t at = 0, length = strlen(text); at < length; to += strlen(to))
		at += escape(text + at, length - at, to);
	log_error("%s", shown);
	job->failures++;
}

int tree_job_end(const struct tree_job *job)
{
	return output_end(job->failures > 0 ? STATUS_INCOMPLETE : 0, STATUS_INCOMPLETE);
}
