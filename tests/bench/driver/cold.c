/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that the kernel does not have in memory: one pass over them, by 1 and by 16 targets, on an
 * ext4 of its own. It lies in a file and is mounted anew for each turn. A namespace that runs would
 * hold the mount, so each crowd starts behind it and ends before its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "../lib/operations.h"
#include "count_of.h"
#include "crowds.h"
#include "message.h"

#define ROUNDS 3
#define FILES 4096
#define IMAGE_SIZE (64 << 20)
#define INODES "32768"

static const struct {
	const char *label;
	unsigned int targets;
} rows[] = { { "1 target", 1 }, { "16 targets", 16 } };

static const enum wrapper_id variants[] = { WRAPPER_NATIVE, WRAPPER_NSXATTR, WRAPPER_INLINE,
					    WRAPPER_THREADS };

/* The column that others are compared with. */
#define NATIVE 0

/** struct cold - a file system in a file */
struct cold {
	char image[PATH_MAX];
	char mountpoint[PATH_MAX];
};

static bool run_words(const char *const words[])
{
	static struct command command;

	command.count = 0;
	for (size_t i = 0; words[i]; i++)
		if (!command_add(&command, words[i]))
			return false;
	return command_run(&command);
}

static bool mount_image(const struct cold *cold)
{
	return run_words((const char *const[]){ "mount", "-o", "loop,noatime", cold->image,
						cold->mountpoint, NULL });
}

/* After this nothing of it is in memory, the pages of the image included. */
static bool unmount_image(const struct cold *cold)
{
	if (!run_words((const char *const[]){ "umount", cold->mountpoint, NULL })) {
		(void)umount2(cold->mountpoint, MNT_DETACH);
		return false;
	}
	int fd = open(cold->image, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	(void)fsync(fd);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	return true;
}

static bool format_image(const struct cold *cold)
{
	int fd = open(cold->image, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool is_made = fd >= 0 && ftruncate(fd, IMAGE_SIZE) == 0;

	if (fd >= 0)
		close(fd);
	return is_made &&
	       run_words((const char *const[]){ "mkfs.ext4", "-q", "-N", INODES, "-E",
						"root_owner=100000:100000", cold->image, NULL });
}

/* Each column sets what it will get. */
static bool fill_image(struct crowds *crowds)
{
	bool is_filled = true;

	for (size_t i = 0; i < crowds->count && is_filled; i++)
		is_filled = make_directory(crowds->columns[i].directory) &&
			    make_files(crowds->columns[i].directory, FILES);
	if (is_filled)
		is_filled = crowds_start(crowds, FILES);
	crowds_stop(crowds);
	return is_filled;
}

static bool make_columns(struct crowds *crowds, const struct cold *cold)
{
	char directory[PATH_MAX];

	for (size_t i = 0; i < COUNT_OF(variants); i++) {
		const struct wrapper *wrapper = wrapper_get(variants[i]);

		if (!wrapper_is_wanted(wrapper, &crowds->bench->settings))
			continue;
		if (!path_join(directory, cold->mountpoint, wrapper->name))
			return false;
		crowds_add(crowds, variants[i], directory);
	}
	crowds_label(crowds, NATIVE);
	return true;
}

static bool take_turn(struct crowds *crowds, const struct cold *cold, size_t row, size_t column,
		      unsigned int targets)
{
	struct crowd_task task = { .operation = "get", .targets = targets, .files = FILES };

	if (!mount_image(cold))
		return false;
	bool is_right = crowds_start_one(crowds, column, 0) &&
			crowds_take_turn(crowds, row, column, &task);

	runner_stop(&crowds->columns[column].runner);
	return unmount_image(cold) && is_right;
}

static bool measure(struct crowds *crowds, const struct cold *cold)
{
	double began = nanoseconds_now();
	bool is_right = true;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		crowds_add_row(crowds, rows[i].label);
	for (unsigned long round = 0; bench_goes_on(crowds->bench, round, ROUNDS, began); round++)
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			for (size_t j = 0; j < crowds->count; j++)
				if (!take_turn(crowds, cold, i, (round + j) % crowds->count,
					       rows[i].targets))
					is_right = false;
	return is_right;
}

bool part_cold(struct bench *bench)
{
	static struct crowds crowds;
	struct cold cold;

	crowds.bench = bench;
	if (!path_join(cold.image, bench->scene.directory, "cold.ext4") ||
	    !path_join(cold.mountpoint, bench->scene.directory, "cold") ||
	    !make_directory(cold.mountpoint) || !format_image(&cold))
		return false;
	if (access("/dev/loop-control", F_OK) < 0 || !mount_image(&cold)) {
		puts("cold is left out: it needs loop devices");
		return true;
	}
	progress("cold");
	crowds.tables.rate = bench_matrix(bench, "cold", "rate", "files a second", 1);
	bool is_filled = make_columns(&crowds, &cold) && fill_image(&crowds);

	return unmount_image(&cold) && is_filled && measure(&crowds, &cold);
}
