/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy_folders.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "count_of.h"
#include "yaml/diagnostic.h"
#include "yaml/spelling.h"

static const char file_ending[] = ".yaml";

const char *const policy_builtins[POLICY_BUILTINS] = { "default", "user", "trusted", "kernel" };

bool policy_name_is_sane(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t length = strlen(name);

	return length > 0 && length <= POLICY_NAME_MAX && strspn(name, allowed) == length &&
	       name[0] != '.' && name[0] != '-';
}

size_t policy_name_of_file(const char *file_name, char ret_name[POLICY_NAME_MAX + 1])
{
	size_t length = strlen(file_name), ending = strlen(file_ending);

	if (file_name[0] == '.' || length <= ending ||
	    strcmp(file_name + length - ending, file_ending) != 0)
		return 0;
	(void)diagnostic_print(ret_name, POLICY_NAME_MAX + 1, "%.*s", (int)(length - ending),
			       file_name);
	return length - ending;
}

/* Takes the last component off a path. Return: it; NULL: there is none. */
static const char *split(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

/* Return: whether the program lies where it was installed. */
static bool find_share(char share[PATH_MAX])
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (length < 0)
		return false;
	program[length] = '\0';
	const char *folder = split(program) ? split(program) : NULL;

	if (!folder || (strcmp(folder, "bin") != 0 && strcmp(folder, "sbin") != 0))
		return false;
	int written = snprintf(share, PATH_MAX, "%s/share/nsxattr/policies", program);

	return written > 0 && written < PATH_MAX;
}

void policy_folders_init(struct policy_folders *folders, const char *folder)
{
	folders->paths[0] = folder;
	folders->paths[1] = find_share(folders->share) ? folders->share : NULL;
}

static bool has_file(const char *folder, const char *name)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s/%s%s", folder, name, file_ending);

	return length > 0 && length < PATH_MAX && access(path, F_OK) == 0;
}

int policy_folders_find(const struct policy_folders *folders, const char *name, char **ret_path)
{
	bool is_closed = false;

	if (!policy_name_is_sane(name))
		return POLICY_FOLDERS_UNKNOWN;
	for (size_t i = 0; i < COUNT_OF(folders->paths); i++) {
		char *path = NULL;

		if (!folders->paths[i])
			continue;
		if (asprintf(&path, "%s/%s%s", folders->paths[i], name, file_ending) < 0)
			return -ENOMEM;
		if (access(path, F_OK) == 0) {
			*ret_path = path;
			return POLICY_FOLDERS_FOUND;
		}
		is_closed |= errno == EACCES;
		free(path);
	}
	return is_closed ? -EACCES : (int)POLICY_FOLDERS_UNKNOWN;
}

/** struct unknown_policy - what to say about a name that no policy has */
struct unknown_policy {
	struct spelling spelling; /* of copies of names, for those of readdir(3) do not last */
	char names[2][POLICY_NAME_MAX + 1]; /* the nearest one, and one that is offered */
	char list[POLICY_FOLDERS_SENTENCE_SIZE / 2]; /* of all there are */
	size_t length; /* of the list */
};

/* Dots stand for the names for which there is no room. */
static void list_name(struct unknown_policy *unknown, const char *name)
{
	size_t room = sizeof(unknown->list) - unknown->length;
	const char *comma = unknown->length > 0 ? ", " : "";
	int length;

	if (room < POLICY_NAME_MAX + sizeof(", ...") + 2) {
		if (room > sizeof(", ...") &&
		    strcmp(unknown->list + unknown->length - 3, "...") != 0)
			unknown->length +=
				(size_t)sprintf(unknown->list + unknown->length, ", ...");
		return;
	}
	length = snprintf(unknown->list + unknown->length, room, "%s%s", comma, name);
	unknown->length += length > 0 ? (size_t)length : 0;
}

static void offer_name(struct unknown_policy *unknown, const char *name)
{
	struct spelling *spelling = &unknown->spelling;
	char *place = spelling->nearest == unknown->names[0] ? unknown->names[1] :
							       unknown->names[0];

	snprintf(place, POLICY_NAME_MAX + 1, "%s", name);
	spelling_offer(spelling, place);
	list_name(unknown, name);
}

/* @before: the folder that hides what is in this one; NULL: none does */
static void offer_folder(struct unknown_policy *unknown, const char *path, const char *before)
{
	DIR *stream = path ? opendir(path) : NULL;
	char name[POLICY_NAME_MAX + 1];
	const struct dirent *found;

	while (stream && (found = readdir(stream))) {
		size_t length = policy_name_of_file(found->d_name, name);

		if (length > 0 && length <= POLICY_NAME_MAX && policy_name_is_sane(name) &&
		    !(before && has_file(before, name)))
			offer_name(unknown, name);
	}
	if (stream)
		closedir(stream);
}

void policy_folders_explain(const struct policy_folders *folders, const char *name,
			    char text[POLICY_FOLDERS_SENTENCE_SIZE])
{
	struct unknown_policy unknown = { .spelling.word = name };
	struct quoted_text quoted;

	for (size_t i = 0; i < POLICY_BUILTINS; i++)
		offer_name(&unknown, policy_builtins[i]);
	offer_folder(&unknown, folders->paths[0], NULL);
	offer_folder(&unknown, folders->paths[1], folders->paths[0]);
	bool is_near = unknown.spelling.nearest;

	snprintf(text, POLICY_FOLDERS_SENTENCE_SIZE, "there is no policy %s%s%s%s; there are: %s",
		 quote_text(name, strlen(name), &quoted), is_near ? " (did you mean '" : "",
		 is_near ? unknown.spelling.nearest : "", is_near ? "'?)" : "", unknown.list);
}
