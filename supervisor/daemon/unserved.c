/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel has no list of user namespaces. So all processes are looked at once, each with the namespaces above its own:
 * a container is there as long as a process is in its namespace, or below.
 */
#include "daemon/unserved.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "daemon/container_userns.h"
#include "daemon/entries.h"
#include "daemon/gate_pins.h"
#include "integrity/gate.h"
#include "integrity/gate_container.h"
#include "integrity/gate_namespaces.h"

/* Instead of the index of a gate before. */
#define OURS SIZE_MAX

/** struct shut - a namespace of a gate */
struct shut {
	size_t gate; /* its index in the pins; OURS */
	uint32_t number;
	int fd; /* of the namespace, where a process was found; -1: none was */
};

struct search {
	struct shut *shut;
	size_t count;
	size_t room;
};

static void search_done(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		fd_close(&search->shut[i].fd);
	free(search->shut);
}

static int add(struct search *search, size_t gate, uint32_t number)
{
	if (search->count == search->room) {
		size_t room = search->room ? search->room * 2 : 64;
		void *larger = realloc(search->shut, room * sizeof(*search->shut));

		if (!larger)
			return -ENOMEM;
		search->shut = larger;
		search->room = room;
	}
	search->shut[search->count++] = (struct shut){ gate, number, -1 };
	return 0;
}

/* ---- what has to be looked for ---- */

/* What passes our gate need not pass another one. @ours: -1: there is none */
static int collect(struct search *search, size_t index, int namespaces, int ours)
{
	uint32_t number, *before = NULL, last;
	int r = 0;

	for (size_t i = 0; r == 0 && i < UNSERVED_MAX; i++) {
		if (gate_namespaces_next(namespaces, before, &number) < 0)
			break;
		last = number;
		before = &last;
		if (ours < 0 || !gate_namespaces_has(ours, number))
			r = add(search, index, number);
	}
	return r;
}

static int collect_all(struct search *search, const struct gate_pins *pins, const struct gate *gate)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pins->before_count; i++)
		if (pins->before[i].namespaces >= 0)
			r = collect(search, i, pins->before[i].namespaces,
				    gate ? gate_namespaces(gate) : -1);
	return r;
}

/* ---- where processes are ---- */

static void note(struct search *search, int userns)
{
	struct stat status;

	if (fstat(userns, &status) < 0)
		return;
	for (size_t i = 0; i < search->count; i++)
		if (search->shut[i].number == status.st_ino && search->shut[i].fd < 0)
			search->shut[i].fd = fcntl(userns, F_DUPFD_CLOEXEC, 0);
}

/* One that has ended, and waits for its parent, has none. */
static bool has_mounts(int thread)
{
	char target[64];

	return readlinkat(thread, "ns/mnt", target, sizeof(target)) >= 0;
}

/* That of the thread, and those above it. Return: whether it runs. */
static bool look_at(struct search *search, int folder, const char *name)
{
	_cleanup_fd_ int thread = openat(folder, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int userns = openat(thread, "ns/user", O_RDONLY | O_CLOEXEC);

	if (userns < 0 || !has_mounts(thread))
		return false;
	while (userns >= 0) {
		note(search, userns);
		int parent = ioctl(userns, NS_GET_PARENT);

		fd_close(&userns);
		userns = parent;
	}
	return true;
}

typedef bool visitor(struct search *search, int folder, const char *name);

/* Return: 0; -errno. */
static int visit_numbers(struct search *search, int folder, const char *path, visitor *visit)
{
	int fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!directory)
		return -errno;
	while ((entry = readdir(directory)))
		if (isdigit((unsigned char)entry->d_name[0]))
			(void)visit(search, dirfd(directory), entry->d_name);
	closedir(directory);
	return 0;
}

/* All threads of a process are in one namespace; the first may have ended before the others. */
static bool look_at_process(struct search *search, int procfs, const char *name)
{
	char path[32];

	if (look_at(search, procfs, name))
		return true;
	snprintf(path, sizeof(path), "%.15s/task", name);
	return visit_numbers(search, procfs, path, look_at) == 0;
}

/* ---- what becomes of them ---- */

static bool is_found(const struct search *search, size_t gate, uint32_t number)
{
	for (size_t i = 0; i < search->count; i++)
		if (search->shut[i].gate == gate && search->shut[i].number == number)
			return search->shut[i].fd >= 0;
	return false;
}

/* The next number is asked for before this one goes. */
static bool clear(const struct search *search, size_t gate, int namespaces)
{
	uint32_t number, next;
	bool is_empty = true;
	int r = gate_namespaces_next(namespaces, NULL, &number);

	while (r == 0) {
		r = gate_namespaces_next(namespaces, &number, &next);
		if (is_found(search, gate, number))
			is_empty = false;
		else
			(void)gate_namespaces_remove(namespaces, number);
		number = next;
	}
	return is_empty;
}

static int take(struct search *search, struct unserved *unserved)
{
	int *fds = calloc(search->count + 1, sizeof(*fds));

	if (!fds)
		return -ENOMEM;
	unserved_done(unserved);
	unserved->fds = fds;
	for (size_t i = 0; i < search->count; i++)
		if (search->shut[i].fd >= 0)
			fds[unserved->count++] = TAKE_FD(search->shut[i].fd);
	return 0;
}

int unserved_look(const struct gate_pins *pins, const struct gate *gate, int procfs,
		  struct unserved *unserved)
{
	__attribute__((cleanup(search_done))) struct search search = { 0 };
	int r = collect_all(&search, pins, gate);

	if (r == 0 && search.count > 0)
		r = visit_numbers(&search, procfs, ".", look_at_process);
	if (r < 0)
		return r;
	for (size_t i = 0; i < pins->before_count; i++) {
		const struct pinned_gate *pinned = &pins->before[i];

		if (pinned->namespaces < 0 || clear(&search, i, pinned->namespaces))
			gate_pins_remove(pins, pinned->name);
	}
	return take(&search, unserved);
}

/* ---- what is in our journal ---- */

static int collect_shut(const struct unserved_shut *shut, struct search *search)
{
	const struct entry *entry = NULL;
	int r = 0;

	while (r == 0 &&
	       (entry = journal_next_of(shut->entries->journal, ENTRY_SHUT, entry)) != NULL)
		if (shut->is_served(shut->place, container_userns_number(entry->fd)))
			entries_drop(shut->entries, entry);
		else
			r = add(search, OURS, container_userns_number(entry->fd));
	return r;
}

static bool are_found(const struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		if (search->shut[i].fd < 0)
			return false;
	return true;
}

/* Twice: a process can have become another one, with a number that was passed already. */
static int look_for_all(struct search *search, int procfs)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 2 && !are_found(search); i++)
		r = visit_numbers(search, procfs, ".", look_at_process);
	return r;
}

/* Return: whether it is left. */
static bool settle(const struct unserved_shut *shut, const struct search *search,
		   const struct entry *entry, int *result)
{
	uint32_t number = container_userns_number(entry->fd);

	/* What was judged while it was served counts no more. */
	if (is_found(search, OURS, number)) {
		int r = shut->gate ? gate_shut(shut->gate, number, GATE_EXECUTE | GATE_MAP) :
				     -ENODEV;

		if (r < 0)
			*result = r;
		return true;
	}
	if (shut->gate)
		gate_remove(shut->gate, number);
	entries_drop(shut->entries, entry);
	return false;
}

int unserved_shut(const struct unserved_shut *shut)
{
	__attribute__((cleanup(search_done))) struct search search = { 0 };
	const struct entry *entry = NULL;
	int r = collect_shut(shut, &search), count = 0;

	if (r == 0)
		r = look_for_all(&search, shut->procfs);
	if (r < 0)
		return r;
	while ((entry = journal_next_of(shut->entries->journal, ENTRY_SHUT, entry)) != NULL)
		count += settle(shut, &search, entry, &r);
	return r < 0 ? r : count;
}

void unserved_done(struct unserved *unserved)
{
	for (size_t i = 0; i < unserved->count; i++)
		close(unserved->fds[i]);
	free(unserved->fds);
	*unserved = (struct unserved){ 0 };
}
