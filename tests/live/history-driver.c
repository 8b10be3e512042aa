/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history-driver SEED: processes that change attributes of the same few files, each its own names, and
 * know at every moment what is there, so that a call that is lost, doubled, or told the wrong result is
 * noticed. Values tell whose they are, and which change made them.
 *
 * Works until standard input ends. Then prints how many calls were made; a line that begins with
 * "wrong" is a call that gave something else, and makes the exit status 1.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../lib/dice.h"

#define PROCESSES 16
#define FILES 3
#define VALUE_SIZE 64

static const char *const names[] = { "security.h", "trusted.h", "security.other" };

#define NAMES (sizeof(names) / sizeof(names[0]))

/* What all of them share. */
static struct {
	atomic_ulong calls;
	atomic_uint wrongs;
	atomic_bool is_over;
} * shared;

/* One process, and what it knows to be there: "" is nothing. */
struct chronicler {
	unsigned int number;
	unsigned long changes;
	struct dice dice;
	char values[FILES][NAMES][VALUE_SIZE];
};

static void expect(const char *what, const char *path, const char *name, long result, long wanted,
		   int wanted_error)
{
	int error = result < 0 ? errno : 0;

	atomic_fetch_add(&shared->calls, 1);
	if (result == wanted && error == wanted_error)
		return;
	if (atomic_fetch_add(&shared->wrongs, 1) < 20)
		printf("wrong: %s of %s on %s: %ld (%s), not %ld (%s)\n", what, name, path, result,
		       strerrorname_np(error), wanted, strerrorname_np(wanted_error));
}

static void set(struct chronicler *self, const char *path, const char *name, char *value)
{
	static const int all_flags[] = { 0, 0, XATTR_CREATE, XATTR_REPLACE };
	int flags = *DICE_PICK(&self->dice, all_flags), error = 0;
	char new_value[VALUE_SIZE];

	snprintf(new_value, sizeof(new_value), "%u.%lu", self->number, ++self->changes);
	if (flags == XATTR_CREATE && *value)
		error = EEXIST;
	if (flags == XATTR_REPLACE && !*value)
		error = ENODATA;
	expect(flags == XATTR_CREATE  ? "create" :
	       flags == XATTR_REPLACE ? "replace" :
					"set",
	       path, name, setxattr(path, name, new_value, strlen(new_value), flags),
	       error ? -1 : 0, error);
	if (!error)
		strcpy(value, new_value);
}

static void take_away(const char *path, const char *name, char *value)
{
	bool is_there = *value;

	expect("remove", path, name, removexattr(path, name), is_there ? 0 : -1,
	       is_there ? 0 : ENODATA);
	*value = '\0';
}

static void get(const char *path, const char *name, const char *value)
{
	char found[VALUE_SIZE] = "";

	expect("get", path, name, getxattr(path, name, found, sizeof(found) - 1),
	       *value ? (long)strlen(value) : -1, *value ? 0 : ENODATA);
	if (strcmp(found, value) != 0 && atomic_fetch_add(&shared->wrongs, 1) < 20)
		printf("wrong: %s on %s is \"%s\", not \"%s\"\n", name, path, found, value);
}

static void list(const char *path, const char *name, const char *value)
{
	char found[16384];
	ssize_t length = listxattr(path, found, sizeof(found));
	bool is_listed = false;

	for (ssize_t at = 0; at < length; at += (ssize_t)strlen(found + at) + 1)
		is_listed = is_listed || strcmp(found + at, name) == 0;
	expect("the list", path, name, length < 0 ? -1 : is_listed, *value != '\0', 0);
}

static void step(struct chronicler *self)
{
	unsigned int file = dice_below(&self->dice, FILES), kind = dice_below(&self->dice, NAMES);
	char path[16], name[64], *value = self->values[file][kind];

	snprintf(path, sizeof(path), "file%u", file);
	snprintf(name, sizeof(name), "%s%u", names[kind], self->number);
	switch (dice_below(&self->dice, 8)) {
	case 0:
	case 1:
	case 2:
	case 3:
		set(self, path, name, value);
		break;
	case 4:
	case 5:
		take_away(path, name, value);
		break;
	case 6:
		list(path, name, value);
		break;
	default:
		get(path, name, value);
	}
}

static _Noreturn void live(unsigned int number, uint64_t seed)
{
	struct chronicler self = { .number = number, .dice = dice_new(seed, number) };

	while (!atomic_load(&shared->is_over))
		step(&self);
	fflush(stdout);
	_exit(0);
}

static void make_files(void)
{
	for (unsigned int i = 0; i < FILES; i++) {
		char path[16];

		snprintf(path, sizeof(path), "file%u", i);
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0)
			err(EXIT_FAILURE, "%s", path);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	char byte;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	make_files();
	for (unsigned int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			live(i, seed);
	printf("begun\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	atomic_store(&shared->is_over, true);
	while (wait(NULL) > 0)
		;
	printf("%lu calls\n", atomic_load(&shared->calls));
	return atomic_load(&shared->wrongs) > 0;
}
