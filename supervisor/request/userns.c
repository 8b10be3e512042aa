/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel tells the map of a namespace only through a process that is in it: opened from the host's
 * namespace, /proc/PID/uid_map shows the numbers of the host whatever the nesting. For the namespace of
 * a target that is the target. It may go to another namespace meanwhile, but from there never back: only
 * to one further in, whose members have no capability in the one that they came from. So a target that
 * is in the namespace before and after we read was in it when we read.
 *
 * An ancestor may have no process at all. There a child of ours enters it, and waits.
 */
#include "request/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errand.h"
#include "base/fd.h"
#include "base/forker.h"
#include "base/outer.h"
#include "base/proc.h"
#include "request/target.h"

#define CACHE_MAX 64
/* Three numbers of ten digits in columns of eleven, a line; ID_MAP_EXTENTS_MAX lines. */
#define MAP_TEXT_SIZE (ID_MAP_EXTENTS_MAX * 36)

struct userns_cache {
	int procfs; /* borrowed */
	struct forker *forker; /* borrowed */
	struct share_holder seeker; /* for whom a namespace is looked for now */
	struct userns *host;
	uint64_t clock;
	struct userns *slots[CACHE_MAX];
};

static void userns_unrefp(struct userns **userns)
{
	if (*userns)
		userns_unref(*userns);
}

#define _cleanup_userns_ __attribute__((cleanup(userns_unrefp)))

struct userns *userns_parent(const struct userns *userns)
{
	return (struct userns *)(uintptr_t)userns->ids.parent;
}

struct userns *userns_ref(struct userns *userns)
{
	userns->references++;
	return userns;
}

void userns_unref(struct userns *userns)
{
	while (userns && --userns->references == 0) {
		struct userns *parent = userns_parent(userns);

		fd_close(&userns->fd);
		free(userns);
		userns = parent;
	}
}

/* @fd: the namespace's; closed on failure */
static int userns_new(int fd, struct userns **ret_userns)
{
	_cleanup_fd_ int owned = fd;
	struct stat stat;

	if (fstat(owned, &stat) < 0)
		return -errno;
	struct userns *userns = calloc(1, sizeof(*userns));

	if (!userns)
		return -ENOMEM;
	userns->inode = stat.st_ino;
	userns->references = 1;
	userns->fd = TAKE_FD(owned);
	*ret_userns = userns;
	return 0;
}

int userns_cache_new(int procfs, struct forker *forker, struct userns_cache **ret_cache)
{
	_cleanup_userns_ struct userns *host = NULL;
	_cleanup_fd_ int self = openat(procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(self, "ns/user", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int r = userns_new(fd, &host);

	if (r == 0)
		r = outer_read_may_set_groups(self, &host->may_set_groups);
	if (r < 0)
		return r;
	struct userns_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return -ENOMEM;
	host->ids.is_host = true;
	cache->procfs = procfs;
	cache->forker = forker;
	cache->host = TAKE_PTR(host);
	*ret_cache = cache;
	return 0;
}

void userns_cache_clear(struct userns_cache *cache)
{
	for (size_t i = 0; i < CACHE_MAX; i++) {
		userns_unrefp(&cache->slots[i]);
		cache->slots[i] = NULL;
	}
}

void userns_cache_free(struct userns_cache *cache)
{
	if (!cache)
		return;
	userns_cache_clear(cache);
	userns_unref(cache->host);
	free(cache);
}

void userns_wait_within(int channel, void *argument, const int *fds, size_t fd_count)
{
	int result = fd_count != 1 || setns(fds[0], CLONE_NEWUSER) < 0 ? -errno : 0;
	char unused;

	(void)argument;

	if (send(channel, &result, sizeof(result), MSG_NOSIGNAL) == sizeof(result))
		(void)recv(channel, &unused, 1, 0);
}

static int read_map(int process, const char *name, struct id_map *ret_map)
{
	char text[MAP_TEXT_SIZE];
	ssize_t length = proc_read(process, name, text, sizeof(text));

	return length < 0 ? (int)length : id_map_parse(text, (size_t)length, ret_map);
}

static int read_maps(int process, struct userns *userns)
{
	int r = read_map(process, "uid_map", &userns->ids.uids);

	if (r == 0)
		r = read_map(process, "gid_map", &userns->ids.gids);
	if (r == 0)
		r = outer_read_may_set_groups(process, &userns->may_set_groups);
	if (r == 0)
		userns->ids.has_root = id_map_to_host(&userns->ids.uids, 0, &userns->ids.root);
	return r;
}

static int read_maps_of_member(const struct target *target, struct userns *userns)
{
	int r = read_maps(target->proc, userns);

	if (r < 0)
		return r;
	_cleanup_fd_ int fd = target_open_userns(target);

	if (fd < 0)
		return fd;
	return fd_is_same_inode(fd, userns->fd) ? 0 : -ESRCH;
}

static int read_maps_of_child(const struct userns_cache *cache, struct userns *userns)
{
	const struct forker_order order = {
		.task = FORKER_MEMBER,
		.holder = cache->seeker,
		.fds = &userns->fd,
		.fd_count = 1,
	};
	struct errand errand;
	char number[16];
	int entered;
	int r = forker_start(cache->forker, &order, &errand);

	if (r < 0)
		return r;
	r = errand_receive(&errand, &entered, sizeof(entered));
	if (r == 0)
		r = entered;
	snprintf(number, sizeof(number), "%d", errand.pid);
	_cleanup_fd_ int process = openat(cache->procfs, number, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (r == 0)
		r = process < 0 ? -errno : read_maps(process, userns);
	/* The namespace's root can kill the child, and have its number given to another process. */
	if (r == 0 && errand_has_ended(&errand, 0))
		r = -ESRCH;
	errand_end(&errand);
	return r;
}

/* A map is written once. Until then the namespace is asked again each time. */
static bool is_final(const struct userns *userns)
{
	return userns->ids.uids.count > 0 && userns->ids.gids.count > 0;
}

/* Return: the namespace or that ancestor of it; NULL: neither. */
static struct userns *find_upwards(struct userns *userns, uint64_t inode)
{
	while (userns && userns->inode != inode)
		userns = userns_parent(userns);
	return userns;
}

/*
 * Ancestors have no slots, so that a chain of namespaces takes one: they live as long as a descendant
 * is here, and are found through it.
 */
static struct userns *cached(struct userns_cache *cache, uint64_t inode)
{
	struct userns *found = NULL;

	if (cache->host->inode == inode)
		return userns_ref(cache->host);
	for (size_t i = 0; i < CACHE_MAX && !found; i++) {
		struct userns *userns = cache->slots[i];

		if (!userns || userns->inode != inode)
			continue;
		userns->last_used = ++cache->clock;
		found = userns;
	}
	for (size_t i = 0; i < CACHE_MAX && !found; i++)
		found = find_upwards(cache->slots[i], inode);
	return found ? userns_ref(found) : NULL;
}

static void keep(struct userns_cache *cache, struct userns *userns)
{
	size_t slot = 0;

	if (!is_final(userns))
		return;
	for (size_t i = 0; i < CACHE_MAX && cache->slots[slot]; i++)
		if (!cache->slots[i] || cache->slots[i]->last_used < cache->slots[slot]->last_used)
			slot = i;
	userns_unrefp(&cache->slots[slot]);
	userns->last_used = ++cache->clock;
	cache->slots[slot] = userns_ref(userns);
}

static int userns_of_fd(struct userns_cache *cache, int fd, const struct target *member,
			struct userns **ret_userns);

/* EPERM: the parent is outside of what we can see; then the chain ends here. */
static int find_parent(struct userns_cache *cache, struct userns *userns)
{
	struct userns *parent;
	int fd = ioctl(userns->fd, NS_GET_PARENT);

	if (fd < 0)
		return errno == EPERM ? 0 : -errno;
	int r = userns_of_fd(cache, fd, NULL, &parent);

	if (r == 0)
		userns->ids.parent = &parent->ids;
	return r;
}

/*
 * The depth is bounded: the kernel nests 32 namespaces at most.
 * @fd: the namespace's; closed on failure
 * @member: a target in this namespace; NULL: none is known
 */
static int userns_of_fd(struct userns_cache *cache, int fd, const struct target *member,
			struct userns **ret_userns)
{
	_cleanup_userns_ struct userns *userns = NULL;
	int r = userns_new(fd, &userns);

	if (r < 0)
		return r;
	struct userns *known = cached(cache, userns->inode);

	if (known) {
		*ret_userns = known;
		return 0;
	}
	r = member ? read_maps_of_member(member, userns) : read_maps_of_child(cache, userns);
	if (r == 0)
		r = find_parent(cache, userns);
	if (r < 0)
		return r;
	*ret_userns = TAKE_PTR(userns);
	return 0;
}

int userns_find(struct userns_cache *cache, const struct share_holder *seeker, uint64_t inode,
		const struct target *target, struct userns **ret_userns)
{
	struct userns *known = cached(cache, inode);

	cache->seeker = *seeker;

	if (known) {
		*ret_userns = known;
		return 0;
	}
	int fd = target_open_userns(target);

	if (fd < 0)
		return fd;
	int r = userns_of_fd(cache, fd, target, &known);

	if (r < 0)
		return r;
	if (known->inode != inode) {
		userns_unref(known);
		return -ESRCH;
	}
	keep(cache, known);
	*ret_userns = known;
	return 0;
}

int userns_master(int fd, int ours, uid_t *ret_owner)
{
	_cleanup_fd_ int level = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	/* The kernel nests 32 namespaces at most; the outermost one has no parent to tell. */
	while (level >= 0) {
		_cleanup_fd_ int parent = ioctl(level, NS_GET_PARENT);

		if (parent < 0)
			break;
		if (fd_is_same_inode(parent, ours))
			return ioctl(level, NS_GET_OWNER_UID, ret_owner) < 0 ? -errno : 0;
		fd_close(&level);
		level = TAKE_FD(parent);
	}
	return -errno;
}

_Static_assert(offsetof(struct userns, ids) == 0,
	       "ids.parent points to the start of a struct userns");
