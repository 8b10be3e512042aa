/* SPDX-License-Identifier: Apache-2.0 */
/* The hook that LXC starts before a container, without starting anything. */
#include "cli/doctor_parts.h"

#include <dirent.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text_file.h"
#include "hook/lxc.h"
#include "hook/lxc_config.h"

/* Containers that are looked at. */
#define CONTAINERS_MAX 256
#define CONF_MAX (1 << 16)
#define PATH_KEY "lxc.lxcpath"

/* ---- where they are ---- */

/* lxc.system.conf(5), and the same file of a user's. */
static bool read_path(const char *conf, char ret_path[PATH_MAX])
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	if (text_file_read(conf, CONF_MAX, &text, &length) != TEXT_FILE_READ)
		return false;
	_cleanup_free_ char *copy = strndup(text, length);

	for (char *rest = copy, *line; copy && (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		if (strncmp(line, PATH_KEY, strlen(PATH_KEY)) != 0)
			continue;
		line += strlen(PATH_KEY);
		line += strspn(line, " \t=");
		snprintf(ret_path, PATH_MAX, "%.*s", (int)strcspn(line, " \t\r"), line);
		return ret_path[0] == '/';
	}
	return false;
}

static void find_folder(const struct doctor *doctor, char ret_path[PATH_MAX])
{
	const struct passwd *user = getpwuid(geteuid());
	const char *home = getenv("HOME") ? getenv("HOME") : user ? user->pw_dir : "/";
	char conf[PATH_MAX];

	if (doctor->lxc_path) {
		snprintf(ret_path, PATH_MAX, "%s", doctor->lxc_path);
		return;
	}
	snprintf(conf, sizeof(conf), "%s/.config/lxc/lxc.conf", home);
	if (read_path(geteuid() == 0 ? "/etc/lxc/lxc.conf" : conf, ret_path))
		return;
	if (geteuid() == 0)
		snprintf(ret_path, PATH_MAX, "/var/lib/lxc");
	else
		snprintf(ret_path, PATH_MAX, "%s/.local/share/lxc", home);
}

/* ---- one of them ---- */

static void tell(struct doctor *doctor, const struct hook_lxc *hook, enum hook_lxc_result result,
		 const char *sentence)
{
	if (result == HOOK_LXC_READY) {
		findings_add(&doctor->findings, FINDING_OK, "LXC's container %s may start",
			     hook->name);
		return;
	}
	findings_add(&doctor->findings, result == HOOK_LXC_WEAK ? FINDING_WARN : FINDING_FAIL,
		     "LXC's container %s: %s", hook->name, sentence);
	findings_remedy(&doctor->findings,
			result == HOOK_LXC_WEAK ?
				"change %s so, and start it again" :
				"change %s so: 'nsxattr hook lxc' does not let it start",
			hook->config);
}

static void judge(struct doctor *doctor, const char *name, const char *config)
{
	const struct hook_lxc hook = {
		.user = geteuid(),
		.name = name,
		.config = config,
		.daemon = doctor->lxc,
	};
	_cleanup_free_ char *sentence = malloc(HOOK_LXC_SENTENCE_SIZE);

	if (sentence)
		tell(doctor, &hook, hook_lxc_check(&hook, sentence), sentence);
}

/* Is it to be served by our daemon? */
static bool is_ours(const struct doctor *doctor, const char *config)
{
	_cleanup_free_ struct lxc_config *content = malloc(sizeof(*content));

	return content && lxc_config_read(config, content) == 0 &&
	       strncmp(content->proxy, "unix:", 5) == 0 &&
	       strcmp(content->proxy + 5, doctor->lxc.socket) == 0;
}

/* ---- all of them ---- */

static void judge_named(struct doctor *doctor, const char *folder)
{
	const char *name = doctor->container;
	char config[PATH_MAX];

	if (strchr(name, '/') || name[0] == '.' ||
	    snprintf(config, sizeof(config), "%s/%s/config", folder, name) >= PATH_MAX)
		return;
	if (access(config, R_OK) == 0) {
		judge(doctor, name, config);
	} else if (doctor->runtime == DOCTOR_LXC) {
		findings_add(&doctor->findings, FINDING_FAIL,
			     "there is no %s, or it is not for this user", config);
		findings_remedy(&doctor->findings, "--lxcpath=, as lxc-start has it (-P)");
	}
}

static void judge_all(struct doctor *doctor, const char *folder)
{
	DIR *containers = opendir(folder);
	const struct dirent *entry;
	char config[PATH_MAX];
	size_t count = 0;

	while (containers && (entry = readdir(containers)) != NULL && count < CONTAINERS_MAX) {
		if (entry->d_name[0] == '.' || snprintf(config, sizeof(config), "%s/%s/config",
							folder, entry->d_name) >= PATH_MAX)
			continue;
		if (access(config, R_OK) == 0 && is_ours(doctor, config))
			judge(doctor, entry->d_name, config);
		count++;
	}
	if (containers)
		closedir(containers);
}

void doctor_lxc_hook(struct doctor *doctor)
{
	char folder[PATH_MAX];

	if (!doctor_is_about(doctor, DOCTOR_LXC))
		return;
	find_folder(doctor, folder);
	if (doctor->container)
		judge_named(doctor, folder);
	else
		judge_all(doctor, folder);
}
