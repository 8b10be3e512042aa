/* SPDX-License-Identifier: Apache-2.0 */
/* Remove the values of one range of ids, or of all of them: of a tree that becomes another container's, or a plain one. */
#include <errno.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_job.h"
#include "cli/tree_range.h"
#include "exec/inode.h"

struct strip {
	struct tree_job job; /* the first, so that a visit finds the rest */
	bool is_dry, is_verbose, is_all, is_ranged;
	struct tree_range range;
};

static const char *parse_from(void *request, const char *argument)
{
	struct strip *strip = request;

	strip->is_ranged = true;
	return tree_range_parse(argument, &strip->range.from);
}

static const struct option_row rows[] = {
	{ "from", 0, "N", "the first number of the range", PARSED_BY(parse_from) },
	{ "count", 0, "C", "how many numbers the range has (65536)",
	  INTO_NUMBER(struct strip, range.count, 1, TREE_ID_MAX) },
	{ "all", 'a', NULL, "the values of all numbers", INTO_FLAG(struct strip, is_all) },
	{ "dry-run", 'n', NULL, "change nothing, only say what would be done",
	  INTO_FLAG(struct strip, is_dry) },
	{ "verbose", 'v', NULL, "name each value", INTO_FLAG(struct strip, is_verbose) },
	TREE_JOB_ROWS,
	TREE_JSON_ROW,
};

static const struct option_table table = {
	.command = "nsxattr tree strip",
	.operands = "--from=N|--all PATH...",
	.about = "Remove the values that lie on trees with the numbers from N on. The host's own\n"
		 "stay.\n"
		 "Exit status: 0; 1 if something could not be done.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.missing = "PATH: the tree to work on",
};

static int remove_value(const struct tree_value *value)
{
	if (value->kind == TREE_CAPABILITY)
		return inode_remove_capability(value->performer, value->parts.number);
	return inode_remove(value->performer, value->name);
}

static void visit(struct tree_job *job, const struct tree_value *value)
{
	struct strip *strip = (struct strip *)job;
	uint32_t place;
	int r;

	if (!strip->is_all && !tree_range_has(&strip->range, value->parts.number, &place))
		return;
	r = strip->is_dry ? 0 : remove_value(value);
	if (r == -ENODATA)
		return; /* another process was quicker */
	if (r < 0) {
		tree_job_fail_value(job, value, value->name, -r);
		return;
	}
	job->values++;
	value->room->is_holder = true;
	if (strip->is_verbose)
		tree_job_show_change(job, value->path, value->name, NULL);
}

int cli_tree_strip(int argc, char **argv)
{
	struct strip strip = { .job.visit = visit, .range.count = TREE_COUNT_DEFAULT };
	char **paths;
	int status;

	if (!options_parse(&table, argc, argv, &strip, &paths, &status))
		return status;
	if (strip.is_all == strip.is_ranged)
		return options_refuse(&table, "give either --from=N or --all");
	tree_job_run(&strip.job, paths);
	return tree_job_sum_up(&strip.job, strip.is_dry ? "would remove" : "removed", strip.is_dry);
}
