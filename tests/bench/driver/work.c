/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real work: a Debian root file system is unpacked as it is, with hardly an attribute; and a part of it
 * (without the libraries, which are few and large) is unpacked and copied with a label on each entry,
 * as SELinux has it.
 *
 * Each column is a shell under its wrapper, which does what a line says; so neither the start of a
 * supervisor nor the loading of a preloaded library's database is measured. Each works on a tree of
 * its own, which it has unpacked itself: what fakeroot knows of a file is in no file system. What a
 * turn has made is removed, unmeasured, before the next one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/operations.h"
#include "count_of.h"
#include "message.h"
#include "part.h"
#include "runner.h"
#include "wrapper.h"

#define ROUNDS 5

/* Devices are left to the host. */
#define UNPACK \
	"tar --xattrs --xattrs-include='*' --numeric-owner -p --anchored --exclude='./dev/*' -x"
#define LABEL "system_u:object_r:usr_t:s0"

/** struct row - a command; it makes ./made of ../plain.tar, ../labelled.tar or ./tree */
struct row {
	const char *label;
	const char *command;
};

static const struct row rows[] = {
	{ "tar -x", "mkdir made && " UNPACK " -f ../plain.tar -C made" },
	{ "tar -x, labelled", "mkdir made && " UNPACK " -f ../labelled.tar -C made" },
	{ "cp -a, labelled", "cp -a tree made" },
	{ "rsync -aX, labelled", "rsync -aX tree/ made" },
	{ "setfattr, a tree", "find tree -exec setfattr -h -n security.demo -v 0x0304 {} +" },
	{ "getfattr, a tree", "getfattr -R -h -P -d -m - tree >/dev/null" },
};

static const enum wrapper_id variants[] = { WRAPPER_NATIVE, WRAPPER_NSXATTR, WRAPPER_STRICT,
					    WRAPPER_KERNEL, WRAPPER_FAKEROOT };

#define VARIANTS COUNT_OF(variants)

/* The column that others are compared with. */
#define NATIVE 0

struct work {
	struct bench *bench;
	struct matrix *matrix;
	char directory[PATH_MAX];
	struct runner shells[VARIANTS];
	bool is_left[VARIANTS]; /* it cannot do the row */
};

static bool run_shell(const char *script, const char *argument, const char *directory)
{
	static struct command command;

	command.count = 0;
	return command_add(&command, "sh") && command_add(&command, "-c") &&
	       command_add(&command, script) && command_add(&command, argument) &&
	       command_add(&command, directory) && command_run(&command);
}

/* From the tarball, a part of it with labels. */
static const char label_script[] =
	"set -e; cd \"$1\"; ln -s \"$0\" plain.tar\n"
	"mkdir labelled; " UNPACK " --exclude='./usr/lib/*-linux-gnu' -f plain.tar -C labelled\n"
	"find labelled -exec setfattr -h -n security.selinux -v " LABEL " {} +\n"
	"tar --xattrs --xattrs-include='*' --numeric-owner -C labelled -c -f labelled.tar .\n"
	"rm -rf labelled\n";

static bool make_tarballs(const struct work *work)
{
	char tarball[PATH_MAX];

	if (!realpath(work->bench->settings.rootfs, tarball)) {
		complain("there is no %s", work->bench->settings.rootfs);
		return false;
	}
	progress("work: labelling");
	return run_shell(label_script, tarball, work->directory);
}

enum told { DONE = 1, FAILED, SILENT };

/** tell() - have a shell do a command. Return: what became of it; SILENT: no answer at all. */
static enum told tell(const struct runner *shell, const char *command)
{
	char answer[ANSWER_SIZE];

	if (!runner_ask(shell, answer, "{ %s; } </dev/null 2>stderr; echo $?", command))
		return SILENT;
	return strcmp(answer, "0") == 0 ? DONE : FAILED;
}

/** prepare() - unpack the shell's own tree. Return: whether the labels are there. */
static bool prepare(const struct work *work, const struct runner *shell, const char *name)
{
	static const char check[] =
		"[ \"$(getfattr --only-values -n security.selinux tree/etc/passwd)\" = " LABEL " ]";
	char directory[PATH_MAX], command[PATH_MAX + 16], answer[ANSWER_SIZE];

	if (!path_join(directory, work->directory, name) || !make_directory(directory))
		return false;
	snprintf(command, sizeof(command), "cd %s", directory);
	return runner_ask(shell, answer, "%s; echo $?", command) && strcmp(answer, "0") == 0 &&
	       tell(shell, "mkdir tree && " UNPACK " -f ../labelled.tar -C tree") == DONE &&
	       tell(shell, check) == DONE;
}

static bool start(struct work *work, size_t variant)
{
	static struct command command;
	const struct wrapper *wrapper = wrapper_get(variants[variant]);
	const struct settings *settings = &work->bench->settings;
	struct runner *shell = &work->shells[variant];

	progress("work: %s", wrapper->name);
	if (wrapper_command(wrapper, settings, &work->bench->scene, "sh", &command) &&
	    runner_start(shell, &command) && prepare(work, shell, wrapper->name))
		return true;
	return wrapper_leave_out(wrapper, shell);
}

static bool start_all(struct work *work)
{
	bool is_complete = true;

	for (size_t i = 0; i < VARIANTS; i++)
		if (wrapper_is_wanted(wrapper_get(variants[i]), &work->bench->settings) &&
		    !start(work, i))
			is_complete = false;
	return is_complete;
}

/** leave_row() - what an optional variant cannot do is not measured, but it goes on with the rest */
static bool leave_row(struct work *work, size_t row, size_t variant, enum told told)
{
	const struct wrapper *wrapper = wrapper_get(variants[variant]);

	complain("%s: '%s' has failed", wrapper->name, rows[row].label);
	matrix_drop(work->matrix, row, variant);
	work->is_left[variant] = true;
	if (told == SILENT || !wrapper->is_optional)
		runner_give_up(&work->shells[variant]);
	return wrapper->is_optional;
}

/** take_turn() - Return: false when a variant that has to work does not; it is left out then. */
static bool take_turn(struct work *work, size_t row, size_t variant)
{
	struct runner *shell = &work->shells[variant];

	if (!runner_is_running(shell) || work->is_left[variant])
		return true;
	double began = nanoseconds_now();
	enum told told = tell(shell, rows[row].command);
	double seconds = (nanoseconds_now() - began) / 1e9;

	if (tell(shell, "rm -rf made") == SILENT)
		told = SILENT;
	if (told != DONE)
		return leave_row(work, row, variant, told);
	matrix_add(work->matrix, row, variant, seconds);
	return true;
}

static bool measure_row(struct work *work, size_t row)
{
	double began = nanoseconds_now();
	bool is_right = true;

	progress("work: %s", rows[row].label);
	memset(work->is_left, 0, sizeof(work->is_left));
	for (unsigned long round = 0; bench_goes_on(work->bench, round, ROUNDS, began); round++)
		for (size_t i = 0; i < VARIANTS; i++)
			if (!take_turn(work, row, (round + i) % VARIANTS))
				is_right = false;
	return is_right;
}

static struct matrix *make_matrix(struct bench *bench)
{
	struct matrix *matrix = bench_matrix(bench, "work", "time", "seconds", 1);

	wrapper_add_columns(matrix, variants, VARIANTS);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		matrix_add_row(matrix, rows[i].label);
	matrix_compare_with(matrix, NATIVE);
	return matrix;
}

bool part_work(struct bench *bench)
{
	static struct work work;
	bool is_right;

	if (!bench->settings.rootfs) {
		puts("work is left out: it needs --rootfs=TARBALL");
		return true;
	}
	work.bench = bench;
	for (size_t i = 0; i < VARIANTS; i++)
		work.shells[i] = RUNNER_NONE;
	if (!path_join(work.directory, bench->scene.directory, "work") ||
	    !make_directory(work.directory) || !make_tarballs(&work))
		return false;
	work.matrix = make_matrix(bench);
	is_right = start_all(&work);
	for (size_t row = 0; row < COUNT_OF(rows); row++)
		if (!measure_row(&work, row))
			is_right = false;
	for (size_t i = 0; i < VARIANTS; i++)
		runner_stop(&work.shells[i]);
	return is_right;
}
