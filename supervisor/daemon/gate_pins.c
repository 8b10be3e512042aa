/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gate_pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "integrity/gate.h"
#include "integrity/gate_namespaces.h"

/* Descriptors of a gate of any version. */
#define PINS_OF_GATE 64
#define PATH_SIZE (sizeof(GATE_PINS_PATH) + 1 + GATE_PINS_NAME_MAX)

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#define _cleanup_directory_ __attribute__((cleanup(close_directory)))

/* It is root's alone; a folder that is on another file system is none of ours. */
static bool is_bpffs(int folder)
{
	struct statfs status;
	struct stat owner;

	return fstatfs(folder, &status) == 0 && status.f_type == BPF_FS_MAGIC &&
	       fstat(folder, &owner) == 0 && owner.st_uid == 0 && !(owner.st_mode & 022);
}

static int open_folder(void)
{
	_cleanup_fd_ int folder =
		open(GATE_PINS_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (folder < 0)
		return -errno;
	return is_bpffs(folder) ? TAKE_FD(folder) : -ENOENT;
}

static DIR *list(int folder)
{
	_cleanup_fd_ int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (directory)
		(void)TAKE_FD(fd);
	return directory;
}

static void add_before(struct gate_pins *pins, const char *name)
{
	struct pinned_gate *pinned = &pins->before[pins->before_count];
	char path[PATH_SIZE];

	if (pins->before_count == GATE_PINS_MAX || strlen(name) > GATE_PINS_NAME_MAX)
		return;
	strcpy(pinned->name, name);
	snprintf(path, sizeof(path), GATE_PINS_PATH "/%s", name);
	int r = gate_open_namespaces(path);

	pinned->namespaces = r < 0 ? -1 : r;
	pins->before_count++;
}

void gate_pins_open(struct gate_pins *pins)
{
	int folder = open_folder();

	*pins = (struct gate_pins){ .folder = folder < 0 ? -1 : folder };
	_cleanup_directory_ DIR *directory = list(pins->folder);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			add_before(pins, entry->d_name);
}

/* As long as a process has the number, no other one pins at the same moment. */
static void choose_name(struct gate_pins *pins)
{
	snprintf(pins->own, sizeof(pins->own), "gate-%d-%llx", (int)getpid(),
		 (unsigned long long)clock_microseconds());
}

int gate_pins_make(struct gate_pins *pins, const struct gate *gate)
{
	char path[PATH_SIZE];

	if (pins->folder < 0) {
		int r = mkdir(GATE_PINS_PATH, 0700) < 0 && errno != EEXIST ? -errno : open_folder();

		if (r < 0)
			return r;
		pins->folder = r;
	}
	choose_name(pins);
	snprintf(path, sizeof(path), GATE_PINS_PATH "/%s", pins->own);
	int r = mkdirat(pins->folder, pins->own, 0700) < 0 ? -errno : gate_pin(gate, path);

	if (r < 0) {
		gate_pins_remove(pins, pins->own);
		pins->own[0] = '\0';
	}
	return r;
}

void gate_pins_let_go(const struct gate_pins *pins, uint32_t number)
{
	for (size_t i = 0; i < pins->before_count; i++)
		if (pins->before[i].namespaces >= 0)
			(void)gate_namespaces_remove(pins->before[i].namespaces, number);
}

void gate_pins_remove(const struct gate_pins *pins, const char *name)
{
	if (pins->folder < 0 || !name[0])
		return;
	_cleanup_fd_ int folder = openat(pins->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; folder >= 0 && i < PINS_OF_GATE; i++) {
		char pin[16];

		snprintf(pin, sizeof(pin), GATE_PIN_FORMAT, i);
		(void)unlinkat(folder, pin, 0);
	}
	(void)unlinkat(pins->folder, name, AT_REMOVEDIR);
}

void gate_pins_remove_known(const struct gate_pins *pins)
{
	gate_pins_remove(pins, pins->own);
	for (size_t i = 0; i < pins->before_count; i++)
		gate_pins_remove(pins, pins->before[i].name);
}

static bool is_known(const struct gate_pins *pins, const char *name)
{
	for (size_t i = 0; i < pins->before_count; i++)
		if (strcmp(pins->before[i].name, name) == 0)
			return true;
	return strcmp(pins->own, name) == 0;
}

void gate_pins_remove_unknown(const struct gate_pins *pins)
{
	_cleanup_directory_ DIR *directory = list(pins->folder);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && !is_known(pins, entry->d_name))
			gate_pins_remove(pins, entry->d_name);
}
