/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LXC has read these files before it starts a hook. What it has accepted is accepted here and means the same,
 * so the rules are those of its src/lxc/confile.c and parse.c, the same from 4.0.12 to 7.0. What LXC refuses,
 * an unknown key for one, is left to it.
 *
 * A value of lxc.include that names a folder, or ends in '/', takes in the files *.conf of that folder: hidden
 * ones too, in the order of readdir(3). A folder that is not there has none: the '/' tells that it is one. Any
 * other value names a file, which has to be there. A path that does not begin with '/' begins at the working
 * directory, not at the file that has the line. An empty value includes nothing.
 */
#include "hook/lxc_config.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "base/text_file.h"

/* ---- lines ---- */

#define LINE_ENDS "\r\n"
#define BLANKS " \t"

static char *trim(char *text)
{
	text += strspn(text, BLANKS);
	size_t length = strlen(text);

	while (length > 0 && strchr(BLANKS, text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/* As LXC does: a value may stand in quotes of one kind. */
static char *unquote(char *value)
{
	size_t length = strlen(value);

	if (length < 2 || (*value != '"' && *value != '\'') || value[length - 1] != *value)
		return value;
	value[length - 1] = '\0';
	return value + 1;
}

/* A file is masked with /dev/null. LXC takes a folder that is named *.conf for an empty file. */
static bool has_no_text(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 &&
	       (S_ISDIR(status.st_mode) ||
		(S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3)));
}

/* Return: the text of a file with a NUL behind it, the caller's; NULL and -errno in @ret_error. */
static char *read_text(const char *path, int *ret_error)
{
	_cleanup_free_ char *bytes = NULL;
	size_t length = 0;
	int r = text_file_read(path, LXC_FILE_SIZE_MAX + 1, &bytes, &length);

	if (r == TEXT_FILE_NOT_REGULAR)
		r = has_no_text(path) ? 0 : -EINVAL;
	else if (length > LXC_FILE_SIZE_MAX)
		r = -EFBIG;
	if (r < 0) {
		*ret_error = r;
		return NULL;
	}
	char *text = bytes ? strndup(bytes, length) : strdup("");

	if (!text)
		*ret_error = -ENOMEM;
	return text;
}

/* ---- configurations ---- */

static int include(const char *value, unsigned int depth, struct lxc_config *config);

/* The file that a failure is due to is the innermost one. */
static int blame(int r, const char *path, struct lxc_config *config)
{
	if (r < 0 && config->culprit[0] == '\0')
		snprintf(config->culprit, sizeof(config->culprit), "%s", path);
	return r;
}

static int keep_value(const char *value, char place[LXC_VALUE_SIZE])
{
	if (strlen(value) >= LXC_VALUE_SIZE)
		return -ENAMETOOLONG;
	memcpy(place, value, strlen(value) + 1);
	return 0;
}

/* "u 0 100000 65536", without what it begins with */
static void note_root(const char *numbers, struct lxc_config *config)
{
	char *end;
	unsigned long inside = strtoul(numbers, &end, 10);

	if (end == numbers || inside != 0)
		return;
	config->root = (uint32_t)strtoul(end, NULL, 10);
}

/* Nothing takes back what was there. */
static void note_map(const char *value, struct lxc_config *config)
{
	if (*value == '\0') {
		config->maps_users = config->maps_groups = false;
		config->root = UINT32_MAX;
	} else if (*value == 'u') {
		config->maps_users = true;
		note_root(value + 1, config);
	} else if (*value == 'g') {
		config->maps_groups = true;
	}
}

/* As LXC takes them: names in small letters, without "cap_", or numbers. */
static bool is_admin(const char *word)
{
	char *end;

	return strcmp(word, "sys_admin") == 0 ||
	       (isdigit((unsigned char)*word) && strtoul(word, &end, 10) == CAP_SYS_ADMIN &&
		*end == '\0');
}

/* Lines add to a list, and an empty one takes it back. */
static void note_drop(char *words, struct lxc_config *config)
{
	char *word;

	if (*words == '\0')
		config->drops_admin = false;
	while ((word = strsep(&words, BLANKS)) != NULL)
		config->drops_admin = config->drops_admin || is_admin(word);
}

/* The word "none" takes back what is before it. */
static void note_keep(char *words, struct lxc_config *config)
{
	char *word;

	config->keeps_some = *words != '\0';
	config->keeps_admin = config->keeps_admin && config->keeps_some;
	while ((word = strsep(&words, BLANKS)) != NULL)
		config->keeps_admin = strcmp(word, "none") != 0 &&
				      (config->keeps_admin || is_admin(word));
}

static int apply(const char *key, char *value, unsigned int depth, struct lxc_config *config)
{
	if (strcmp(key, "lxc.include") == 0)
		return include(value, depth, config);
	if (strcmp(key, "lxc.seccomp.profile") == 0)
		return keep_value(value, config->profile);
	if (strcmp(key, "lxc.seccomp.notify.proxy") == 0)
		return keep_value(value, config->proxy);
	if (strcmp(key, "lxc.seccomp.notify.cookie") == 0)
		return keep_value(value, config->cookie);
	if (strcmp(key, "lxc.hook.start") == 0)
		config->has_start_hook = *value != '\0';
	else if (strcmp(key, "lxc.hook.start-host") == 0)
		config->has_init_hook = *value != '\0' &&
					(config->has_init_hook || strstr(value, "hook lxc-init"));
	else if (strcmp(key, "lxc.idmap") == 0)
		note_map(value, config);
	else if (strcmp(key, "lxc.cap.drop") == 0)
		note_drop(value, config);
	else if (strcmp(key, "lxc.cap.keep") == 0)
		note_keep(value, config);
	return 0;
}

static int read_lines(const char *path, unsigned int depth, struct lxc_config *config)
{
	int r = 0;
	_cleanup_free_ char *text = read_text(path, &r);
	char *rest = text, *line;

	while (r == 0 && (line = strsep(&rest, LINE_ENDS)) != NULL) {
		char *key = trim(line), *equals = strchr(key, '=');

		if (*key == '#' || !equals)
			continue;
		*equals = '\0';
		r = apply(trim(key), unquote(trim(equals + 1)), depth, config);
	}
	return r;
}

/* LXC knows no bounds and dies of a circle. */
static int read_file(const char *path, unsigned int depth, struct lxc_config *config)
{
	int r = -ELOOP;

	if (depth <= LXC_DEPTH_MAX && ++config->files <= LXC_FILES_MAX)
		r = read_lines(path, depth, config);
	return blame(r, path, config);
}

static bool is_configuration(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".conf") == 0;
}

static int read_entry(const char *folder, const char *name, unsigned int depth,
		      struct lxc_config *config)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	return read_file(path, depth, config);
}

static int read_folder(const char *path, unsigned int depth, struct lxc_config *config)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (!folder)
		return errno == ENOENT ? 0 : blame(-errno, path, config);
	while (r == 0 && (entry = readdir(folder)) != NULL)
		if (is_configuration(entry->d_name))
			r = read_entry(path, entry->d_name, depth, config);
	closedir(folder);
	return r;
}

static bool is_folder(const char *path)
{
	struct stat status;

	return path[strlen(path) - 1] == '/' ||
	       (stat(path, &status) == 0 && S_ISDIR(status.st_mode));
}

/* @depth: of the file that has the line */
static int include(const char *value, unsigned int depth, struct lxc_config *config)
{
	if (*value == '\0')
		return 0;
	if (is_folder(value))
		return read_folder(value, depth + 1, config);
	return read_file(value, depth + 1, config);
}

int lxc_config_read(const char *path, struct lxc_config *ret_config)
{
	memset(ret_config, 0, sizeof(*ret_config));
	ret_config->root = UINT32_MAX;
	return read_file(path, 0, ret_config);
}

bool lxc_config_may_administer(const struct lxc_config *config)
{
	return config->keeps_some ? config->keeps_admin : !config->drops_admin;
}

/* ---- profiles ---- */

static bool has_action(const char *line, const char *call, const char *action)
{
	size_t length = strlen(call), action_length = strlen(action);

	if (strncmp(line, call, length) != 0 || !isspace((unsigned char)line[length]))
		return false;
	line += length + strspn(line + length, " \t");
	return strncmp(line, action, action_length) == 0 &&
	       (line[action_length] == '\0' || isspace((unsigned char)line[action_length]));
}

/*
 * A bit for each call that has the action. Sections that are for one architecture alone do not count: LXC
 * begins with all of them on x86-64, and with its own elsewhere.
 */
static unsigned int find_calls(char *text, const char *action, const char *const *names,
			       size_t count)
{
	unsigned int calls = 0;
	bool is_general = true;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (*line == '[')
			is_general = strncasecmp(line, "[all]", 5) == 0;
		for (size_t i = 0; is_general && i < count; i++)
			if (has_action(line, names[i], action))
				calls |= 1U << i;
	}
	return calls;
}

int lxc_profile_lacks(const char *path, const char *action, const char *const *calls, size_t count,
		      const char **ret_missing)
{
	int r = 0;
	_cleanup_free_ char *text = read_text(path, &r);

	assert(count <= LXC_CALLS_MAX);
	if (!text)
		return r;
	if (strtol(text, NULL, 10) != 2)
		return -EINVAL;
	unsigned int found = find_calls(text, action, calls, count);
	size_t first = 0;

	while (first < count && (found & (1U << first)))
		first++;
	*ret_missing = first < count ? calls[first] : NULL;
	return 0;
}

int lxc_profile_check(const char *path, const char **ret_missing)
{
	const char *calls[SYSCALL_COUNT];

	syscall_names(calls);
	return lxc_profile_lacks(path, "notify", calls, SYSCALL_OLD_COUNT, ret_missing);
}
