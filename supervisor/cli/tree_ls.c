/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_job.h"
#include "policy.h"

/* What lies on the trees with one number. */
struct owner {
	uint32_t number;
	unsigned long values;
	unsigned long files;
	unsigned long last_inode; /* on which a value was counted */
};

struct ls {
	struct tree_job job; /* the first, so that a visit finds the rest */
	bool is_long;
	struct owner *owners; /* by number */
	size_t count;
};

static const struct option_row rows[] = {
	{ "long", 'l', NULL, "each value: the number, the attribute, the store, the file",
	  INTO_FLAG(struct ls, is_long) },
	{ "cross-mounts", 0, NULL, "what is mounted within a tree belongs to it",
	  INTO_FLAG(struct ls, job.crosses_mounts) },
};

static const struct option_table table = {
	.command = "nsxattr tree ls",
	.operands = "PATH...",
	.about =
		"Say whose values lie on trees: for each number that the names of values have, how\n"
		"many values there are, and on how many files.\n"
		"Exit status: 0; 1 if something could not be read.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.missing = "PATH: the tree to work on",
};

/* Return: where the number is, or would have to be. */
static size_t find(const struct ls *ls, uint32_t number)
{
	size_t from = 0, to = ls->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (ls->owners[middle].number < number)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Return: the entry; NULL when there is no memory. */
static struct owner *owner_of(struct ls *ls, uint32_t number)
{
	size_t at = find(ls, number);

	if (at < ls->count && ls->owners[at].number == number)
		return &ls->owners[at];
	struct owner *owners = reallocarray(ls->owners, ls->count + 1, sizeof(*owners));

	if (!owners)
		return NULL;
	memmove(&owners[at + 1], &owners[at], (ls->count - at) * sizeof(*owners));
	owners[at] = (struct owner){ .number = number };
	ls->owners = owners;
	ls->count++;
	return &owners[at];
}

static void show(const struct tree_value *value)
{
	printf("%u\t", value->parts.number);
	tree_job_print(value->parts.base, value->parts.base_length);
	printf("\t%s\t", store_word(value->store));
	tree_job_print(value->path, strlen(value->path));
	putchar('\n');
}

static void visit(struct tree_job *job, const struct tree_value *value)
{
	struct ls *ls = (struct ls *)job;
	struct owner *owner;

	job->is_holder = true;
	if (ls->is_long) {
		show(value);
		return;
	}
	owner = owner_of(ls, value->parts.number);
	if (!owner) {
		tree_job_fail(job, "there is no memory");
		return;
	}
	owner->values++;
	owner->files += owner->last_inode != job->inodes;
	owner->last_inode = job->inodes;
}

static void show_owners(const struct ls *ls)
{
	if (ls->count > 0)
		printf("%-12s%12s%12s\n", "NUMBER", "VALUES", "FILES");
	for (size_t i = 0; i < ls->count; i++)
		printf("%-12u%12lu%12lu\n", ls->owners[i].number, ls->owners[i].values,
		       ls->owners[i].files);
}

int cli_tree_ls(int argc, char **argv)
{
	struct ls ls = { .job.visit = visit };
	char **paths;
	int status;

	if (!options_parse(&table, argc, argv, &ls, &paths, &status))
		return status;
	tree_job_run(&ls.job, paths);
	show_owners(&ls);
	free(ls.owners);
	return tree_job_end(&ls.job);
}
