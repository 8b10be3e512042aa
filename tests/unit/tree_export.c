/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "file_capability.h"
#include "paper_inode.h"
#include "tar_header.h"

TestSuite(tree_export, .timeout = 60);

#define MANY 100
#define LONG_VALUE 60000

/* What an archive has: of each type how many members, and the largest records. */
struct contents {
	unsigned int files, links;
	uint64_t size; /* of the last file */
	uint64_t largest;
	bool is_ended;
};

static struct contents look(const struct paper_run *run)
{
	struct contents contents = { 0 };
	char path[TAR_PATH_SIZE], type;
	uint64_t size;
	size_t at = 0;

	while (at + TAR_BLOCK <= run->length &&
	       tar_header_read(run->output + at, path, &type, &size) == TAR_IS_MEMBER) {
		contents.files += type == TAR_FILE;
		contents.links += type == TAR_HARD_LINK;
		if (type == TAR_FILE)
			contents.size = size;
		if (type == TAR_RECORDS && size > contents.largest)
			contents.largest = size;
		at += TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	}
	contents.is_ended = at + (size_t)2 * TAR_BLOCK == run->length;
	return contents;
}

/* The capability of the root 7, and when it is read once more, that of the root 9. */
static ssize_t get_another(const char *name, unsigned long number, char *value, size_t size)
{
	char capability[FILE_CAPABILITY_SIZE] = { [3] = 3, [4] = 1, [20] = 7 };

	(void)name;
	if (number > 0) {
		capability[4] = 2;
		capability[20] = 9;
	}
	return paper_give(capability, sizeof(capability), value, size);
}

Test(tree_export, reads_a_capability_once)
{
	paper = (struct paper){ .list = FILE_CAPABILITY_NAME,
				.length = sizeof(FILE_CAPABILITY_NAME),
				.get = get_another };
	struct paper_run run = paper_run(
		cli_tree_export, (const char *const[]){ "--from=7", "/proc/self/exe", NULL });

	cr_expect_eq(run.status, 0, "%s", run.said);
	cr_expect_str_eq(run.output, "# file: .\n"
				     "security.capability=0sAAAAAgEAAAAAAAAAAAAAAAAAAAA=\n\n");
	cr_expect_eq(paper.gets, 1);
	paper_run_done(&run);
}

static char names[4096];

static ssize_t get_long(const char *name, unsigned long number, char *value, size_t size)
{
	static char text[LONG_VALUE];

	(void)name;
	(void)number;
	memset(text, 'v', sizeof(text));
	return paper_give(text, sizeof(text), value, size);
}

static void list_many(void)
{
	paper = (struct paper){ .list = names, .get = get_long };
	for (int i = 0; i < MANY; i++)
		paper.length += (size_t)snprintf(names + paper.length, sizeof(names) - paper.length,
						 "security.%03d@uid=7", i) +
				1;
}

Test(tree_export, has_no_more_records_than_readers_take)
{
	list_many();
	struct paper_run run =
		paper_run(cli_tree_export, (const char *const[]){ "--from=7", "--format=tar",
								  "/proc/self/exe", NULL });
	struct contents contents = look(&run);

	cr_expect_eq(run.status, 1);
	cr_expect_str_eq(
		run.said,
		"nsxattr: /proc/self/exe: 83 values are left out: an archive has up to 1 MiB "
		"for a file, a dump has no bound\n"
		"nsxattr: exported 17 values of 1 file\n");
	cr_expect(contents.is_ended);
	cr_expect_leq(contents.largest, TAR_RECORDS_MAX);
	cr_expect_gt(contents.largest, TAR_RECORDS_MAX - LONG_VALUE - 100);
	paper_run_done(&run);
}

static unsigned int count(const char *text, const char *part, size_t *ret_farthest)
{
	unsigned int found = 0;

	*ret_farthest = 0;
	for (const char *at = text, *next; (next = strstr(at, part)); at = next + strlen(part)) {
		if ((size_t)(next - at) > *ret_farthest)
			*ret_farthest = (size_t)(next - at);
		found++;
	}
	return found;
}

/* A command that has all of them at a time would need the memory that a container chooses. */
Test(tree_export, dumps_many_values_in_sections)
{
	size_t farthest;

	list_many();
	struct paper_run run = paper_run(
		cli_tree_export, (const char *const[]){ "--from=7", "/proc/self/exe", NULL });

	cr_expect_eq(run.status, 0, "%s", run.said);
	cr_expect_eq(count(run.output, "\nsecurity.", &farthest), MANY);
	cr_expect_eq(count(run.output, "# file: .\n", &farthest), 6);
	cr_expect_leq(farthest, (1 << 20) + LONG_VALUE + 100);
	paper_run_done(&run);
}
