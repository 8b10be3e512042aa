/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "file_capability.h"
#include "paper_inode.h"
#include "tar_header.h"

TestSuite(tree_export, .timeout = 60);

#define FILE_SIZE 700
#define MANY 100
#define LONG_VALUE 60000

/* ---- a tree: a directory with a file that has two names ---- */

static char tree[] = "/tmp/nsxattr-tree.XXXXXX";
static int directory = -1, file = -1;

static void make_tree(void)
{
	char content[FILE_SIZE];

	memset(content, 'c', sizeof(content));
	cr_assert_not_null(mkdtemp(tree));
	directory = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
	file = openat(directory, "a", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, content, sizeof(content)), FILE_SIZE);
	cr_assert_eq(linkat(directory, "a", directory, "b", 0), 0);
}

static void remove_tree(void)
{
	unlinkat(directory, "a", 0);
	unlinkat(directory, "b", 0);
	rmdir(tree);
	close(file);
	close(directory);
}

static ssize_t get_nothing(const char *name, unsigned long number, char *value, size_t size)
{
	(void)name;
	(void)number;
	(void)value;
	(void)size;
	return -ENODATA;
}

/* ---- an archive ---- */

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

static struct paper_run archive(void)
{
	return paper_run(cli_tree_export,
			 (const char *const[]){ "--from=7", "--format=tar", tree, NULL });
}

static bool has(const char *text, size_t length, const char *part)
{
	return memmem(text, length, part, strlen(part)) != NULL;
}

/* ---- names of one file ---- */

static void let_go(unsigned long number)
{
	if (number == 2) /* before: the directory, one of the names */
		fcntl(file, F_SETLEASE, F_UNLCK);
}

Test(tree_export, refers_to_no_member_that_is_missing)
{
	make_tree();
	signal(SIGIO, SIG_IGN);
	if (fcntl(file, F_SETLEASE, F_WRLCK) < 0) {
		remove_tree();
		cr_skip_test("/tmp has no leases");
	}
	paper = (struct paper){ .get = get_nothing, .before_list = let_go };
	struct paper_run run = archive();
	struct contents contents = look(&run);

	cr_expect_eq(run.status, 1);
	cr_expect(has(run.said, strlen(run.said), "Resource temporarily unavailable"), "%s",
		  run.said);
	cr_expect(contents.is_ended);
	cr_expect_eq(contents.links, 0);
	cr_expect_eq(contents.files, 1, "the other name is a member, with the content");
	cr_expect_eq(contents.size, FILE_SIZE);
	paper_run_done(&run);
	remove_tree();
}

static const char common[] = "user.comment";

/* When the size of the file has been asked for by the first name: a get before was the directory's. */
static ssize_t get_and_cut(const char *name, unsigned long number, char *value, size_t size)
{
	(void)name;
	if (number == 1)
		cr_assert_eq(ftruncate(file, FILE_SIZE / 2), 0);
	return paper_give("v", 1, value, size);
}

Test(tree_export, refers_to_no_member_that_is_not_whole)
{
	make_tree();
	paper = (struct paper){ .list = common, .length = sizeof(common), .get = get_and_cut };
	struct paper_run run = archive();
	struct contents contents = look(&run);

	cr_expect_eq(run.status, 1);
	cr_expect(has(run.said, strlen(run.said), "it has become shorter"), "%s", run.said);
	cr_expect(contents.is_ended);
	cr_expect_eq(contents.links, 0);
	cr_expect_eq(contents.files, 2);
	cr_expect_eq(contents.size, FILE_SIZE / 2, "the other name has what there is");
	paper_run_done(&run);
	remove_tree();
}

Test(tree_export, makes_a_link_of_the_second_name)
{
	make_tree();
	paper = (struct paper){ .get = get_nothing };
	struct paper_run run = archive();
	struct contents contents = look(&run);

	cr_expect_eq(run.status, 0, "%s", run.said);
	cr_expect_eq(contents.files, 1);
	cr_expect_eq(contents.links, 1);
	paper_run_done(&run);
	remove_tree();
}

/* ---- ids that the container has not ---- */

static const char list[] = "system.posix_acl_access";

/* Of the users 5, 6 and 3000000001. */
static ssize_t get_list(const char *name, unsigned long number, char *value, size_t size)
{
	static const unsigned char entries[] = {
		2,  0, 0, 0, /* */
		1,  0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* */
		2,  0, 7, 0, 5,	   0,	 0,    0, /* */
		2,  0, 7, 0, 6,	   0,	 0,    0, /* */
		2,  0, 4, 0, 0x01, 0x5e, 0xd0, 0xb2, /* */
		4,  0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* */
		16, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* */
		32, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
	};

	(void)name;
	(void)number;
	return paper_give(entries, sizeof(entries), value, size);
}

static struct paper_run archive_of_strangers(const char *path, const char *option)
{
	paper = (struct paper){ .list = list, .length = sizeof(list), .get = get_list };
	return paper_run(cli_tree_export,
			 (const char *const[]){ "--from=7", "--format=tar",
						"--owners-from=3000000000", option, path, NULL });
}

static const char notice[] = "nsxattr: 4 ids of owners or in access control lists are none of the "
			     "container's: such owners become 65534, such entries are left out; "
			     "with --allow-unmapped that is no failure\n";

static void expect_list(const struct paper_run *run)
{
	cr_expect(has(run->output, run->length,
		      "SCHILY.acl.access=user::rwx,user:1:r--,group::r--,mask::rwx,other::---\n"));
	cr_expect(has(run->said, strlen(run->said), notice), "%s", run->said);
}

Test(tree_export, says_which_ids_the_container_has_not)
{
	char path[sizeof(tree) + 2], said[512];

	make_tree();
	snprintf(path, sizeof(path), "%s/a", tree);
	snprintf(said, sizeof(said),
		 "nsxattr: %s: its owner becomes 65534, because the container has no id %u\n"
		 "nsxattr: %s: its group becomes 65534, because the container has no id %u\n"
		 "nsxattr: %s: system.posix_acl_access loses 2 entries, because the container has "
		 "no id 5, and others\n",
		 path, geteuid(), path, getegid(), path);
	struct paper_run run = archive_of_strangers(path, "--count=65536");

	cr_expect_eq(run.status, 1);
	cr_expect(has(run.said, strlen(run.said), said), "%s", run.said);
	expect_list(&run);
	paper_run_done(&run);
	remove_tree();
}

Test(tree_export, allows_ids_that_the_container_has_not)
{
	char path[sizeof(tree) + 2];

	make_tree();
	snprintf(path, sizeof(path), "%s/a", tree);
	struct paper_run run = archive_of_strangers(path, "--allow-unmapped");

	cr_expect_eq(run.status, 0);
	cr_expect_not(has(run.said, strlen(run.said), path), "%s", run.said);
	expect_list(&run);
	paper_run_done(&run);
	remove_tree();
}

static ssize_t get_no_list(const char *name, unsigned long number, char *value, size_t size)
{
	(void)name;
	return number == 0 ? -EIO : paper_give("list", 4, value, size);
}

Test(tree_export, says_which_lists_are_left_out)
{
	make_tree();
	paper = (struct paper){ .list = list, .length = sizeof(list), .get = get_no_list };
	struct paper_run run = archive();

	cr_expect_eq(run.status, 1);
	cr_expect(has(run.said, strlen(run.said),
		      ": system.posix_acl_access: Input/output error\n"),
		  "%s", run.said);
	cr_expect(has(run.said, strlen(run.said),
		      ": system.posix_acl_access is left out: it is no list that is known\n"),
		  "%s", run.said);
	paper_run_done(&run);
	remove_tree();
}

/* ---- values ---- */

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
