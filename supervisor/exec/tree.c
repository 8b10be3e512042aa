/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A worker has a stack of batches: entries of a directory that it has read and not yet looked at. The top one is of the
 * directory where it is. At its end the worker reads on, and at the end of the directory it goes back to the one
 * below. A worker whose stack is empty waits, and another one notices that before its next entry: it cuts off
 * what is behind it in its lowest batch, where most of the tree is likely to be, and gives it away.
 *
 * Mounts of our own mount namespace lie in the way of openat2(2) alone, which is told not to cross them; and where
 * there are any on the tree's mount, of statx(2), which asks no file system. A container makes no mounts there.
 */
#include "exec/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#define BATCH_SIZE 32768

/* One that is being read, by as many as have a batch of it. */
struct directory {
	atomic_uint references;
	int fd;
	unsigned int depth;
	size_t length;
	char path[];
};

struct batch {
	struct batch *next; /* of those that were given away */
	struct directory *directory;
	bool is_last; /* what follows in the directory is another worker's */
	size_t at, length;
	char bytes[];
};

struct walk {
	const struct tree_walk *walk;
	uint64_t mount; /* of the tree */
	bool has_mounts; /* on that one */
	size_t root_length;
	pthread_mutex_t lock;
	pthread_cond_t is_given;
	struct batch *given;
	unsigned int workers, waiting;
	atomic_int wanted; /* how many wait for what is not there yet */
	bool is_over;
};

struct worker {
	struct walk *walk;
	unsigned int number;
	pthread_t thread;
	char *path;
	size_t size;
	size_t depth;
	struct batch *levels[TREE_DEPTH_MAX + 1];
};

/* ---- directories and batches ---- */

static void directory_unref(struct directory *directory)
{
	if (atomic_fetch_sub(&directory->references, 1) > 1)
		return;
	close(directory->fd);
	free(directory);
}

static void batch_free(struct batch *batch)
{
	directory_unref(batch->directory);
	free(batch);
}

/* Takes a reference of the caller's. */
static struct batch *batch_new(struct directory *directory, size_t size)
{
	struct batch *batch = malloc(sizeof(*batch) + size);

	if (!batch) {
		directory_unref(directory);
		return NULL;
	}
	*batch = (struct batch){ .directory = directory };
	return batch;
}

static const struct dirent64 *entry_at(const struct batch *batch, size_t at)
{
	return (const struct dirent64 *)(const void *)(batch->bytes + at);
}

static void complain(const struct worker *worker, const char *path, int error)
{
	worker->walk->walk->complain(worker->walk->walk->place, path, error);
}

/* ---- giving away, and waiting for it ---- */

/* Where the second half of what is left begins: behind an entry that this worker keeps. */
static size_t middle_of(const struct batch *batch)
{
	size_t at = batch->at, half = batch->at + (batch->length - batch->at) / 2;

	while (at < batch->length && at <= half)
		at += entry_at(batch, at)->d_reclen;
	return at;
}

static void put(struct walk *walk, struct batch *batch)
{
	pthread_mutex_lock(&walk->lock);
	batch->next = walk->given;
	walk->given = batch;
	atomic_fetch_sub(&walk->wanted, 1);
	pthread_cond_signal(&walk->is_given);
	pthread_mutex_unlock(&walk->lock);
}

static bool give_from(struct worker *worker, struct batch *batch, size_t from)
{
	size_t length = batch->length - from;
	struct batch *part;

	if (length == 0)
		return false;
	atomic_fetch_add(&batch->directory->references, 1);
	part = batch_new(batch->directory, length);
	if (!part)
		return true; /* then it is not given away */
	memcpy(part->bytes, batch->bytes + from, length);
	part->length = length;
	part->is_last = true;
	batch->length = from;
	put(worker->walk, part);
	return true;
}

static void give(struct worker *worker)
{
	for (size_t i = 0; i + 1 < worker->depth; i++)
		if (give_from(worker, worker->levels[i], worker->levels[i]->at))
			return;
	struct batch *top = worker->levels[worker->depth - 1];

	give_from(worker, top, middle_of(top));
}

/* Return: a batch; NULL: the walk is over. */
static struct batch *take(struct walk *walk)
{
	struct batch *batch;

	pthread_mutex_lock(&walk->lock);
	walk->waiting++;
	atomic_fetch_add(&walk->wanted, 1);
	while (!walk->given && !walk->is_over) {
		if (walk->waiting == walk->workers) {
			walk->is_over = true;
			pthread_cond_broadcast(&walk->is_given);
			break;
		}
		pthread_cond_wait(&walk->is_given, &walk->lock);
	}
	batch = walk->given;
	if (batch) {
		walk->given = batch->next;
		walk->waiting--;
	}
	pthread_mutex_unlock(&walk->lock);
	return batch;
}

/* ---- one inode ---- */

/* The path becomes that of an entry of the directory. */
static bool set_path(struct worker *worker, const struct directory *directory, const char *name)
{
	size_t length = directory->length, needed = length + strlen(name) + 2;

	if (!worker->path || needed > worker->size) {
		char *path = realloc(worker->path, 2 * needed);

		if (!path)
			return false;
		worker->path = path;
		worker->size = 2 * needed;
	}
	memcpy(worker->path, directory->path, length);
	if (length > 0 && directory->path[length - 1] != '/')
		worker->path[length++] = '/';
	memcpy(worker->path + length, name, strlen(name) + 1);
	return true;
}

static const char *below(const struct worker *worker)
{
	const char *path = worker->path + worker->walk->root_length;

	return path + strspn(path, "/");
}

static int pin(const struct walk *walk, int directory, const char *name, uint64_t flags)
{
	const struct open_how how = {
		.flags = flags | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   (walk->walk->crosses_mounts ? 0 : RESOLVE_NO_XDEV),
	};
	long fd = syscall(SYS_openat2, directory, name, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* Takes the descriptor. Return: 0; a positive errno. */
static int enter(struct worker *worker, int fd, unsigned int depth)
{
	size_t length = strlen(worker->path);
	struct directory *directory = NULL;
	struct batch *batch;

	if (depth > TREE_DEPTH_MAX || length > TREE_PATH_MAX) {
		close(fd);
		return ENAMETOOLONG;
	}
	directory = malloc(sizeof(*directory) + length + 1);
	if (!directory) {
		close(fd);
		return ENOMEM;
	}
	atomic_init(&directory->references, 1);
	directory->fd = fd;
	directory->depth = depth;
	directory->length = length;
	memcpy(directory->path, worker->path, length + 1);
	batch = batch_new(directory, BATCH_SIZE);
	if (!batch)
		return ENOMEM;
	worker->levels[worker->depth++] = batch;
	return 0;
}

static void visit(const struct worker *worker, struct tree_entry *entry, int fd, bool is_opened)
{
	const struct tree_walk *walk = worker->walk->walk;

	entry->fd = fd;
	entry->is_opened = is_opened;
	if (walk->visit)
		walk->visit(walk->place, entry);
}

/* One that the worker may search and not read, or nothing of that kind any more. */
static int visit_pinned(const struct worker *worker, struct tree_entry *entry)
{
	_cleanup_fd_ int fd = pin(worker->walk, entry->directory, entry->name, O_PATH);

	if (fd < 0)
		return fd == -ENOENT || fd == -EXDEV ? 0 : -fd;
	visit(worker, entry, fd, false);
	return 0;
}

static int visit_directory(struct worker *worker, struct tree_entry *entry, unsigned int depth)
{
	int fd = pin(worker->walk, entry->directory, entry->name, O_RDONLY | O_DIRECTORY);

	if (fd == -ENOENT || fd == -EXDEV)
		return 0;
	if (fd < 0) {
		int r = worker->walk->walk->visit ? visit_pinned(worker, entry) : 0;

		return fd == -ENOTDIR || fd == -ELOOP || r > 0 ? r : -fd;
	}
	visit(worker, entry, fd, true);
	return enter(worker, fd, depth);
}

/* Return: the inode's type, as in st_mode; 0: it is left out. */
static mode_t look(const struct worker *worker, int directory, const char *name, unsigned char type)
{
	const struct walk *walk = worker->walk;
	struct statx stat;

	/* What is pinned is not on another mount, and nothing else is done without a look. */
	bool may_be_mount = walk->has_mounts && !walk->walk->crosses_mounts && walk->walk->visit &&
			    walk->walk->is_wanted;

	if (type == DT_DIR || (type != DT_UNKNOWN && !may_be_mount))
		return (mode_t)DTTOIF(type);
	if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  STATX_TYPE | STATX_MNT_ID, &stat) < 0) {
		if (errno != ENOENT)
			complain(worker, worker->path, errno);
		return 0;
	}
	if (!walk->walk->crosses_mounts && stat.stx_mnt_id != walk->mount)
		return 0;
	return stat.stx_mode & S_IFMT;
}

static void come_to(struct worker *worker, int directory, const char *name, unsigned char type,
		    unsigned int depth)
{
	const struct tree_walk *walk = worker->walk->walk;
	struct tree_entry entry = {
		.thread = worker->number,
		.directory = directory,
		.name = name,
		.path = worker->path,
		.below = below(worker),
		.fd = -1,
	};
	mode_t mode = look(worker, directory, name, type);
	int r = 0;

	if (mode == 0)
		return;
	atomic_fetch_add_explicit(walk->count, 1, memory_order_relaxed);
	if (S_ISDIR(mode))
		r = visit_directory(worker, &entry, depth);
	else if (walk->visit && (!walk->is_wanted || walk->is_wanted(walk->place, &entry)))
		r = visit_pinned(worker, &entry);
	if (r > 0)
		complain(worker, entry.path, r);
}

/* ---- the way ---- */

static bool is_ended(const struct worker *worker)
{
	const atomic_bool *ended = worker->walk->walk->is_ended;

	return ended && atomic_load_explicit(ended, memory_order_relaxed);
}

/* Return: whether there are more entries of the directory. */
static bool read_on(const struct worker *worker, struct batch *batch)
{
	long length =
		batch->is_last || is_ended(worker) ?
			0 :
			syscall(SYS_getdents64, batch->directory->fd, batch->bytes, BATCH_SIZE);

	if (length < 0 && errno != ENOENT) /* it has been removed */
		complain(worker, batch->directory->path, errno);
	batch->at = 0;
	batch->length = length > 0 ? (size_t)length : 0;
	return length > 0;
}

static void step(struct worker *worker)
{
	struct batch *batch = worker->levels[worker->depth - 1];

	if (batch->at >= batch->length && !read_on(worker, batch)) {
		batch_free(batch);
		worker->depth--;
		return;
	}
	if (atomic_load_explicit(&worker->walk->wanted, memory_order_relaxed) > 0)
		give(worker);
	const struct dirent64 *entry = entry_at(batch, batch->at);

	batch->at += entry->d_reclen;
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || is_ended(worker))
		return;
	if (set_path(worker, batch->directory, entry->d_name))
		come_to(worker, batch->directory->fd, entry->d_name, entry->d_type,
			batch->directory->depth + 1);
	else
		complain(worker, batch->directory->path, ENOMEM);
}

static void *work(void *place)
{
	struct worker *worker = place;

	for (;;) {
		while (worker->depth > 0)
			step(worker);
		struct batch *batch = take(worker->walk);

		if (!batch)
			return NULL;
		worker->levels[worker->depth++] = batch;
	}
}

/* ---- threads ---- */

static void workers_free(struct worker **workers)
{
	for (unsigned int i = 0; *workers && i < TREE_THREADS_MAX; i++)
		free((*workers)[i].path);
	free(*workers);
}

/* Those that do not start are not missed as long as there is one. */
static void work_together(struct walk *walk, struct worker *workers, unsigned int count)
{
	walk->workers = 1;
	for (unsigned int i = 1; i < count; i++) {
		struct worker *worker = &workers[walk->workers];

		worker->walk = walk;
		worker->number = walk->workers;
		pthread_mutex_lock(&walk->lock);
		if (pthread_create(&worker->thread, NULL, work, worker) == 0)
			walk->workers++;
		pthread_mutex_unlock(&walk->lock);
	}
	work(&workers[0]);
	for (unsigned int i = 1; i < walk->workers; i++)
		pthread_join(workers[i].thread, NULL);
}

/* Where that cannot be told, there may be. */
static bool has_mounts(uint64_t mount)
{
	_cleanup_file_ FILE *mounts = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	while (mounts && getline(&line, &size, mounts) > 0) {
		char *parent = line + strcspn(line, " "), *end;

		if (strtoull(parent, &end, 10) == mount || end == parent)
			return true;
	}
	return !mounts || ferror(mounts);
}

/* The tree itself. Return: 0; -errno. */
static int begin(struct walk *walk, struct worker *worker, int directory, const char *path)
{
	_cleanup_fd_ int fd = openat(directory, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	const struct directory none = { .length = 0 };
	struct statx stat;

	if (fd < 0)
		return -errno;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, &stat) < 0)
		return -errno;
	walk->mount = stat.stx_mnt_id;
	walk->has_mounts = has_mounts(walk->mount);
	if (!set_path(worker, &none, path))
		return -ENOMEM;
	walk->root_length = strlen(worker->path);
	struct tree_entry entry = { .directory = fd, .name = "", .path = worker->path, .below = "" };

	atomic_fetch_add(walk->walk->count, 1);
	visit(worker, &entry, fd, false);
	if (!S_ISDIR(stat.stx_mode))
		return 0;
	int readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = readable < 0 ? errno : enter(worker, readable, 1);

	if (r > 0)
		complain(worker, worker->path, r);
	return 0;
}

int tree_walk(const struct tree_walk *tree_walk, int directory, const char *path)
{
	__attribute__((cleanup(workers_free))) struct worker *workers =
		calloc(TREE_THREADS_MAX, sizeof(*workers));
	struct walk walk = {
		.walk = tree_walk,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.is_given = PTHREAD_COND_INITIALIZER,
	};
	unsigned int count = tree_walk->threads < TREE_THREADS_MAX ? tree_walk->threads :
								     TREE_THREADS_MAX;

	if (!workers)
		return -ENOMEM;
	workers[0].walk = &walk;
	int r = begin(&walk, &workers[0], directory, path);

	if (r == 0)
		work_together(&walk, workers, count);
	return r;
}
