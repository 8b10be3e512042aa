/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree that the host has used itself, such as a brick or a share, becomes a container's: the host's plain values
 * become the container's own. Plain ones go, if at all, only when the container's have been read back.
 */
#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_job.h"
#include "cli/tree_range.h"
#include "cli/tree_set.h"
#include "cli/tree_store.h"
#include "exec/inode.h"
#include "file_capability.h"
#include "policy.h"

struct adopt {
	struct tree_job job; /* the first, so that a visit finds the rest */
	bool is_dry, is_verbose, is_moving;
	uint32_t to;
	enum store store;
};

static const struct option_row rows[] = {
	{ "to", 0, "N", "the container's number: the host's id of its root", .is_required = true,
	  INTO_NUMBER(struct adopt, to, 0, TREE_ID_MAX) },
	{ "store", 0, NULL, "where the container's policy keeps values (security)",
	  INTO_WORD(struct adopt, store, tree_stores) },
	{ "move", 0, NULL, "remove the plain ones; give file capabilities away, too",
	  INTO_FLAG(struct adopt, is_moving) },
	{ "dry-run", 'n', NULL, "change nothing, only say what would be done",
	  INTO_FLAG(struct adopt, is_dry) },
	{ "verbose", 'v', NULL, "name each value", INTO_FLAG(struct adopt, is_verbose) },
	TREE_JOB_ROWS,
	TREE_JSON_ROW,
};

static const struct option_table table = {
	.command = "nsxattr tree adopt",
	.operands = "--to=N PATH...",
	.about = "Give a container the values of security.* and trusted.* that trees have for the\n"
		 "host. What the host's own kernel uses stays out, unless --name has the whole\n"
		 "name: security.selinux, security.ima, security.evm, security.apparmor,\n"
		 "security.SMACK64*, security.bpf.*, trusted.overlay.*, trusted.SGI_ACL_*.\n"
		 "Exit status: 0; 1 if something could not be done, or was there already.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.missing = "PATH: the tree to work on",
};

static bool is_kernels(const char *name, size_t length)
{
	static const struct rule kernels[] = {
		{ .pattern = "security.selinux" },  { .pattern = "security.ima" },
		{ .pattern = "security.evm" },	    { .pattern = "security.apparmor" },
		{ .pattern = "security.SMACK64*" }, { .pattern = "security.bpf.*" },
		{ .pattern = "trusted.overlay.*" }, { .pattern = "trusted.SGI_ACL_*" },
	};

	for (size_t i = 0; i < COUNT_OF(kernels); i++)
		if (rule_matches(&kernels[i], name, length))
			return true;
	return false;
}

/* By its whole name: a glob is not meant for it. */
static bool is_named(const struct tree_job *job, const char *name, size_t length)
{
	for (size_t i = 0; i < job->name_count; i++)
		if (strlen(job->names[i]) == length && memcmp(job->names[i], name, length) == 0)
			return true;
	return false;
}

static bool fail(struct adopt *adopt, const struct tree_value *value, const char *name, int error)
{
	tree_job_fail_value(&adopt->job, value, name, error);
	return false;
}

static bool report_conflict(struct adopt *adopt, const struct tree_value *value, const char *name)
{
	tree_job_fail(&adopt->job, "%s: %s stays, because there is another value of %s",
		      value->path, value->name, name);
	adopt->job.conflicts++;
	return false;
}

static bool copy(struct adopt *adopt, const struct tree_value *value, const char *name)
{
	ssize_t length = performer_get(value->performer, value->name, value->room->value,
				       sizeof(value->room->value));

	if (length < 0)
		return fail(adopt, value, value->name, (int)-length);
	switch (tree_set(value, name, (size_t)length, adopt->is_dry)) {
	case TREE_IS_THERE:
	case TREE_IS_SET:
		break;
	case TREE_IS_ANOTHER:
		return report_conflict(adopt, value, name);
	case TREE_HAS_FAILED:
	default:
		return fail(adopt, value, name, errno);
	}
	int r = adopt->is_dry || !adopt->is_moving ?
			0 :
			inode_remove_copied(value->performer, value->name, name);

	return r == 0 ? true : fail(adopt, value, value->name, -r);
}

/* A file has one capability: it can be given away, but not to two. */
static bool give(struct adopt *adopt, const struct tree_value *value)
{
	if (adopt->to == 0) {
		tree_job_fail(&adopt->job, "%s: %s stays: the one of root 0 is the host's",
			      value->path, value->name);
		return false;
	}
	int r = adopt->is_dry ? 0 : inode_give_capability(value->performer, 0, true, adopt->to);

	return r == 0 ? true : fail(adopt, value, value->name, -r);
}

static bool is_wanted(const struct adopt *adopt, const struct tree_value *value,
		      bool *ret_is_capability)
{
	*ret_is_capability = file_capability_is_name(value->parts.base, value->parts.base_length);
	if (value->kind != TREE_PLAIN)
		return false;
	if (is_kernels(value->parts.base, value->parts.base_length) &&
	    !is_named(&adopt->job, value->parts.base, value->parts.base_length))
		return false;
	return !*ret_is_capability || adopt->is_moving;
}

static void visit(struct tree_job *job, const struct tree_value *value)
{
	struct adopt *adopt = (struct adopt *)job;
	char name[NAME_SIZE] = FILE_CAPABILITY_NAME;
	bool is_capability;

	if (!is_wanted(adopt, value, &is_capability))
		return;
	int r = is_capability ? 0 :
				name_join_stored(adopt->store, value->parts.base,
						 value->parts.base_length, adopt->to, name);

	if (r == -EINVAL)
		return; /* no name that a container has of its own */
	if (r < 0) {
		(void)fail(adopt, value, value->name, -r);
		return;
	}
	if (!(is_capability ? give(adopt, value) : copy(adopt, value, name)))
		return;
	job->values++;
	value->room->is_holder = true;
	if (adopt->is_verbose)
		tree_job_show_change(job, value->path, value->name, name);
}

int cli_tree_adopt(int argc, char **argv)
{
	struct adopt adopt = {
		.job = { .visit = visit, .takes_plain = true },
		.store = STORE_SECURITY,
	};
	char **paths;
	int status;

	if (!options_parse(&table, argc, argv, &adopt, &paths, &status))
		return status;
	tree_job_run(&adopt.job, paths);
	return tree_job_sum_up(&adopt.job, adopt.is_dry ? "would adopt" : "adopted", adopt.is_dry);
}
