/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value is set under its new name, and read back, before the old one is removed, so that it is never lost. A new
 * name that is there already is a conflict, unless its value is the same: then an earlier run was interrupted
 * in between, and what it has begun is finished. A file capability changes its root in one step.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_job.h"
#include "cli/tree_range.h"
#include "cli/tree_set.h"
#include "exec/inode.h"
#include "file_capability.h"

struct rekey {
	struct tree_job job; /* the first, so that a visit finds the rest */
	bool is_dry, is_verbose;
	struct tree_range range;
	uint32_t to;
};

static const struct option_row rows[] = {
	{ "from", 0, "N", "the first number of the old range", .is_required = true,
	  INTO_NUMBER(struct rekey, range.from, 0, TREE_ID_MAX) },
	{ "to", 0, "M", "the first number of the new range", .is_required = true,
	  INTO_NUMBER(struct rekey, to, 0, TREE_ID_MAX) },
	{ "count", 0, "C", "how many numbers the ranges have (65536)",
	  INTO_NUMBER(struct rekey, range.count, 1, TREE_ID_MAX) },
	{ "dry-run", 'n', NULL, "change nothing, only say what would be done",
	  INTO_FLAG(struct rekey, is_dry) },
	{ "verbose", 'v', NULL, "name each value", INTO_FLAG(struct rekey, is_verbose) },
	TREE_JOB_ROWS,
	TREE_JSON_ROW,
};

static const struct option_table table = {
	.command = "nsxattr tree rekey",
	.operands = "--from=N --to=M PATH...",
	.about = "Give the values that lie on trees with the numbers from N on to those from M\n"
		 "on, for a container whose ids have changed. It should not run meanwhile.\n"
		 "Exit status: 0; 1 if something could not be done, or was there already.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.missing = "PATH: the tree to work on",
};

/* ---- one value ---- */

static bool fail(struct rekey *rekey, const struct tree_value *value, const char *name, int error)
{
	tree_job_fail_value(&rekey->job, value, name, error);
	return false;
}

static bool report_conflict(struct rekey *rekey, const struct tree_value *value, const char *name)
{
	tree_job_fail(&rekey->job, "%s: %s stays, because there is another value of %s",
		      value->path, value->name, name);
	rekey->job.conflicts++;
	return false;
}

static bool move(struct rekey *rekey, const struct tree_value *value, const char *name)
{
	ssize_t length = performer_get(value->performer, value->name, value->room->value,
				       sizeof(value->room->value));

	if (length < 0)
		return fail(rekey, value, value->name, (int)-length);
	switch (tree_set(value, name, (size_t)length, rekey->is_dry)) {
	case TREE_IS_THERE:
	case TREE_IS_SET:
		break;
	case TREE_IS_ANOTHER:
		return report_conflict(rekey, value, name);
	case TREE_HAS_FAILED:
	default:
		return fail(rekey, value, name, errno);
	}
	int r = rekey->is_dry ? 0 : inode_remove(value->performer, value->name);

	return r == 0 ? true : fail(rekey, value, value->name, -r);
}

/* For a message. */
static void name_capability(uint32_t root, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%s of %u", FILE_CAPABILITY_NAME, root);
}

static bool give(struct rekey *rekey, const struct tree_value *value, uint32_t number)
{
	uint8_t bytes[FILE_CAPABILITY_SIZE];
	uint32_t root = 0;

	if (number == 0) {
		tree_job_fail(&rekey->job, "%s: %s stays: the one of root 0 is the host's",
			      value->path, value->name);
		return false;
	}
	if (rekey->is_dry)
		return true;
	int r = inode_give_capability(value->performer, value->parts.number, false, number);

	if (r < 0)
		return fail(rekey, value, value->name, -r);
	ssize_t length = performer_get(value->performer, value->name, bytes, sizeof(bytes));

	if (length < 0 || !file_capability_root(bytes, (size_t)length, &root) || root != number)
		return fail(rekey, value, value->name, length < 0 ? (int)-length : EIO);
	return true;
}

static bool move_or_give(struct rekey *rekey, const struct tree_value *value, uint32_t number,
			 char name[NAME_SIZE], char new_name[NAME_SIZE])
{
	if (value->kind == TREE_CAPABILITY) {
		name_capability(value->parts.number, name);
		name_capability(number, new_name);
		return give(rekey, value, number);
	}
	snprintf(name, NAME_SIZE, "%s", value->name);
	if (name_join_stored(value->store, value->parts.base, value->parts.base_length, number,
			     new_name) < 0)
		return fail(rekey, value, value->name, ERANGE);
	return move(rekey, value, new_name);
}

static void visit(struct tree_job *job, const struct tree_value *value)
{
	struct rekey *rekey = (struct rekey *)job;
	char name[NAME_SIZE], new_name[NAME_SIZE];
	uint32_t place;

	if (!tree_range_has(&rekey->range, value->parts.number, &place) ||
	    !move_or_give(rekey, value, rekey->to + place, name, new_name))
		return;
	job->values++;
	value->room->is_holder = true;
	if (rekey->is_verbose)
		tree_job_show_change(job, value->path, name, new_name);
}

/* ---- the command line ---- */

/* Where ranges overlap, a value could be moved twice, or meet one that is still to be moved. */
static const char *find_fault(const struct rekey *rekey)
{
	const struct tree_range to = { rekey->to, rekey->range.count };
	uint32_t from = rekey->range.from;
	uint32_t distance = rekey->to > from ? rekey->to - from : from - rekey->to;

	if (distance < rekey->range.count)
		return "the ranges overlap: give a smaller --count, or go by way of another range";
	if (tree_range_is_beyond(&rekey->range) || tree_range_is_beyond(&to))
		return "the ranges go beyond the last id: give a smaller --count";
	return NULL;
}

int cli_tree_rekey(int argc, char **argv)
{
	struct rekey rekey = { .job.visit = visit, .range.count = TREE_COUNT_DEFAULT };
	char **paths;
	int status;

	if (!options_parse(&table, argc, argv, &rekey, &paths, &status))
		return status;
	const char *fault = find_fault(&rekey);

	if (fault)
		return options_refuse(&table, "%s", fault);
	tree_job_run(&rekey.job, paths);
	return tree_job_sum_up(&rekey.job, rekey.is_dry ? "would move" : "moved", rekey.is_dry);
}
