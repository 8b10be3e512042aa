/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every step gives what the walk would give, or gives up:
 *
 *	/proc		by the stand-in, as any path
 *	self		the number of the process in that instance, which stays the same
 *	fd		without crossing a mount; the process itself may search it, and we open it with our
 *			own privilege
 *	N		followed on our procfs, as by the walk; the process itself may follow it
 *	what is left	by the stand-in, as long as it goes down and meets no symbolic link
 */
#include "request/own_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "exec/standin.h"
#include "request/foreign.h"
#include "request/place.h"
#include "request/resolver.h"
#include "request/target.h"

#define PREFIX "/proc/self/fd/"
/* Digits of a descriptor's number. */
#define NUMBER_MAX 10

/* "/proc/self/fd/N" and "/proc/self/fd/N/REST". Return: REST, or ""; NULL for any other path. */
static const char *split(const char *path, char number[NUMBER_MAX + 1])
{
	if (strncmp(path, PREFIX, strlen(PREFIX)) != 0)
		return NULL;
	const char *from = path + strlen(PREFIX);
	size_t length = strspn(from, "0123456789");
	const char *rest = from + length + strspn(from + length, "/");

	if (length == 0 || length > NUMBER_MAX || (rest == from + length && *rest != '\0') ||
	    (*rest == '\0' && rest != from + length))
		return NULL;
	memcpy(number, from, length);
	number[length] = '\0';
	return rest;
}

static int open_below_proc(int root, pid_t number)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/fd", number);
	return proc_open_within(root, path, O_PATH | O_DIRECTORY);
}

/* Fill in an empty @entry. It owns @taken_root from then on. Return: whether all was found out. */
static bool learn(const struct target *target, int taken_root, struct own_entry *entry)
{
	_cleanup_fd_ int root = taken_root;
	__attribute__((cleanup(place_done))) struct place place = { .directory = -1 };
	struct place_numbers numbers;
	struct stat instance, directory;

	if (!proc_is_root(root) || place_numbers(target, root, &numbers) < 0)
		return false;
	_cleanup_fd_ int theirs = open_below_proc(root, numbers.process);

	if (theirs < 0)
		return false;
	int r = place_find(target, theirs, &place);

	/* A thread that is not the first of its process may have other descriptors than that. */
	if (r < 0 ? r != -EACCES || numbers.process != numbers.thread : !place.is_own)
		return false;
	if (fstat(root, &instance) < 0 || fstat(theirs, &directory) < 0)
		return false;
	*entry = (struct own_entry){
		.root = TAKE_FD(root),
		.device = instance.st_dev,
		.root_inode = instance.st_ino,
		.theirs = TAKE_FD(theirs),
		.inode = directory.st_ino,
		.ours = TAKE_FD(place.directory),
		.number = numbers.process,
	};
	return true;
}

static bool is_inode(int fd, dev_t device, ino_t inode)
{
	struct stat stat;

	return fstat(fd, &stat) == 0 && stat.st_dev == device && stat.st_ino == inode;
}

/* Is what is called fd there still what we know, and not something mounted upon it? */
static bool is_uncovered(const struct own_entry *entry, int root)
{
	_cleanup_fd_ int directory = open_below_proc(root, entry->number);

	return directory >= 0 && is_inode(directory, entry->device, entry->inode);
}

static bool is_still_right(const struct own_entry *entry, int root)
{
	return entry->root >= 0 && is_inode(root, entry->device, entry->root_inode) &&
	       is_uncovered(entry, root);
}

/* Return: whether target->own is of the instance of procfs at the target's /proc. */
static bool know_entry(struct target *target, struct standin *standin, int root)
{
	const struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT,
	};
	_cleanup_fd_ int instance = -1;

	if (standin_open(standin, root, "/proc", &how, &instance) != 0 ||
	    proc_forbids_links(instance))
		return false;
	if (is_still_right(&target->own, instance))
		return true;
	target_forget_own_entry(target);
	return learn(target, TAKE_FD(instance), &target->own);
}

static int open_rest(const struct resolver *resolver, int base, const char *rest, bool follow)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	_cleanup_fd_ int fd = -1;

	if (resolver->is_shy && foreign_is(base))
		return -1;
	if (resolver->is_shy)
		how.resolve |= RESOLVE_NO_XDEV;
	if (standin_open(resolver->standin, base, rest, &how, &fd) != 0 || proc_is_on(fd, NULL))
		return -1;
	return TAKE_FD(fd);
}

/* Where the supervisor of an ordinary login may not search the directory, it has the descriptor given. */
static int take(struct target *target, const char *number)
{
	bool is_opened;
	_cleanup_fd_ int fd =
		target_take_descriptor(target, (int)strtol(number, NULL, 10), &is_opened);
	char path[32];

	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "self/fd/%d", fd);
	return openat(target->procfs, path, O_PATH | O_CLOEXEC);
}

static int open_number(struct target *target, const char *number)
{
	if (target->own.ours < 0)
		return take(target, number);
	return openat(target->own.ours, number, O_PATH | O_CLOEXEC);
}

/* The same descriptors, of the first thread of the process. */
static bool is_of_thread(const struct own_entry *own, int directory)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/task/%d/fd", own->number, own->number);
	_cleanup_fd_ int fd = proc_open_within(own->root, path, O_PATH | O_DIRECTORY);

	return fd >= 0 && fd_is_same_inode(fd, directory);
}

int own_entry_follow(const struct resolver *resolver, int root, int directory, const char *name)
{
	const struct own_entry *own = &resolver->target->own;

	if (name[strspn(name, "0123456789")] != '\0' || strlen(name) > NUMBER_MAX ||
	    !know_entry(resolver->target, resolver->standin, root) || own->ours >= 0)
		return -1;
	if (!is_inode(directory, own->device, own->inode) && !is_of_thread(own, directory))
		return -1;
	return open_number(resolver->target, name);
}

bool own_entry_search(const struct resolver *resolver, int root, const char *path, bool follow,
		      int *ret_fd)
{
	struct target *target = resolver->target;
	char number[NUMBER_MAX + 1];
	const char *rest = split(path, number);

	if (!rest || (*rest == '\0' && !follow) || !know_entry(target, resolver->standin, root))
		return false;
	_cleanup_fd_ int fd = open_number(target, number);

	if (fd < 0)
		return false;
	*ret_fd = *rest == '\0' ? TAKE_FD(fd) : open_rest(resolver, fd, rest, follow);
	return *ret_fd >= 0;
}
