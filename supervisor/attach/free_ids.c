/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The range under consideration is moved behind what it meets, and all files are looked through again, until it meets
 * nothing. Lines are those of subuid(5), NAME:FIRST:COUNT, and of passwd(5) and group(5), NAME:PASSWORD:ID. A line that
 * has no numbers there gives no user an id. The bounds are those of login.defs(5), within which useradd(8) keeps: it
 * gives no other user a range that is set aside there.
 */
#include "attach/free_ids.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/subid.h"
#include "base/fd.h"
#include "base/text_file.h"
#include "count_of.h"

#define STEP 65536
#define FILE_SIZE_MAX ((size_t)4 << 20)

/* What login.defs(5) has where it says nothing. */
#define DEFAULT_MIN 100000
#define DEFAULT_MAX 600100000

/* A file in which each line gives ids to one user. */
struct id_table {
	const char *text;
	unsigned int first; /* the field, from 0, of the first id */
	unsigned int count; /* the field of their number; 0: it is one */
};

struct span {
	uint64_t begin, end;
};

static bool read_number(const char *text, int base, uint64_t *ret_number)
{
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	unsigned long long number = strtoull(text, NULL, base);

	if (errno || number > UINT32_MAX)
		return false;
	*ret_number = number;
	return true;
}

static bool read_field(const char *line, unsigned int field, uint64_t *ret_number)
{
	for (; field > 0; field--) {
		line += strcspn(line, ":\n");
		if (*line != ':')
			return false;
		line++;
	}
	return read_number(line, 10, ret_number);
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : NULL;
}

/* Return: the end of the first range of @table that meets @span; 0 if none does. */
static uint64_t met_in(const struct id_table *table, struct span span)
{
	for (const char *line = table->text; line; line = next_line(line)) {
		uint64_t first, count = 1;

		if (!read_field(line, table->first, &first))
			continue;
		if (table->count > 0 && !read_field(line, table->count, &count))
			continue;
		if (first < span.end && first + count > span.begin)
			return first + count;
	}
	return 0;
}

static uint64_t met_in_any(const struct id_files *files, struct span span)
{
	const struct id_table tables[] = {
		{ files->subuid, 1, 2 },
		{ files->subgid, 1, 2 },
		{ files->passwd, 2, 0 },
		{ files->group, 2, 0 },
	};
	uint64_t end = 0;

	for (size_t i = 0; i < COUNT_OF(tables) && end == 0; i++)
		end = met_in(&tables[i], span);
	return end;
}

/* Return: what login.defs says of @key, in whatever base; else @absent. */
static uint64_t defined(const char *text, const char *key, uint64_t absent)
{
	uint64_t number = absent;
	size_t length = strlen(key);

	for (const char *line = text; line; line = next_line(line)) {
		line += strspn(line, " \t");
		if (strncmp(line, key, length) == 0 && isblank((unsigned char)line[length]))
			(void)read_number(line + length + strspn(line + length, " \t\""), 0,
					  &number);
	}
	return number;
}

static uint64_t step_up(uint64_t id)
{
	return (id + STEP - 1) / STEP * STEP;
}

uint32_t free_ids_find(const struct id_files *files, uint32_t count)
{
	uint64_t min_user = defined(files->login_defs, "SUB_UID_MIN", DEFAULT_MIN);
	uint64_t min_group = defined(files->login_defs, "SUB_GID_MIN", DEFAULT_MIN);
	uint64_t max_user = defined(files->login_defs, "SUB_UID_MAX", DEFAULT_MAX);
	uint64_t max_group = defined(files->login_defs, "SUB_GID_MAX", DEFAULT_MAX);
	uint64_t max = max_user < max_group ? max_user : max_group;
	struct span span = { step_up(min_user > min_group ? min_user : min_group), 0 };

	/* The ids of the host's own users are no container's, nor is the one that means none. */
	if (span.begin == 0)
		span.begin = STEP;
	if (max >= UINT32_MAX)
		max = UINT32_MAX - 1;
	while ((span.end = span.begin + count) - 1 <= max) {
		uint64_t met = met_in_any(files, span);

		if (met == 0)
			return (uint32_t)span.begin;
		span.begin = step_up(met);
	}
	return 0;
}

/* Return: the text, the caller's to free(3); NULL if there is none. */
static char *read_text(const char *path)
{
	_cleanup_free_ char *bytes = NULL;
	size_t length;

	if (text_file_read(path, FILE_SIZE_MAX, &bytes, &length) != TEXT_FILE_READ)
		return NULL;
	return strndup(bytes, length);
}

uint32_t free_ids_on_host(uint32_t count)
{
	_cleanup_free_ char *subuid = read_text(SUBUID_FILE);
	_cleanup_free_ char *subgid = read_text(SUBGID_FILE);
	_cleanup_free_ char *passwd = read_text("/etc/passwd");
	_cleanup_free_ char *group = read_text("/etc/group");
	_cleanup_free_ char *login_defs = read_text("/etc/login.defs");
	const struct id_files files = { subuid, subgid, passwd, group, login_defs };

	return free_ids_find(&files, count);
}

bool free_ids_command(const char *user, uint32_t *ret_first,
		      char ret_command[FREE_IDS_COMMAND_SIZE])
{
	uint32_t first = free_ids_on_host(FREE_IDS_COUNT);
	uint32_t last = first + FREE_IDS_COUNT - 1;

	if (first == 0)
		return false;
	snprintf(ret_command, FREE_IDS_COMMAND_SIZE,
		 "usermod --add-subuids %" PRIu32 "-%" PRIu32 " --add-subgids %" PRIu32 "-%" PRIu32
		 " %s",
		 first, last, first, last, user);
	*ret_first = first;
	return true;
}
