/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value is set under its new name before the old one is removed, so that it is never lost. A new name
 * that is there already is a conflict, unless its value is the same: then an earlier run was interrupted
 * in between, and what it has begun is finished.
 */
#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_job.h"
#include "exec/inode.h"

#define COUNT_DEFAULT 65536

struct rekey {
	struct tree_job job; /* the first, so that a visit finds the rest */
	bool is_dry, is_verbose;
	uint32_t from, to, count;
	unsigned long moved;
	unsigned long conflicts;
	char value[XATTR_SIZE_MAX];
	char other[XATTR_SIZE_MAX];
};

/* The last number is no id. */
#define ID_MAX (UINT32_MAX - 1)

static const struct option_row rows[] = {
	{ "from", 0, "N", "the first number of the old range", .is_required = true,
	  INTO_NUMBER(struct rekey, from, 0, ID_MAX) },
	{ "to", 0, "M", "the first number of the new range", .is_required = true,
	  INTO_NUMBER(struct rekey, to, 0, ID_MAX) },
	{ "count", 0, "C", "how many numbers the ranges have (65536)",
	  INTO_NUMBER(struct rekey, count, 1, ID_MAX) },
	{ "dry-run", 'n', NULL, "change nothing, only say what would be done",
	  INTO_FLAG(struct rekey, is_dry) },
	{ "verbose", 'v', NULL, "name each value", INTO_FLAG(struct rekey, is_verbose) },
	{ "cross-mounts", 0, NULL, "what is mounted within a tree belongs to it",
	  INTO_FLAG(struct rekey, job.crosses_mounts) },
};

static const struct option_table table = {
	.command = "nsxattr tree rekey",
	.operands = "--from=N --to=M PATH...",
	.about =
		"Give the values that lie on trees with the numbers from N on to those from M on, for\n"
		"a container whose ids have changed. It should not run meanwhile.\n"
		"Exit status: 0; 1 if something could not be done, or was there already.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.missing = "PATH: the tree to work on",
};

/* ---- one value ---- */

static bool fail(struct rekey *rekey, const struct tree_value *value, const char *name, int error)
{
	tree_job_fail(&rekey->job, "%s: %s: %s", value->path, name, strerror(error));
	return false;
}

/* Is the value under the new name the one that was read? */
static bool is_there(struct rekey *rekey, const struct tree_value *value, const char *name,
		     size_t length)
{
	ssize_t other = performer_get(value->performer, name, rekey->other, sizeof(rekey->other));

	return other == (ssize_t)length && memcmp(rekey->other, rekey->value, length) == 0;
}

static bool report_conflict(struct rekey *rekey, const struct tree_value *value, const char *name)
{
	tree_job_fail(&rekey->job, "%s: %s stays, because there is another value of %s",
		      value->path, value->name, name);
	rekey->conflicts++;
	return false;
}

static int set(const struct rekey *rekey, const struct tree_value *value, const char *name,
	       size_t length)
{
	ssize_t r;

	if (!rekey->is_dry)
		return inode_set(value->performer, name, rekey->value, length, XATTR_CREATE);
	r = performer_get(value->performer, name, NULL, 0);
	if (r == -ENODATA)
		return 0;
	return r < 0 ? (int)r : -EEXIST;
}

static bool move(struct rekey *rekey, const struct tree_value *value, const char *name)
{
	ssize_t length =
		performer_get(value->performer, value->name, rekey->value, sizeof(rekey->value));

	if (length < 0)
		return fail(rekey, value, value->name, (int)-length);
	int r = set(rekey, value, name, (size_t)length);

	if (r == -EEXIST && !is_there(rekey, value, name, (size_t)length))
		return report_conflict(rekey, value, name);
	if (r < 0 && r != -EEXIST)
		return fail(rekey, value, name, -r);
	r = rekey->is_dry ? 0 : inode_remove(value->performer, value->name);
	return r == 0 ? true : fail(rekey, value, value->name, -r);
}

static void show(const struct tree_value *value, const char *name)
{
	tree_job_print(value->path, strlen(value->path));
	printf(": ");
	tree_job_print(value->name, strlen(value->name));
	printf(" -> ");
	tree_job_print(name, strlen(name));
	putchar('\n');
}

static void visit(struct tree_job *job, const struct tree_value *value)
{
	struct rekey *rekey = (struct rekey *)job;
	uint32_t number = value->parts.number;
	char name[NAME_SIZE];

	if (number < rekey->from || number - rekey->from >= rekey->count)
		return;
	if (name_join_stored(value->store, value->parts.base, value->parts.base_length,
			     rekey->to + (number - rekey->from), name) < 0) {
		(void)fail(rekey, value, value->name, ERANGE);
		return;
	}
	if (!move(rekey, value, name))
		return;
	rekey->moved++;
	job->is_holder = true;
	if (rekey->is_verbose)
		show(value, name);
}

/* ---- the command line ---- */

/* Where ranges overlap, a value could be moved twice, or meet one that is still to be moved. */
static const char *find_fault(const struct rekey *rekey)
{
	uint32_t distance = rekey->to > rekey->from ? rekey->to - rekey->from :
						      rekey->from - rekey->to;

	if (distance < rekey->count)
		return "the ranges overlap: give a smaller --count, or go by way of another range";
	if (rekey->from > UINT32_MAX - rekey->count || rekey->to > UINT32_MAX - rekey->count)
		return "the ranges go beyond the last id: give a smaller --count";
	return NULL;
}

static void sum_up(const struct rekey *rekey)
{
	printf("%s %lu value%s on %lu file%s", rekey->is_dry ? "would move" : "moved", rekey->moved,
	       rekey->moved == 1 ? "" : "s", rekey->job.holders,
	       rekey->job.holders == 1 ? "" : "s");
	if (rekey->conflicts > 0)
		printf("; %lu stay%s because of others", rekey->conflicts,
		       rekey->conflicts == 1 ? "s" : "");
	if (rekey->job.failures > rekey->conflicts)
		printf("; %lu failure%s", rekey->job.failures - rekey->conflicts,
		       rekey->job.failures - rekey->conflicts == 1 ? "" : "s");
	putchar('\n');
}

int cli_tree_rekey(int argc, char **argv)
{
	struct rekey rekey = { .job.visit = visit, .count = COUNT_DEFAULT };
	char **paths;
	int status;

	if (!options_parse(&table, argc, argv, &rekey, &paths, &status))
		return status;
	const char *fault = find_fault(&rekey);

	if (fault)
		return options_refuse(&table, "%s", fault);
	tree_job_run(&rekey.job, paths);
	sum_up(&rekey);
	return tree_job_end(&rekey.job);
}
