/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_PAPER_INODE_H
#define NSXATTR_TESTS_PAPER_INODE_H

/*
 * Attributes on paper, such as a server of FUSE's can make up: a test that includes this is linked with it in the place of
 * exec/attribute_call.c, so that each call comes here and is counted. And a command that is run on such inodes.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exec/attribute_call.h"

/** struct paper - what all inodes have */
struct paper {
	const char *list; /* names, each with its NUL */
	size_t length;
	/* What a name has, as getxattr(2); @number: of gets before this one. */
	ssize_t (*get)(const char *name, unsigned long number, char *value, size_t size);
	void (*before_list)(unsigned long number); /* of lists before this one; may be NULL */
	unsigned long gets, lists;
};

static struct paper paper;

int attribute_open_directory(int procfs, int *ret_directory)
{
	(void)procfs;
	*ret_directory = -1;
	return 0;
}

static ssize_t paper_list(char *list, size_t size)
{
	if (paper.before_list)
		paper.before_list(paper.lists);
	paper.lists++;
	if (size > 0 && size < paper.length)
		return -ERANGE;
	if (size > 0 && paper.length > 0)
		memcpy(list, paper.list, paper.length);
	return (ssize_t)paper.length;
}

ssize_t attribute_call_make(const struct attribute_call *call, int directory)
{
	(void)directory;
	if (call->operation == OPERATION_LIST)
		return paper_list(call->buffer, call->size);
	if (call->operation == OPERATION_GET)
		return paper.get(call->name, paper.gets++, call->buffer, call->size);
	return -EPERM;
}

ssize_t attribute_list_at(int directory, const char *name, char *list, size_t size)
{
	(void)directory;
	(void)name;
	(void)list;
	(void)size;
	return -ENOSYS;
}

/** paper_give() - give a get a value. Return: as it does. */
static inline ssize_t paper_give(const void *value, size_t length, char *ret_value, size_t size)
{
	if (size > 0 && size < length)
		return -ERANGE;
	if (size > 0)
		memcpy(ret_value, value, length);
	return (ssize_t)length;
}

/** struct paper_run - what a command has written; released by paper_run_done() */
struct paper_run {
	int status;
	char *output, *said; /* each with a NUL behind it */
	size_t length; /* of the output */
};

static char *paper_read(int fd, size_t *ret_length)
{
	off_t length = lseek(fd, 0, SEEK_END);
	char *text = malloc((size_t)length + 1);

	cr_assert_not_null(text);
	cr_assert_eq(pread(fd, text, (size_t)length, 0), length);
	text[length] = '\0';
	*ret_length = (size_t)length;
	close(fd);
	return text;
}

/* Return: what the descriptor was. */
static int paper_redirect(int fd, int to)
{
	int before = dup(fd);

	cr_assert_geq(before, 0);
	cr_assert_eq(dup2(to, fd), fd);
	return before;
}

static void paper_restore(int fd, int before)
{
	dup2(before, fd);
	close(before);
}

/** paper_run() - run a command: cli_NAME() with the words behind NAME, up to a NULL */
static inline struct paper_run paper_run(int (*command)(int argc, char **argv),
					 const char *const *words)
{
	int output = memfd_create("output", 0), said = memfd_create("said", 0);
	struct paper_run run;
	char *argv[16] = { (char[]){ "command" } };
	int argc = 1;
	size_t length;

	for (; words[argc - 1] && argc < 15; argc++)
		argv[argc] = strdup(words[argc - 1]);
	fflush(stdout);
	fflush(stderr);
	int was_output = paper_redirect(STDOUT_FILENO, output);
	int was_said = paper_redirect(STDERR_FILENO, said);

	run.status = command(argc, argv);
	fflush(stdout);
	fflush(stderr);
	paper_restore(STDOUT_FILENO, was_output);
	paper_restore(STDERR_FILENO, was_said);
	while (argc-- > 1)
		free(argv[argc]);
	run.output = paper_read(output, &run.length);
	run.said = paper_read(said, &length);
	return run;
}

static inline void paper_run_done(struct paper_run *run)
{
	free(run->output);
	free(run->said);
}

#endif
