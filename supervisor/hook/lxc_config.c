/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files are the user's own, and what is made of them is a sentence for that user. So what LXC itself
 * will refuse, a key that there is not, is not our business.
 */
#include "hook/lxc_config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text_file.h"

const char *const lxc_profile_calls[] = {
	"setxattr",	"lsetxattr",	"fsetxattr",  "getxattr",   "lgetxattr",
	"fgetxattr",	"listxattr",	"llistxattr", "flistxattr", "removexattr",
	"lremovexattr", "fremovexattr", NULL,
};

/* ---- lines ---- */

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
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

/* Return: the text of a file with a NUL behind it, the caller's; NULL and -errno in @ret_error. */
static char *read_text(const char *path, int *ret_error)
{
	_cleanup_free_ char *bytes = NULL;
	size_t length = 0;
	int r = text_file_read(path, LXC_FILE_SIZE_MAX, &bytes, &length);

	if (r != TEXT_FILE_READ) {
		*ret_error = r < 0 ? r : -EINVAL;
		return NULL;
	}
	char *text = strndup(bytes, length);

	if (!text)
		*ret_error = -ENOMEM;
	return text;
}

/* ---- configurations ---- */

static int include(const char *path, unsigned int depth, struct lxc_config *config);

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

static int apply(const char *key, const char *value, unsigned int depth, struct lxc_config *config)
{
	if (strcmp(key, "lxc.include") == 0)
		return include(value, depth + 1, config);
	if (strcmp(key, "lxc.seccomp.profile") == 0)
		return keep_value(value, config->profile);
	if (strcmp(key, "lxc.seccomp.notify.proxy") == 0)
		return keep_value(value, config->proxy);
	if (strcmp(key, "lxc.seccomp.notify.cookie") == 0)
		return keep_value(value, config->cookie);
	if (strcmp(key, "lxc.idmap") == 0)
		note_map(value, config);
	return 0;
}

static int read_file(const char *path, unsigned int depth, struct lxc_config *config)
{
	int r = 0;
	_cleanup_free_ char *text = read_text(path, &r);
	char *rest = text, *line;

	while (r == 0 && (line = strsep(&rest, "\n")) != NULL) {
		char *key = trim(line), *equals = strchr(key, '=');

		if (*key == '#' || !equals)
			continue;
		*equals = '\0';
		r = apply(trim(key), unquote(trim(equals + 1)), depth, config);
	}
	return r;
}

static int is_configuration(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

/* Return: 0; -ENOTDIR when it is none; -errno. */
static int read_folder(const char *path, unsigned int depth, struct lxc_config *config)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_configuration, alphasort), r = 0;

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		_cleanup_free_ char *file = NULL;

		if (r == 0)
			r = asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0 ? -ENOMEM : 0;
		if (r == 0)
			r = include(file, depth + 1, config);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int include(const char *path, unsigned int depth, struct lxc_config *config)
{
	if (depth > LXC_DEPTH_MAX || ++config->files > LXC_FILES_MAX)
		return -ELOOP;
	int r = read_folder(path, depth, config);

	if (r == -ENOTDIR)
		r = read_file(path, depth, config);
	/* the innermost one */
	if (r < 0 && config->culprit[0] == '\0')
		snprintf(config->culprit, sizeof(config->culprit), "%s", path);
	return r;
}

int lxc_config_read(const char *path, struct lxc_config *ret_config)
{
	memset(ret_config, 0, sizeof(*ret_config));
	ret_config->root = UINT32_MAX;
	return include(path, 0, ret_config);
}

/* ---- profiles ---- */

static bool notifies(const char *line, const char *call)
{
	size_t length = strlen(call);

	if (strncmp(line, call, length) != 0 || !isspace((unsigned char)line[length]))
		return false;
	line += length + strspn(line + length, " \t");
	return strncmp(line, "notify", 6) == 0 &&
	       (line[6] == '\0' || isspace((unsigned char)line[6]));
}

/*
 * A bit for each call that is notified. Sections that are for one architecture alone do not count: LXC
 * begins with all of them on x86-64, and with its own elsewhere.
 */
static unsigned int notified(char *text)
{
	unsigned int calls = 0;
	bool is_general = true;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (*line == '[')
			is_general = strncasecmp(line, "[all]", 5) == 0;
		for (unsigned int i = 0; is_general && lxc_profile_calls[i]; i++)
			if (notifies(line, lxc_profile_calls[i]))
				calls |= 1U << i;
	}
	return calls;
}

int lxc_profile_check(const char *path, const char **ret_missing)
{
	int r = 0;
	_cleanup_free_ char *text = read_text(path, &r);

	if (!text)
		return r;
	if (strtol(text, NULL, 10) != 2)
		return -EINVAL;
	unsigned int calls = notified(text);
	unsigned int first = 0;

	while (lxc_profile_calls[first] && (calls & (1U << first)))
		first++;
	*ret_missing = lxc_profile_calls[first];
	return 0;
}
