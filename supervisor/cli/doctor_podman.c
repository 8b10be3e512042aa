/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor_parts.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text_file.h"
#include "cli/podman_hooks.h"
#include "count_of.h"
#include "hook/json_value.h"

#define HOOK_MAX (1 << 20)

/* Where 'make install' and packages put the hook. */
static const char *const installed[] = {
	"/usr/share/containers/oci/hooks.d",
	"/usr/local/share/containers/oci/hooks.d",
	"/etc/containers/oci/hooks.d",
};

static bool is_installed(void)
{
	static const char *const paths[] = { "/usr/bin/podman", "/usr/local/bin/podman" };

	for (size_t i = 0; i < COUNT_OF(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return true;
	return false;
}

static bool is_json(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".json") == 0;
}

/* Return: whether it is ours. */
static bool judge_file(struct findings *findings, const char *path)
{
	_cleanup_json_value_ struct json_object *hook = NULL;
	char sentence[PODMAN_HOOK_SENTENCE_SIZE];
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	if (text_file_read(path, HOOK_MAX, &text, &length) != TEXT_FILE_READ ||
	    json_value_read(&(struct json_text){ text, length }, &hook) < 0)
		return false;
	switch (podman_hook_judge(hook, sentence)) {
	case PODMAN_HOOK_RIGHT:
		findings_add(findings, FINDING_OK, "podman's hook %s", path);
		return true;
	case PODMAN_HOOK_WRONG:
		findings_add(findings, FINDING_FAIL, "podman's hook %s: %s", path, sentence);
		findings_remedy(findings,
				"install nsxattr where the hook's \"path\" says, or mend %s", path);
		return true;
	case PODMAN_HOOK_FOREIGN:
	default:
		return false;
	}
}

/* Return: how many of ours there are. */
static size_t judge_folder(struct doctor *doctor, const char *folder)
{
	DIR *files = opendir(folder);
	const struct dirent *entry;
	char path[PATH_MAX];
	size_t count = 0;

	if (!files && (errno != ENOENT || doctor->hooks)) {
		findings_add(&doctor->findings, FINDING_FAIL, "this user cannot look into %s: %s",
			     folder, strerror(errno));
		findings_remedy(&doctor->findings, "a folder that this user may read");
	}
	while (files && (entry = readdir(files)) != NULL)
		if (is_json(entry->d_name) &&
		    snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) < PATH_MAX)
			count += judge_file(&doctor->findings, path);
	if (files)
		closedir(files);
	return count;
}

/* Return: a folder with a hook that podman does not look into; NULL: there is none. */
static const char *find_elsewhere(void)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < COUNT_OF(installed); i++) {
		snprintf(path, sizeof(path), "%s/nsxattr.json", installed[i]);
		if (access(path, R_OK) == 0)
			return installed[i];
	}
	return NULL;
}

static void tell_absence(struct doctor *doctor, const struct podman_folders *folders)
{
	const char *elsewhere = find_elsewhere();
	enum finding_level level = doctor_level(doctor, DOCTOR_PODMAN);

	if (folders->count == 0)
		findings_add(
			&doctor->findings, level,
			"a plain user's podman looks for hooks in no folder: it starts containers "
			"without nsxattr, and says nothing");
	else
		findings_add(
			&doctor->findings, level,
			"no hook of nsxattr is where podman looks (%s%s): it starts containers without "
			"nsxattr, and says nothing",
			folders->paths[0], folders->count > 1 ? ", …" : "");
	if (elsewhere)
		findings_remedy(
			&doctor->findings,
			"'podman --hooks-dir=%s', or hooks_dir = [\"%s\"] under [engine] in %scontainers.conf",
			elsewhere, elsewhere,
			geteuid() == 0 ? "/etc/containers/" : "~/.config/containers/");
	else
		findings_remedy(
			&doctor->findings,
			"'make install PREFIX=/usr', or --hooks-dir= with the folder of the hook");
}

void doctor_podman_hooks(struct doctor *doctor)
{
	const struct passwd *user = getpwuid(geteuid());
	const char *home = getenv("HOME") ? getenv("HOME") : user ? user->pw_dir : "/";
	_cleanup_free_ struct podman_folders *folders = calloc(1, sizeof(*folders));
	size_t count = 0;

	if (!folders || !doctor_is_about(doctor, DOCTOR_PODMAN) ||
	    (doctor->runtime == 0 && !doctor->hooks && !is_installed()))
		return;
	if (doctor->hooks)
		podman_folders_add(folders, doctor->hooks);
	else
		podman_folders_find(geteuid() == 0 ? NULL : home, folders);
	for (size_t i = 0; i < folders->count; i++)
		count += judge_folder(doctor, folders->paths[i]);
	if (count == 0)
		tell_absence(doctor, folders);
}
