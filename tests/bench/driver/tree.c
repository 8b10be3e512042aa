/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nsxattr tree takes to go over a tree, beside getfattr(1), which asks the same of each file by its path. The tree is
 * in memory; a tenth of the files has a value. A turn is a process from its start to its end.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "../lib/operations.h"
#include "count_of.h"
#include "message.h"
#include "part.h"
#include "runner.h"

#define ROUNDS 5
#define DIRECTORIES 100
#define FILES 1000 /* of a directory */
#define EACH 10 /* of which one has a value */

/* The column that others are compared with. */
#define GETFATTR 0

/** struct row - the commands of both columns; $0 is nsxattr, $1 the tree */
struct row {
	const char *label;
	const char *commands[2];
};

static const struct row rows[] = {
	{ "names",
	  { "getfattr -Rh --absolute-names -m - $1 >/dev/null",
	    "$0 tree ls --names $1 >/dev/null" } },
	{ "values",
	  { "getfattr -Rhd --absolute-names -m - $1 >/dev/null",
	    "$0 tree export --from=100000 $1 >/dev/null 2>&1" } },
};

static bool label_files(const char *directory)
{
	char path[PATH_MAX], name[16];

	for (int i = 0; i < FILES; i += EACH) {
		snprintf(name, sizeof(name), "%d", i);
		if (!path_join(path, directory, name))
			return false;
		if (setxattr(path, "security.demo@uid=100000", "value", 5, 0) == 0)
			continue;
		complain("cannot set an attribute of %s: %s", path, strerror(errno));
		return false;
	}
	return true;
}

static bool make_tree(const char *tree)
{
	char directory[PATH_MAX], name[16];

	for (int i = 0; i < DIRECTORIES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if (!path_join(directory, tree, name) || !make_directory(directory) ||
		    !make_files(directory, FILES) || !label_files(directory))
			return false;
	}
	return true;
}

static bool take_turn(struct matrix *matrix, const char *nsxattr, const char *tree, size_t row,
		      size_t column)
{
	static struct command command;
	double began = nanoseconds_now();

	command.count = 0;
	if (!command_add(&command, "sh") || !command_add(&command, "-c") ||
	    !command_add(&command, rows[row].commands[column]) || !command_add(&command, nsxattr) ||
	    !command_add(&command, tree) || !command_run(&command))
		return false;
	matrix_add(matrix, row, column, DIRECTORIES * FILES * 1e9 / (nanoseconds_now() - began));
	return true;
}

static bool measure(struct bench *bench, struct matrix *matrix, const char *tree, size_t row)
{
	double began = nanoseconds_now();

	for (unsigned long round = 0; bench_goes_on(bench, round, ROUNDS, began); round++)
		for (size_t i = 0; i < 2; i++)
			if (!take_turn(matrix, bench->settings.nsxattr, tree, row, (round + i) % 2))
				return false;
	return true;
}

bool part_tree(struct bench *bench)
{
	char tree[PATH_MAX];
	struct matrix *matrix = bench_matrix(bench, "tree", "rate", "files a second", 1);

	progress("tree");
	matrix_add_column(matrix, "getfattr", "getfattr -R");
	matrix_add_column(matrix, "nsxattr", "nsxattr tree ls --names, and nsxattr tree export");
	matrix_compare_with(matrix, GETFATTR);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		matrix_add_row(matrix, rows[i].label);
	if (!path_join(tree, bench->scene.directory, "tree") || !make_directory(tree) ||
	    !make_tree(tree))
		return false;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!measure(bench, matrix, tree, i))
			return false;
	return remove_tree(tree);
}
