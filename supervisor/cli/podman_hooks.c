/* SPDX-License-Identifier: Apache-2.0 */
/*
 * podman takes the folders of --hooks-dir, else those of hooks_dir in containers.conf, of which the last file that has
 * it counts; else root's podman has two of its own, and a plain user's has none. Hooks whose program is missing it
 * passes over without a word, and starts the container.
 *
 * containers.conf is TOML, of which as much is understood here as one key with a list of strings needs.
 */
#include "cli/podman_hooks.h"

#include <dirent.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/oci_message.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text_file.h"
#include "hook/json_value.h"
#include "yaml/diagnostic.h"

#define CONF_MAX (1 << 20)
#define KEY "hooks_dir"

void podman_folders_add(struct podman_folders *folders, const char *path)
{
	if (folders->count < PODMAN_FOLDERS_MAX && strlen(path) < PATH_MAX)
		snprintf(folders->paths[folders->count++], PATH_MAX, "%s", path);
}

/* ---- containers.conf ---- */

/* Strings up to the list's end. Return: whether that was found. */
static bool read_strings(const char *at, const char *end, struct podman_folders *folders)
{
	char path[PATH_MAX];

	while (at < end && *at != '\n' && *at != '#') {
		if (*at == ']')
			return true;
		if (*at != '"' && *at != '\'') {
			at++;
			continue;
		}
		const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));

		if (!close)
			return true;
		snprintf(path, sizeof(path), "%.*s", (int)(close - at - 1), at + 1);
		podman_folders_add(folders, path);
		at = close + 1;
	}
	return false;
}

/* Return: what is behind "hooks_dir ="; NULL: it is another line. */
static const char *value_in(const char *line, const char *end)
{
	while (line < end && (*line == ' ' || *line == '\t'))
		line++;
	if ((size_t)(end - line) <= strlen(KEY) || strncmp(line, KEY, strlen(KEY)) != 0)
		return NULL;
	line += strlen(KEY);
	while (line < end && (*line == ' ' || *line == '\t'))
		line++;
	return line < end && *line == '=' ? line + 1 : NULL;
}

void podman_folders_read(const char *text, size_t length, struct podman_folders *folders)
{
	const char *end = text + length;
	bool is_in_list = false;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		const char *value = is_in_list ? line : value_in(line, line_end);

		if (value && !is_in_list)
			folders->count = 0;
		if (value)
			is_in_list = !read_strings(value, line_end, folders);
		line = line_end + 1;
	}
}

static void read_conf(const char *path, struct podman_folders *folders)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	if (text_file_read(path, CONF_MAX, &text, &length) == TEXT_FILE_READ)
		podman_folders_read(text, length, folders);
}

static int is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static void read_folder(const char *folder, struct podman_folders *folders)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX];
	int count = scandir(folder, &entries, is_conf, alphasort);

	for (int i = 0; i < count; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) < PATH_MAX)
			read_conf(path, folders);
		free(entries[i]);
	}
	free(entries);
}

void podman_folders_find(const char *home, struct podman_folders *ret_folders)
{
	const char *own = getenv("CONTAINERS_CONF");
	char path[PATH_MAX];

	ret_folders->count = 0;
	if (!home) {
		podman_folders_add(ret_folders, "/usr/share/containers/oci/hooks.d");
		podman_folders_add(ret_folders, "/etc/containers/oci/hooks.d");
	}
	if (own && *own) {
		read_conf(own, ret_folders);
		return;
	}
	read_conf("/usr/share/containers/containers.conf", ret_folders);
	read_conf("/etc/containers/containers.conf", ret_folders);
	read_folder("/etc/containers/containers.conf.d", ret_folders);
	if (home &&
	    snprintf(path, sizeof(path), "%s/.config/containers/containers.conf", home) < PATH_MAX)
		read_conf(path, ret_folders);
	if (home && snprintf(path, sizeof(path), "%s/.config/containers/containers.conf.d", home) <
			    PATH_MAX)
		read_folder(path, ret_folders);
}

/* ---- a hook ---- */

#define wrong(sentence, ...) \
	(diagnostic_print(sentence, PODMAN_HOOK_SENTENCE_SIZE, __VA_ARGS__), PODMAN_HOOK_WRONG)

static bool has_word(const struct json_object *object, const char *key, const char *word)
{
	struct json_object *list = json_value_member(object, key, json_type_array);

	return list && json_value_has_text(list, word);
}

static bool fits(const char *pattern, const char *text)
{
	regex_t expression;

	if (regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	bool is_match = regexec(&expression, text, 0, NULL, 0) == 0;

	regfree(&expression);
	return is_match;
}

/* Is it started for a container that has our annotation? */
static bool is_for_ours(const struct json_object *hook)
{
	struct json_object *when = json_value_member(hook, "when", json_type_object);
	struct json_object *annotations = json_value_member(when, "annotations", json_type_object);
	struct json_object *always = json_value_member(when, "always", json_type_boolean);

	if (always)
		return json_object_get_boolean(always);
	if (!annotations)
		return false;
	json_object_object_foreach(annotations, key, value)
	{
		(void)value;
		if (fits(key, OCI_POLICY_ANNOTATION))
			return true;
	}
	return false;
}

enum podman_hook_result podman_hook_judge(const struct json_object *hook,
					  char ret_sentence[PODMAN_HOOK_SENTENCE_SIZE])
{
	struct json_object *program = json_value_member(hook, "hook", json_type_object);
	const char *path = program ? json_text_of(program, "path") : "";
	struct stat stat_;

	if (!program || !has_word(program, "args", "oci-precreate"))
		return PODMAN_HOOK_FOREIGN;
	if (stat(path, &stat_) < 0 || !S_ISREG(stat_.st_mode) || access(path, X_OK) < 0)
		return wrong(
			ret_sentence,
			"its program '%s' is not there, or not for this user: podman starts containers "
			"without it, and says nothing",
			path);
	if (!has_word(hook, "stages", "precreate"))
		return wrong(ret_sentence, "its stages lack 'precreate': it edits no container");
	if (!is_for_ours(hook))
		return wrong(ret_sentence, "its 'when' does not fit the annotation %s",
			     OCI_POLICY_ANNOTATION);
	return PODMAN_HOOK_RIGHT;
}
