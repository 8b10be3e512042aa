/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tree_job.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <locale.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/output.h"
#include "cli/tree_progress.h"
#include "cli/tree_text.h"
#include "exec/attribute_call.h"
#include "exec/tree.h"
#include "file_capability.h"
#include "name_list.h"
#include "policy.h"

#define STATUS_INCOMPLETE 1
/* Longer lists are read from the pinned inode. */
#define USUAL_LIST 4096

/* A job under way. */
struct run {
	struct tree_job *job;
	int fd_directory;
	struct tree_room *rooms[TREE_THREADS_MAX];
	void *seen; /* inodes with several names: a tree of tsearch(3) */
};

/* An inode with several names. */
struct seen {
	dev_t device;
	uint64_t number;
};

/* ---- which attributes ---- */

const char *tree_job_add_name(void *request, const char *name)
{
	struct tree_job *job = request;

	if (job->name_count == TREE_NAMES_MAX)
		return "is one too many";
	job->names[job->name_count++] = name;
	return NULL;
}

bool tree_job_wants(const struct tree_job *job, const char *base, size_t length)
{
	for (size_t i = 0; i < job->name_count; i++) {
		const struct rule rule = { .pattern = job->names[i] };

		if (rule_matches(&rule, base, length))
			return true;
	}
	return job->name_count == 0;
}

/* The kernel gives a server of FUSE's, or a damaged file system, the word for its lists. */
static bool is_too_long(size_t length)
{
	return length > XATTR_NAME_MAX;
}

/* What the name alone tells: a capability can be the host's. */
static bool take_apart(const struct tree_job *job, const char *name, size_t length,
		       struct tree_value *value)
{
	if (is_too_long(length))
		return false;
	value->name = name;
	value->kind = TREE_STORED;
	for (enum store store = 0; store < STORE_COUNT; store++) {
		value->store = store;
		if (name_split_stored(store, name, length, &value->parts))
			return tree_job_wants(job, value->parts.base, value->parts.base_length);
	}
	value->parts = (struct stored_name){ name, length, 0 };
	value->kind = file_capability_is_name(name, length) ? TREE_CAPABILITY : TREE_PLAIN;
	return (value->kind == TREE_CAPABILITY || job->takes_plain) &&
	       tree_job_wants(job, name, length);
}

/* It is no namespace's, or of a namespace that this one knows no id of. */
static bool is_no_capability(ssize_t error)
{
	return error == -ENODATA || error == -ERANGE || error == -EINVAL || error == -EOVERFLOW;
}

/* Whose is the capability? It may become another's after this. Return: whether it is the job's. */
static bool find_root(struct tree_job *job, struct tree_value *value)
{
	ssize_t length = performer_get(value->performer, value->name, value->capability,
				       sizeof(value->capability));

	if (length >= 0 &&
	    file_capability_root(value->capability, (size_t)length, &value->parts.number))
		return true;
	if (length < 0 && !is_no_capability(length)) {
		tree_job_fail_value(job, value, value->name, (int)-length);
		return false;
	}
	value->kind = TREE_PLAIN;
	return job->takes_plain;
}

bool tree_inode_next(struct tree_job *job, const struct tree_inode *inode, size_t *at,
		     struct tree_value *ret_value)
{
	size_t length;

	ret_value->path = inode->entry->path;
	ret_value->performer = inode->performer;
	ret_value->room = inode->room;
	while ((length = name_list_length_at(inode->room->list, inode->length, *at)) > 0) {
		const char *name = inode->room->list + *at;

		*at += length + 1;
		if (take_apart(job, name, length, ret_value) &&
		    (ret_value->kind != TREE_CAPABILITY || find_root(job, ret_value)))
			return true;
	}
	return false;
}

/* ---- one inode ---- */

static void fail_at(struct run *run, const char *path, int error)
{
	if (error != EOPNOTSUPP) /* a file system without attributes has no values */
		tree_job_fail(run->job, "%s: %s", path, strerror(error));
}

static bool list_wants(const struct tree_job *job, const char *list, size_t length)
{
	struct tree_value value;
	size_t name_length;

	for (size_t at = 0; (name_length = name_list_length_at(list, length, at)) > 0;
	     at += name_length + 1)
		if (is_too_long(name_length) || take_apart(job, list + at, name_length, &value))
			return true;
	return false;
}

/* No call takes such a name. */
static void report_long_names(struct tree_job *job, const struct tree_inode *inode)
{
	const char *list = inode->room->list;
	size_t length;

	for (size_t at = 0; (length = name_list_length_at(list, inode->length, at)) > 0;
	     at += length + 1)
		if (is_too_long(length)) {
			tree_job_fail(job, "%s: it has attributes with names that are too long",
				      inode->entry->path);
			return;
		}
}

/* Mostly there is nothing to do, and that is found out without a descriptor. */
static bool is_wanted(void *place, const struct tree_entry *entry)
{
	struct run *run = place;
	char *list = run->rooms[entry->thread]->list;
	ssize_t length = attribute_list_at(entry->directory, entry->name, list, USUAL_LIST);

	if (length == -ENOENT || length == -EOPNOTSUPP)
		return false;
	return length < 0 || list_wants(run->job, list, (size_t)length);
}

static int compare_seen(const void *left, const void *right)
{
	const struct seen *a = left, *b = right;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* Was the inode visited by another of its names? */
static bool was_seen(struct run *run, int fd)
{
	_cleanup_free_ struct seen *seen = NULL;
	struct statx stat;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_NLINK | STATX_INO,
		  &stat) < 0 ||
	    S_ISDIR(stat.stx_mode) || stat.stx_nlink < 2)
		return false;
	seen = malloc(sizeof(*seen));
	if (!seen)
		return false;
	*seen = (struct seen){ makedev(stat.stx_dev_major, stat.stx_dev_minor), stat.stx_ino };
	pthread_mutex_lock(&run->job->lock);
	struct seen *const *found = tsearch(seen, &run->seen, compare_seen);
	bool is_new = found && *found == seen;

	pthread_mutex_unlock(&run->job->lock);
	if (is_new)
		(void)TAKE_PTR(seen);
	return found && !is_new;
}

static void visit_values(struct tree_job *job, const struct tree_inode *inode)
{
	struct tree_value value;
	size_t at = 0;

	while (tree_inode_next(job, inode, &at, &value))
		job->visit(job, &value);
}

static void visit(void *place, const struct tree_entry *entry)
{
	struct run *run = place;
	struct tree_job *job = run->job;
	const struct pinned pinned = { .fd = entry->fd, .is_opened = entry->is_opened };
	const struct performer performer = { .inode = &pinned, .directory = run->fd_directory };
	struct tree_inode inode = { entry, &performer, run->rooms[entry->thread], 0 };
	ssize_t length = performer_list(&performer, inode.room->list, sizeof(inode.room->list));

	if (length < 0)
		fail_at(run, entry->path, (int)-length);
	if (!job->takes_all && (length < 0 || !list_wants(job, inode.room->list, (size_t)length) ||
				was_seen(run, entry->fd)))
		return;
	inode.length = length < 0 ? 0 : (size_t)length;
	inode.room->is_holder = false;
	report_long_names(job, &inode);
	(job->visit_inode ? job->visit_inode : visit_values)(job, &inode);
	job->holders += inode.room->is_holder;
}

static void complain(void *place, const char *path, int error)
{
	if (error == ENAMETOOLONG)
		/* Of such a path a message has only the beginning. */
		tree_job_fail(((struct run *)place)->job,
			      "it is too deep, what is in it is left out: %s", path);
	else
		fail_at(place, path, error);
}

/* ---- all of them ---- */

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

/* Return: how many threads have room. */
static unsigned int make_rooms(struct run *run)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int count = processors < 1 || run->job->takes_all ? 1 : (unsigned int)processors;
	unsigned int made = 0;

	while (made < count && made < TREE_THREADS_MAX &&
	       (run->rooms[made] = malloc(sizeof(*run->rooms[made]))))
		made++;
	return made;
}

static void walk_all(struct run *run, int here, char **paths)
{
	const struct tree_walk walk = {
		.crosses_mounts = run->job->crosses_mounts,
		.threads = make_rooms(run),
		.is_wanted = run->job->takes_all ? NULL : is_wanted,
		.visit = visit,
		.complain = complain,
		.place = run,
		.count = &run->job->inodes,
	};

	if (walk.threads == 0)
		tree_job_fail(run->job, "there is no memory");
	for (; walk.threads > 0 && *paths; paths++) {
		int r = tree_walk(&walk, here, *paths);

		if (r < 0)
			fail_at(run, *paths, -r);
	}
	for (unsigned int i = 0; i < TREE_THREADS_MAX; i++)
		free(run->rooms[i]);
	tdestroy(run->seen, free);
}

void tree_job_begin(struct tree_job *job)
{
	/* What can be shown on the terminal, and nothing else. */
	(void)setlocale(LC_CTYPE, "");
	raise_descriptors();
	pthread_mutex_init(&job->lock, NULL);
}

void tree_job_trim(char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
}

void tree_job_run(struct tree_job *job, char **paths)
{
	/* The working directory may become another one. */
	_cleanup_fd_ int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct run run = { .job = job };
	struct tree_progress progress = {
		.lock = &job->lock,
		.done = &job->inodes,
		.directory = here,
		.paths = paths,
		.crosses_mounts = job->crosses_mounts,
	};

	tree_job_begin(job);
	for (char **path = paths; *path; path++)
		tree_job_trim(*path);
	int r = open_fd_directory(&run.fd_directory);

	if (r < 0) {
		tree_job_fail(job, "cannot use /proc/self: %s", strerror(-r));
		return;
	}
	job->progress = tree_progress_begin(&progress) ? &progress : NULL;
	walk_all(&run, here, paths);
	if (job->progress)
		tree_progress_end(&progress);
	job->progress = NULL;
	fd_close(&run.fd_directory);
}

/* ---- what is said ---- */

void tree_job_lock(struct tree_job *job)
{
	pthread_mutex_lock(&job->lock);
	if (isatty(STDOUT_FILENO) == 1)
		tree_progress_clear(job->progress);
}

void tree_job_unlock(struct tree_job *job)
{
	if (job->progress && isatty(STDOUT_FILENO) == 1)
		(void)fflush(stdout);
	pthread_mutex_unlock(&job->lock);
}

void tree_job_fail(struct tree_job *job, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	_cleanup_free_ char *spelt = tree_text_spell(text, strlen(text));

	pthread_mutex_lock(&job->lock);
	tree_progress_clear(job->progress);
	log_error("%s", spelt ? spelt : "there is no memory for a message");
	pthread_mutex_unlock(&job->lock);
	job->failures++;
}

void tree_job_fail_value(struct tree_job *job, const struct tree_value *value, const char *name,
			 int error)
{
	tree_job_fail(job, "%s: %s: %s", value->path, name, strerror(error));
}

void tree_job_show_change(struct tree_job *job, const char *path, const char *name,
			  const char *new_name)
{
	if (job->is_json)
		return;
	tree_job_lock(job);
	tree_text_print(path, strlen(path));
	printf(": ");
	tree_text_print(name, strlen(name));
	if (new_name) {
		printf(" -> ");
		tree_text_print(new_name, strlen(new_name));
	}
	putchar('\n');
	tree_job_unlock(job);
}

struct json_object *tree_job_json(const struct tree_job *job)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "inodes", job->inodes);
	json_add_number(object, "values", job->values);
	json_add_number(object, "files", job->holders);
	json_add_number(object, "conflicts", job->conflicts);
	json_add_number(object, "failures", job->failures - job->conflicts);
	return object;
}

static const char *plural(unsigned long count)
{
	return count == 1 ? "" : "s";
}

int tree_job_sum_up(struct tree_job *job, const char *done, bool is_dry)
{
	unsigned long failures = job->failures - job->conflicts;
	struct json_object *object = job->is_json ? tree_job_json(job) : NULL;

	if (object) {
		json_object_object_add(object, "dry-run", json_object_new_boolean(is_dry));
		output_json(object);
		return tree_job_end(job);
	}
	printf("%s %lu value%s on %lu file%s", done, job->values, plural(job->values), job->holders,
	       plural(job->holders));
	if (job->conflicts > 0)
		printf("; %lu stay%s because of others", job->conflicts,
		       job->conflicts == 1 ? "s" : "");
	if (failures > 0)
		printf("; %lu failure%s", failures, plural(failures));
	putchar('\n');
	return tree_job_end(job);
}

int tree_job_end(const struct tree_job *job)
{
	return output_end(job->failures > 0 ? STATUS_INCOMPLETE : 0, STATUS_INCOMPLETE);
}
