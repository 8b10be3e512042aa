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
#include "cli/tree_text.h"
#include "policy.h"

/* What lies on the trees with one number, of one name or of all. */
struct owner {
	uint32_t number;
	char *base; /* NULL: all names */
	unsigned long values;
	unsigned long files;
	unsigned long bytes;
};

struct ls {
	struct tree_job job; /* the first, so that a visit finds the rest */
	bool is_long, has_names;
	struct owner *owners; /* by number, then by name */
	size_t count;
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

static int compare(const struct owner *owner, uint32_t number, const char *base, size_t length)
{
	if (owner->number != number)
		return owner->number < number ? -1 : 1;
	if (!owner->base || !base)
		return 0;
	int order = strncmp(owner->base, base, length);

	return order != 0 ? order : owner->base[length] != '\0';
}

/* Return: where it is, or would have to be. */
static size_t find(const struct ls *ls, uint32_t number, const char *base, size_t length)
{
	size_t from = 0, to = ls->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare(&ls->owners[middle], number, base, length) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Return: the entry; NULL when there is no memory. */
static struct owner *owner_of(struct ls *ls, uint32_t number, const char *base, size_t length)
{
	size_t at = find(ls, number, base, length);

	if (at < ls->count && compare(&ls->owners[at], number, base, length) == 0)
		return &ls->owners[at];
	_cleanup_free_ char *copy = base ? strndup(base, length) : NULL;
	struct owner *owners =
		base && !copy ? NULL : reallocarray(ls->owners, ls->count + 1, sizeof(*owners));

	if (!owners)
		return NULL;
	memmove(&owners[at + 1], &owners[at], (ls->count - at) * sizeof(*owners));
	owners[at] = (struct owner){ .number = number, .base = TAKE_PTR(copy) };
	ls->owners = owners;
	ls->count++;
	return &owners[at];
}

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

/* The values of an inode, which a thread counts together: those of a number are on one file. */
static bool count(struct ls *ls, const struct tree_value *value, size_t bytes, bool is_first)
{
	struct owner *owner = owner_of(ls, value->parts.number,
				       ls->has_names ? value->parts.base : NULL,
				       value->parts.base_length);

	if (!owner)
		return false;
	owner->values++;
	owner->files += is_first || ls->has_names;
	owner->bytes += bytes;
	return true;
}

/* Is it the first value of the number on this inode? */
static bool is_first(const struct ls *ls, const struct tree_inode *inode, size_t end,
		     uint32_t number)
{
	struct tree_value value;

	for (size_t at = 0; tree_inode_next(&ls->job, inode, &at, &value) && at < end;)
		if (value.parts.number == number)
			return false;
	return true;
}

static void take(struct ls *ls, const struct tree_inode *inode, const struct tree_value *value,
		 size_t end)
{
	ssize_t bytes = performer_get(value->performer, value->name, NULL, 0);
	bool is_counted = true;

	if (bytes < 0) {
		tree_job_fail_value(&ls->job, value, value->name, (int)-bytes);
		return;
	}
	inode->room->is_holder = true;
	ls->job.values++;
	if (ls->is_long) {
		show(&ls->job, value, (size_t)bytes);
		return;
	}
	bool is_new = is_first(ls, inode, end, value->parts.number);

	tree_job_lock(&ls->job);
	is_counted = count(ls, value, (size_t)bytes, is_new);
	tree_job_unlock(&ls->job);
	if (!is_counted)
		tree_job_fail(&ls->job, "there is no memory");
}

static void visit_inode(struct tree_job *job, const struct tree_inode *inode)
{
	struct ls *ls = (struct ls *)job;
	struct tree_value value;

	for (size_t at = 0; tree_inode_next(job, inode, &at, &value);)
		take(ls, inode, &value, at);
}

/* ---- the sums ---- */

static void show_owners(const struct ls *ls)
{
	if (ls->count > 0 && ls->has_names)
		printf("%-12s%12s%12s%14s  %s\n", "NUMBER", "VALUES", "FILES", "BYTES", "NAME");
	else if (ls->count > 0)
		printf("%-12s%12s%12s%14s\n", "NUMBER", "VALUES", "FILES", "BYTES");
	for (size_t i = 0; i < ls->count; i++) {
		const struct owner *owner = &ls->owners[i];

		printf("%-12u%12lu%12lu%14lu", owner->number, owner->values, owner->files,
		       owner->bytes);
		if (owner->base) {
			printf("  ");
			tree_text_print(owner->base, strlen(owner->base));
		}
		putchar('\n');
	}
}

static void show_owners_json(const struct ls *ls)
{
	struct json_object *object = tree_job_json(&ls->job), *owners = json_object_new_array();

	for (size_t i = 0; i < ls->count; i++) {
		const struct owner *owner = &ls->owners[i];
		struct json_object *entry = json_object_new_object();
		_cleanup_free_ char *base =
			owner->base ? tree_text_spell(owner->base, strlen(owner->base)) : NULL;

		json_add_number(entry, "number", owner->number);
		json_add_text(entry, "name", base);
		json_add_number(entry, "values", owner->values);
		json_add_number(entry, "files", owner->files);
		json_add_number(entry, "bytes", owner->bytes);
		json_object_array_add(owners, entry);
	}
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
	for (size_t i = 0; i < ls.count; i++)
		free(ls.owners[i].base);
	free(ls.owners);
	return tree_job_end(&ls.job);
}
