/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each component is opened by the stand-in (O_PATH | O_NOFOLLOW), so that the kernel checks the
 * search permission of each directory. What the kernel does with a symbolic link is done here:
 *
 *   - a link is replaced by its text in front of what is left of the path, forty times at most;
 *   - /proc/self and /proc/thread-self are the target's, although we are the ones who read them;
 *   - a magic link (/proc/PID/fd/N, cwd, root, exe, ns/…) has no text. It is followed by the stand-in
 *     on our own procfs: on the target's, a link of the target's could be mounted over it meanwhile;
 *   - the rules of fs.protected_symlinks and of mounts with nosymfollow are applied.
 *
 * Where the target has a label of its own (exec/label.h), each directory and link is asked about. Magic links of other
 * processes are refused then: the kernel would ask what one label may do to the other process.
 *
 * What a file system of the target's namespace's own refuses us (foreign.h), the stand-in looks at, too. A
 * shy resolver searches no directory of such a one.
 *
 * Below its own entry in procfs a thread may do what the kernel grants it by being that process, also
 * when its memory is not dumpable. A stand-in is another process; where it is refused there, we open
 * with our own privilege, without crossing a mount. Below our own entry, and a deputy's, a stand-in
 * would be granted what the target is not, so there everything is refused.
 */
#include "request/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "exec/label.h"
#include "exec/performer.h"
#include "exec/standin.h"
#include "idmap.h"
#include "request/foreign.h"
#include "request/own_entry.h"
#include "request/place.h"
#include "request/resolver.h"
#include "request/target.h"

#define LINKS_MAX 40 /* MAXSYMLINKS of the kernel */

struct walk_space {
	char pending[(LINKS_MAX + 1) * PATH_MAX];
	char scratch[(LINKS_MAX + 1) * PATH_MAX];
};

struct walk {
	const struct target *target;
	struct standin *standin;
	struct walk_space *space;
	const struct resolver *resolver;
	int root;
	bool follow;
	const char *rest; /* what is left of the path, in space->pending */
	int at; /* where we are; owned */
	unsigned int links;
};

/* One component of the path and what was found there. */
struct step {
	char name[NAME_MAX + 2];
	bool is_last;
	bool wants_directory; /* something follows, if only a slash */
	int fd; /* owned */
	struct statx stat;
};

static void step_done(struct step *step)
{
	fd_close(&step->fd);
}

struct walk_space *walk_space_new(void)
{
	return malloc(sizeof(struct walk_space));
}

static void move_to(struct walk *walk, int fd)
{
	fd_close(&walk->at);
	walk->at = fd;
}

static int go_to_root(struct walk *walk)
{
	int fd = fcntl(walk->root, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	move_to(walk, fd);
	return 0;
}

static int look_as_target(const struct walk *walk, int fd, struct statx *ret_stat)
{
	uint32_t uid;
	int r = standin_stat(walk->standin, fd, ret_stat);

	if (r == 0)
		ret_stat->stx_uid = id_map_to_host(walk->resolver->uids, ret_stat->stx_uid, &uid) ?
					    uid :
					    (uint32_t)-1;
	return r;
}

/*
 * As the kernel's own search it takes what is known of the inode, and asks no server. A file system that
 * refuses us is asked by the stand-in, if at all. Return: as walk_path().
 */
static int look(const struct walk *walk, int fd, struct statx *ret_stat)
{
	const unsigned int mask = STATX_BASIC_STATS | STATX_MNT_ID;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask, ret_stat) == 0)
		return 0;
	if (errno != EACCES || !foreign_is(fd))
		return -errno;
	return walk->resolver->is_shy ? -ECANCELED : look_as_target(walk, fd, ret_stat);
}

static bool is_same_inode(const struct statx *left, const struct statx *right)
{
	return left->stx_ino == right->stx_ino && left->stx_dev_major == right->stx_dev_major &&
	       left->stx_dev_minor == right->stx_dev_minor;
}

/* Asked for nothing else, no file system refuses it, and none asks a server. */
static int find_mount(int fd, uint64_t *ret_mount)
{
	struct statx stat;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &stat) < 0)
		return -errno;
	*ret_mount = stat.stx_mnt_id;
	return 0;
}

/*
 * Of a file system of the target's own the server chooses the numbers, another one each time if it likes: it
 * is not believed.
 */
static int is_same_directory(const struct walk *walk, int left, int right, bool *ret_is_same)
{
	struct statx stats[2];
	int r = foreign_compare(left, right, ret_is_same);

	if ((r == 0 && *ret_is_same) || foreign_is(left))
		return r;
	r = look(walk, left, &stats[0]);
	if (r == 0)
		r = look(walk, right, &stats[1]);
	if (r == 0)
		*ret_is_same = is_same_inode(&stats[0], &stats[1]);
	return r;
}

/* What cannot be told ends the walk: no path may lead out of the root directory. */
static int is_at_root(const struct walk *walk, bool *ret_is_at_root)
{
	uint64_t here = 0, root = 0;
	int r = find_mount(walk->at, &here);

	*ret_is_at_root = false;
	if (r == 0)
		r = find_mount(walk->root, &root);
	if (r < 0 || here != root)
		return r;
	return is_same_directory(walk, walk->at, walk->root, ret_is_at_root);
}

static int open_by_standin(const struct walk *walk, int directory, const char *name, uint64_t flags,
			   int *ret_fd)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | flags };

	return standin_open(walk->standin, directory, name, &how, ret_fd);
}

static bool is_granted(const struct place *place, int error)
{
	return place->is_own && (error == EACCES || error == EPERM);
}

/* Follow a magic link: on our procfs, where what is under its name is the kernel's. */
static int open_magic(const struct walk *walk, const char *name, int *ret_fd)
{
	__attribute__((cleanup(place_done))) struct place place = { .directory = -1 };

	int found = place_find(walk->target, walk->at, &place);

	if (found == -EACCES)
		*ret_fd = own_entry_follow(walk->resolver, walk->root, walk->at, name);
	if (found == -EACCES && *ret_fd >= 0)
		return 0;
	if (found < 0 || standin_may_be(walk->standin, place.process))
		return EACCES;
	if (walk->resolver->label && !place.is_own)
		return EACCES;
	int r = open_by_standin(walk, place.directory, name, 0, ret_fd);

	if (r <= 0 || !is_granted(&place, r))
		return r;
	int fd = openat(place.directory, name, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return errno;
	*ret_fd = fd;
	return 0;
}

/* What a stand-in is refused below an entry of procfs may be granted to the process itself. */
static int open_as_itself(const struct walk *walk, const char *name, int error, int *ret_fd)
{
	__attribute__((cleanup(place_done))) struct place place = { .directory = -1 };

	if (place_find(walk->target, walk->at, &place) < 0 || !is_granted(&place, error))
		return error;
	int fd = strcmp(name, "..") == 0 ? proc_open_parent(walk->at) :
					   proc_open_within(walk->at, name, O_PATH | O_NOFOLLOW);

	if (fd < 0)
		return fd == -EXDEV ? error : -fd;
	*ret_fd = fd;
	return 0;
}

static int open_component(const struct walk *walk, const char *name, int *ret_fd)
{
	int r = label_check(walk->resolver->label, &(const struct pinned){ .fd = walk->at },
			    LABEL_SEARCH);

	if (r != 0)
		return r;
	r = open_by_standin(walk, walk->at, name, O_NOFOLLOW, ret_fd);
	if ((r != EACCES && r != EPERM) || !proc_is_on(walk->at, NULL) || proc_is_root(walk->at))
		return r;
	return open_as_itself(walk, name, r, ret_fd);
}

/* Cut the next component off the path. Return: false at its end. */
static bool next_component(struct walk *walk, struct step *step)
{
	const char *from = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(from, "/");
	size_t copied = length < sizeof(step->name) ? length : sizeof(step->name) - 1;

	if (length == 0)
		return false;
	/* One byte more than NAME_MAX is kept: enough for the kernel to say ENAMETOOLONG. */
	memcpy(step->name, from, copied);
	step->name[copied] = '\0';
	walk->rest = from + length;
	step->wants_directory = *walk->rest == '/';
	step->is_last = walk->rest[strspn(walk->rest, "/")] == '\0';
	return true;
}

/* Put the text of a link in front of what is left. */
static int expand(struct walk *walk, const char *text)
{
	size_t text_length = strlen(text), rest_length = strlen(walk->rest);
	char *pending = walk->space->pending;

	if (text_length == 0)
		return ENOENT;
	if (text_length + rest_length >= sizeof(walk->space->pending))
		return ENAMETOOLONG;
	memcpy(walk->space->scratch, walk->rest, rest_length + 1);
	memcpy(pending, text, text_length);
	memcpy(pending + text_length, walk->space->scratch, rest_length + 1);
	walk->rest = pending;
	return pending[0] == '/' ? go_to_root(walk) : 0;
}

/* fs.protected_symlinks, which the kernel applies to the last component only. */
static bool is_protected_link(const struct walk *walk, const struct step *step)
{
	struct statx directory;
	char setting[8];

	if (!step->is_last)
		return false;
	if (look(walk, walk->at, &directory) != 0)
		return true;
	if ((directory.stx_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) ||
	    step->stat.stx_uid == directory.stx_uid ||
	    step->stat.stx_uid == standin_fsuid(walk->standin))
		return false;
	return proc_read(walk->target->procfs, "sys/fs/protected_symlinks", setting,
			 sizeof(setting)) > 0 &&
	       setting[0] != '0';
}

static int check_link(struct walk *walk, const struct step *step)
{
	if (++walk->links > LINKS_MAX)
		return ELOOP;
	if (is_protected_link(walk, step))
		return EACCES;
	return proc_forbids_links(walk->at) ? ELOOP : 0;
}

static int read_link(const struct walk *walk, int fd, char *text, size_t size)
{
	ssize_t length = readlinkat(fd, "", text, size - 1);

	if (length < 0)
		return foreign_is(fd) ? standin_read_link(walk->standin, fd, text, size) : errno;
	text[length] = '\0';
	return 0;
}

static int follow_text(struct walk *walk, const struct step *step)
{
	char text[PATH_MAX];
	int r = read_link(walk, step->fd, text, sizeof(text));

	return r != 0 ? r : expand(walk, text);
}

static int follow_self(struct walk *walk, bool is_thread)
{
	struct place_numbers numbers;
	char text[64];
	int r = place_numbers(walk->target, walk->at, &numbers);

	if (r < 0)
		return r == -ENOENT ? ENOENT : r;
	if (is_thread)
		snprintf(text, sizeof(text), "%d/task/%d", numbers.process, numbers.thread);
	else
		snprintf(text, sizeof(text), "%d", numbers.process);
	return expand(walk, text);
}

static int follow_magic(struct walk *walk, const struct step *step)
{
	_cleanup_fd_ int fd = -1;
	int r = open_magic(walk, step->name, &fd);

	if (r != 0)
		return r;
	move_to(walk, TAKE_FD(fd));
	return 0;
}

/* A link that is not on procfs itself has been mounted there, and is as any other. */
static int follow_link(struct walk *walk, const struct step *step)
{
	int r = check_link(walk, step);

	if (r == 0)
		r = label_check(walk->resolver->label, &(const struct pinned){ .fd = step->fd },
				LABEL_READ);
	if (r != 0)
		return r;
	if (!proc_is_on(step->fd, NULL))
		return follow_text(walk, step);
	if (!proc_is_root(walk->at))
		return follow_magic(walk, step);
	if (strcmp(step->name, "self") == 0)
		return follow_self(walk, false);
	if (strcmp(step->name, "thread-self") == 0)
		return follow_self(walk, true);
	return follow_text(walk, step);
}

static int step_up(struct walk *walk)
{
	_cleanup_fd_ int fd = -1;
	bool is_at_the_root;
	int r = is_at_root(walk, &is_at_the_root);

	if (r == 0)
		r = open_component(walk, is_at_the_root ? "." : "..", &fd);
	if (r != 0)
		return r;
	move_to(walk, TAKE_FD(fd));
	return 0;
}

static int step_into(struct walk *walk, struct step *step)
{
	if (step->wants_directory && !S_ISDIR(step->stat.stx_mode))
		return ENOTDIR;
	move_to(walk, TAKE_FD(step->fd));
	return 0;
}

static int take_step(struct walk *walk, struct step *step)
{
	if (walk->resolver->is_shy && foreign_is(walk->at))
		return -ECANCELED;
	if (strcmp(step->name, "..") == 0)
		return step_up(walk);
	int r = open_component(walk, step->name, &step->fd);

	if (r == 0)
		r = look(walk, step->fd, &step->stat);
	if (r != 0)
		return r;
	if (S_ISLNK(step->stat.stx_mode) &&
	    (!step->is_last || step->wants_directory || walk->follow))
		return follow_link(walk, step);
	return step_into(walk, step);
}

/* After a magic link at the end: a slash there still asks for a directory. */
static int check_end(const struct walk *walk, const char *path)
{
	struct statx stat;
	size_t length = strlen(path);

	if (length == 0 || path[length - 1] != '/')
		return 0;
	int r = look(walk, walk->at, &stat);

	return r != 0 || S_ISDIR(stat.stx_mode) ? r : ENOTDIR;
}

static int walk_all(struct walk *walk)
{
	for (;;) {
		__attribute__((cleanup(step_done))) struct step step = { .fd = -1 };

		if (!next_component(walk, &step))
			return 0;
		int r = take_step(walk, &step);

		if (r != 0)
			return r;
	}
}

int walk_path(const struct resolver *resolver, int root, int start, const char *path, bool follow,
	      int *ret_fd)
{
	struct walk walk = {
		.target = resolver->target,
		.standin = resolver->standin,
		.space = resolver->space,
		.resolver = resolver,
		.root = root,
		.follow = follow,
		.rest = path,
		.at = -1,
	};
	_cleanup_fd_ int owned = -1;
	int r;

	walk.at = fcntl(path[0] == '/' ? root : start, F_DUPFD_CLOEXEC, 0);
	if (walk.at < 0)
		return -errno;
	r = walk_all(&walk);
	owned = walk.at;
	if (r == 0)
		r = check_end(&walk, path);
	if (r == 0)
		*ret_fd = TAKE_FD(owned);
	return r;
}
