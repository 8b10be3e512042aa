/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tree_export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_store.h"
#include "file_capability.h"
#include "policy.h"

enum format { FORMAT_DUMP, FORMAT_TAR };

struct export
{
	struct tree_export shared; /* the first */
	enum format format;
};

static const struct schema_word formats[] = { { "dump", FORMAT_DUMP }, { "tar", FORMAT_TAR } };

static const char *parse_owners(void *request, const char *argument)
{
	struct export *export = request;

	export->shared.has_owners = true;
	return tree_range_parse(argument, &export->shared.owners);
}

static const struct option_row rows[] = {
	{ "from", 0, "N", "the container's number: the host's id of its root", .is_required = true,
	  INTO_NUMBER(struct tree_export, range.from, 0, TREE_ID_MAX) },
	{ "count", 0, "C", "how many numbers the container has (65536)",
	  INTO_NUMBER(struct tree_export, range.count, 1, TREE_ID_MAX) },
	{ "store", 0, NULL, "where the container's policy keeps values (security)",
	  INTO_WORD(struct tree_export, store, tree_stores) },
	{ "format", 0, NULL, "what is written (dump)", INTO_WORD(struct export, format, formats) },
	{ "owners-from", 0, "M", "tar: the ids of owners from M on become those from 0 on",
	  PARSED_BY(parse_owners) },
	{ "allow-unmapped", 0, NULL, "tar: ids that the container has not are no failure",
	  INTO_FLAG(struct tree_export, allows_unmapped) },
	TREE_JOB_ROWS,
};

static const struct option_table table = {
	.command = "nsxattr tree export",
	.operands = "--from=N PATH",
	.about =
		"Write the values of a container that lie on a tree, under the container's own\n"
		"names, to standard output: as a dump that setfattr --restore reads in the tree's\n"
		"directory, or the whole tree with them as a tar archive.\n"
		"Exit status: 0; 1 if something could not be read or written.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.missing = "PATH: the tree to export",
};

/* ---- a value's name inside ---- */

/* A tar archive has what is in user.*, as all tools write it there. */
static bool is_common(const struct tree_value *value)
{
	return value->kind == TREE_PLAIN &&
	       name_has_prefix(value->name, strlen(value->name), "user.") &&
	       !name_is_below_store(STORE_USER, value->name, strlen(value->name));
}

/*
 * In a store that the policy does not use, names are those of any process that may write the file. And a kernel honours
 * what it did not, if a name that the policy has made becomes that of a file capability.
 */
static bool is_stored_inside(struct tree_export *export, const struct tree_value *value)
{
	if (value->store != export->store) {
		export->left_out[value->store]++;
		return false;
	}
	if (!file_capability_is_name(value->parts.base, value->parts.base_length))
		return true;
	tree_job_fail(&export->job, "%s: %s is left out: it is no file capability of the kernel's",
		      value->path, value->name);
	return false;
}

static bool is_inside(struct tree_export *export, const struct tree_value *value)
{
	uint32_t place;

	if (value->kind == TREE_PLAIN)
		return is_common(value);
	return tree_range_has(&export->range, value->parts.number, &place) &&
	       (value->kind == TREE_CAPABILITY || is_stored_inside(export, value));
}

static bool name_inside(const struct tree_export *export, const struct tree_value *value,
			char ret_name[NAME_SIZE])
{
	const struct stored_name *parts = &value->parts;
	uint32_t place = 0;

	if (value->kind == TREE_STORED && tree_range_has(&export->range, parts->number, &place) &&
	    place > 0)
		return name_join(parts->base, parts->base_length, place, ret_name) == 0;
	if (parts->base_length >= NAME_SIZE)
		return false;
	memcpy(ret_name, parts->base, parts->base_length);
	ret_name[parts->base_length] = '\0';
	return true;
}

/* As its root reads it. Return: its length. */
static ssize_t capability_inside(const struct tree_export *export, const struct tree_value *value)
{
	const uint8_t *capability = value->capability;
	uint8_t *bytes = (uint8_t *)value->room->value;
	uint32_t place = 0;

	(void)tree_range_has(&export->range, value->parts.number, &place);
	if (place == 0)
		return (ssize_t)file_capability_plain(capability, FILE_CAPABILITY_SIZE, bytes);
	(void)file_capability_give(capability, FILE_CAPABILITY_SIZE, place, bytes);
	return FILE_CAPABILITY_SIZE;
}

/* As the container reads it, into the room. Return: its length; -errno. */
static ssize_t value_inside(const struct tree_export *export, const struct tree_value *value)
{
	return value->kind == TREE_CAPABILITY ?
		       capability_inside(export, value) :
		       performer_get(value->performer, value->name, value->room->value,
				     sizeof(value->room->value));
}

bool tree_export_next(struct tree_export *export, const struct tree_inode *inode, size_t *at,
		      char ret_name[NAME_SIZE], size_t *ret_length)
{
	struct tree_value value;

	while (tree_inode_next(&export->job, inode, at, &value)) {
		if (!is_inside(export, &value) || !name_inside(export, &value, ret_name))
			continue;
		ssize_t length = value_inside(export, &value);

		if (length < 0) {
			tree_job_fail_value(&export->job, &value, value.name, (int)-length);
			continue;
		}
		*ret_length = (size_t)length;
		export->job.values++;
		inode->room->is_holder = true;
		return true;
	}
	return false;
}

bool tree_export_write(struct tree_export *export, const void *bytes, size_t size)
{
	if (!export->is_broken && fwrite(bytes, 1, size, stdout) != size) {
		export->is_broken = true;
		tree_job_fail(&export->job, "cannot write to standard output: %s", strerror(errno));
	}
	return !export->is_broken;
}

/* ---- the command line ---- */

static void prepare(struct export *export)
{
	struct tree_job *job = &export->shared.job;
	bool is_tar = export->format == FORMAT_TAR;

	job->visit_inode = is_tar ? tree_export_tar : tree_export_dump;
	job->takes_all = job->takes_plain = is_tar;
}

static void tell_left_out(enum store store, unsigned long count)
{
	if (count > 0)
		log_notice("%lu value%s of the store %s %s left out: see --store", count,
			   count == 1 ? "" : "s", store_word(store), count == 1 ? "is" : "are");
}

static void sum_up(const struct tree_export *export)
{
	const struct tree_job *job = &export->job;

	for (enum store store = 0; store < STORE_COUNT; store++)
		tell_left_out(store, export->left_out[store]);
	if (export->unmapped > 0)
		log_notice("%lu id%s of owners or in access control lists %s none of the "
			   "container's: such owners become %d, such entries are left out; with "
			   "--allow-unmapped that is no failure",
			   export->unmapped, export->unmapped == 1 ? "" : "s",
			   export->unmapped == 1 ? "is" : "are", TREE_ID_NOBODY);
	log_notice("exported %lu value%s of %lu file%s", job->values, job->values == 1 ? "" : "s",
		   job->holders, job->holders == 1 ? "" : "s");
}

int cli_tree_export(int argc, char **argv)
{
	struct export export = {
		.shared = { .range.count = TREE_COUNT_DEFAULT, .store = STORE_SECURITY },
	};
	struct tree_job *job = &export.shared.job;
	char **paths;
	int status;

	if (!options_parse(&table, argc, argv, &export, &paths, &status))
		return status;
	if (paths[1])
		return options_refuse(&table, "one tree at a time");
	if (export.format == FORMAT_TAR && isatty(STDOUT_FILENO) == 1)
		return options_refuse(&table, "an archive is not for a terminal");
	prepare(&export);
	tree_job_run(job, paths);
	if (export.format == FORMAT_TAR)
		tree_export_end_tar(&export.shared);
	sum_up(&export.shared);
	return tree_job_end(job);
}
