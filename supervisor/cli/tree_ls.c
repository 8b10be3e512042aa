/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/tree_job.h"
#include "cli/tree_owners.h"
#include "cli/tree_text.h"
#include "exec/tree.h"
#include "file_capability.h"
#include "policy.h"

struct ls {
	struct tree_job job; /* the first, so that a visit finds the rest */
	bool is_long, has_names;
	struct tree_owners owners;
};

static const struct option_row rows[] = {
	{ "long", 'l', NULL, "each value: the number, the attribute, the store, the file",
	  INTO_FLAG(struct ls, is_long) },
	{ "names", 0, NULL, "for each number, each attribute", INTO_FLAG(struct ls, has_names) },
	TREE_JOB_ROWS,
	TREE_JSON_ROW,
};

static const struct option_table table = {
	.command = "nsxattr tree ls",
	.operands = "PATH...",
	.about = "Say whose values lie on trees: for each number that the names of values have,\n"
		 "how many values there are, on how many files, and how many bytes. A file\n"
		 "capability counts for the root that it has.\n"
		 "Exit status: 0; 1 if something could not be read.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.missing = "PATH: the tree to work on",
};

/* ---- each value ---- */

static const char *place_of(const struct tree_value *value)
{
	return value->kind == TREE_CAPABILITY ? "kernel" : store_word(value->store);
}

static void show_json(const struct tree_value *value, size_t bytes)
{
	struct json_object *object = json_object_new_object();
	_cleanup_free_ char *base = tree_text_spell(value->parts.base, value->parts.base_length);
	_cleanup_free_ char *path = tree_text_spell(value->path, strlen(value->path));

	json_add_number(object, "number", value->parts.number);
	json_add_text(object, "name", base);
	json_add_text(object, "store", place_of(value));
	json_add_number(object, "bytes", bytes);
	json_add_text(object, "path", path);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static void show(struct tree_job *job, const struct tree_value *value, size_t bytes)
{
	tree_job_lock(job);
	if (job->is_json) {
		show_json(value, bytes);
	} else {
		printf("%u\t", value->parts.number);
		tree_text_print(value->parts.base, value->parts.base_length);
		printf("\t%s\t", place_of(value));
		tree_text_print(value->path, strlen(value->path));
		putchar('\n');
	}
	tree_job_unlock(job);
}

/* ---- all values of an inode ---- */

/* A value that is to be added, when all of the inode's are known. */
struct found {
	uint32_t number;
	const char *base; /* in the inode's list */
	size_t base_length, bytes;
};

/* Those of an inode. */
struct founds {
	struct found *founds;
	size_t count, size;
};

static bool keep(struct founds *all, const struct tree_value *value, size_t bytes)
{
	size_t size = all->size > 0 ? 2 * all->size : 16;

	if (all->count == all->size) {
		struct found *founds = reallocarray(all->founds, size, sizeof(*founds));

		if (!founds)
			return false;
		all->founds = founds;
		all->size = size;
	}
	all->founds[all->count++] = (struct found){ value->parts.number, value->parts.base,
						    value->parts.base_length, bytes };
	return true;
}

/* Together, so that those of a number are on one file, whatever other threads add. */
static bool add(struct ls *ls, const struct founds *all)
{
	bool is_added = true;

	tree_job_lock(&ls->job);
	tree_owners_begin(&ls->owners);
	for (size_t i = 0; i < all->count && is_added; i++) {
		const struct found *found = &all->founds[i];

		is_added = tree_owners_add(&ls->owners, found->number,
					   ls->has_names ? found->base : NULL, found->base_length,
					   found->bytes);
	}
	tree_job_unlock(&ls->job);
	return is_added;
}

static ssize_t size_of(const struct tree_value *value)
{
	return value->kind == TREE_CAPABILITY ?
		       FILE_CAPABILITY_SIZE :
		       performer_get(value->performer, value->name, NULL, 0);
}

/* Return: false: there is no memory. */
static bool take(struct ls *ls, const struct tree_value *value, struct founds *all)
{
	ssize_t bytes = size_of(value);

	if (bytes < 0) {
		tree_job_fail_value(&ls->job, value, value->name, (int)-bytes);
		return true;
	}
	value->room->is_holder = true;
	ls->job.values++;
	if (!ls->is_long)
		return keep(all, value, (size_t)bytes);
	show(&ls->job, value, (size_t)bytes);
	return true;
}

static void visit_inode(struct tree_job *job, const struct tree_inode *inode)
{
	struct ls *ls = (struct ls *)job;
	struct founds all = { 0 };
	struct tree_value value;
	bool is_taken = true;

	for (size_t at = 0; is_taken && tree_inode_next(job, inode, &at, &value);)
		is_taken = take(ls, &value, &all);
	if (!(is_taken && (all.count == 0 || add(ls, &all))))
		tree_job_fail(job, "%s: there is no memory", inode->entry->path);
	free(all.founds);
}

/* ---- the sums ---- */

static void show_owner(void *place, const struct tree_owner *owner)
{
	(void)place;
	printf("%-12u%12lu%12lu%14lu", owner->number, owner->values, owner->files, owner->bytes);
	if (owner->base) {
		printf("  ");
		tree_text_print(owner->base, owner->base_length);
	}
	putchar('\n');
}

static void show_owners(const struct ls *ls)
{
	if (ls->owners.count > 0)
		printf("%-12s%12s%12s%14s%s\n", "NUMBER", "VALUES", "FILES", "BYTES",
		       ls->has_names ? "  NAME" : "");
	tree_owners_each(&ls->owners, show_owner, NULL);
}

static void show_owner_json(void *array, const struct tree_owner *owner)
{
	struct json_object *entry = json_object_new_object();
	_cleanup_free_ char *base = owner->base ? tree_text_spell(owner->base, owner->base_length) :
						  NULL;

	json_add_number(entry, "number", owner->number);
	json_add_text(entry, "name", base);
	json_add_number(entry, "values", owner->values);
	json_add_number(entry, "files", owner->files);
	json_add_number(entry, "bytes", owner->bytes);
	json_object_array_add(array, entry);
}

static void show_owners_json(const struct ls *ls)
{
	struct json_object *object = tree_job_json(&ls->job), *owners = json_object_new_array();

	tree_owners_each(&ls->owners, show_owner_json, owners);
	json_object_object_add(object, "owners", owners);
	output_json(object);
}

int cli_tree_ls(int argc, char **argv)
{
	struct ls ls = { .job.visit_inode = visit_inode };
	char **paths;
	int status;

	if (!options_parse(&table, argc, argv, &ls, &paths, &status))
		return status;
	tree_job_run(&ls.job, paths);
	if (!ls.is_long)
		(ls.job.is_json ? show_owners_json : show_owners)(&ls);
	tree_owners_done(&ls.owners);
	return tree_job_end(&ls.job);
}
