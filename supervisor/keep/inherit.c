/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/inherit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "keep/journal.h"

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* What stays open, in ascending order. Return: how many; -ENOMEM. */
static int list_staying(struct journal *journal, int **ret_fds)
{
	size_t slot_count = journal_slot_count(journal);
	/* The journal itself, what is offered, and of a slot two. The count of entries may change meanwhile. */
	size_t most = 3 + JOURNAL_ENTRIES_MAX + 2 * slot_count;
	const struct journal_offer offer = journal_offered(journal);
	int *fds = malloc(most * sizeof(*fds));
	int count = 0;

	if (!fds)
		return -ENOMEM;
	fds[count++] = journal_fd(journal);
	fds[count++] = offer.copy;
	fds[count++] = offer.successor;
	for (const struct entry *entry = NULL; (entry = journal_next_entry(journal, entry));)
		fds[count++] = entry->fd;
	for (size_t i = 0; i < slot_count; i++) {
		const struct slot *slot = journal_slot(journal, i);

		if (!slot->notification.id)
			continue;
		fds[count++] = slot->listener;
		if (atomic_load(&slot->effect.step) == EFFECT_BEGUN)
			fds[count++] = atomic_load(&slot->effect.fd);
	}
	qsort(fds, (size_t)count, sizeof(*fds), compare);
	*ret_fds = fds;
	return count;
}

/* Only what the kernel itself has made is sure to be closed at once: other files can be a peer's. */
static bool may_wait(int procfs, int fd)
{
	char path[32], target[64];
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_PATH))
		return false;
	snprintf(path, sizeof(path), "self/fd/%d", fd);
	ssize_t length = readlinkat(procfs, path, target, sizeof(target) - 1);

	if (length < 0)
		return true;
	target[length] = '\0';
	/* "anon_inode:[io_uring]", "pipe:[4]", "user:[5]"; a path begins with '/', or "(unreachable)". */
	return target[0] == '/' || target[0] == '(' || strncmp(target, "socket:", 7) == 0;
}

/** struct rest - descriptors that are open and are to be closed */
struct rest {
	int *fds;
	size_t count;
	size_t room;
};

static int add_rest(struct rest *rest, int fd)
{
	if (rest->count == rest->room) {
		size_t room = rest->room ? rest->room * 2 : 64;
		int *fds = realloc(rest->fds, room * sizeof(*fds));

		if (!fds)
			return -ENOMEM;
		rest->fds = fds;
		rest->room = room;
	}
	rest->fds[rest->count++] = fd;
	return 0;
}

static bool stays_open(const int *staying, int count, int fd)
{
	return fd <= STDERR_FILENO ||
	       bsearch(&fd, staying, (size_t)count, sizeof(*staying), compare) != NULL;
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* Nothing is closed while the directory is read: its entries are these descriptors. */
static int list_rest(int procfs, const int *staying, int count, struct rest *rest)
{
	int fd = openat(procfs, "self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(close_directory))) DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!directory)
		return -errno;
	while (r == 0 && (entry = readdir(directory))) {
		int other = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && other != fd && !stays_open(staying, count, other))
			r = add_rest(rest, other);
	}
	return r;
}

/* Those for which that may wait stay. */
static void close_rest(int procfs, struct rest *rest)
{
	size_t count = 0;

	for (size_t i = 0; i < rest->count; i++)
		if (may_wait(procfs, rest->fds[i]))
			rest->fds[count++] = rest->fds[i];
		else
			close(rest->fds[i]);
	rest->count = count;
}

int inherit_descriptors(struct journal *journal, int procfs, int **ret_rest, size_t *ret_count)
{
	_cleanup_free_ int *staying = NULL;
	int count = list_staying(journal, &staying);
	struct rest rest = { 0 };

	if (count < 0)
		return count;
	int r = list_rest(procfs, staying, count, &rest);

	if (r < 0) {
		free(rest.fds);
		return r;
	}
	close_rest(procfs, &rest);
	journal_set(journal, JOURNAL_LISTING, false);
	*ret_rest = rest.fds;
	*ret_count = rest.count;
	return journal_count_in_hand(journal);
}
