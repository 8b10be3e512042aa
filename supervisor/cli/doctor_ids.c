/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of ids, subuid(5). Containers whose roots are one id of the host have one view, so ranges that overlap are a
 * fault that nothing else tells.
 */
#include "cli/doctor_parts.h"

#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "attach/free_ids.h"
#include "attach/idmap_arg.h"
#include "attach/subid.h"
#include "base/fd.h"
#include "base/log.h"
#include "count_of.h"

#define RANGES_MAX 4096
#define OWNER_SIZE 64
/* Overlaps of one file that are told. */
#define TOLD_MAX 3
#define OF_RUNTIMES (DOCTOR_PODMAN | DOCTOR_LXC | DOCTOR_CRUN | DOCTOR_RUNC)

/* ---- overlaps ---- */

struct range {
	char owner[OWNER_SIZE];
	uint32_t first;
	uint64_t end;
};

struct ranges {
	struct range all[RANGES_MAX];
	size_t count;
};

static void add_line(struct ranges *ranges, const char *line)
{
	size_t length = strcspn(line, ":");
	struct id_extent extent;
	char text[64];

	if (line[length] != ':' || length == 0 || length >= OWNER_SIZE || line[0] == '#' ||
	    ranges->count == RANGES_MAX)
		return;
	snprintf(text, sizeof(text), "0:%s", line + length + 1);
	text[strcspn(text, "\r\n")] = '\0';
	if (idmap_arg_parse(text, &extent))
		return;
	struct range *range = &ranges->all[ranges->count++];

	memcpy(range->owner, line, length);
	range->owner[length] = '\0';
	range->first = extent.host;
	range->end = (uint64_t)extent.host + extent.count;
}

/* Return: false: there is no such file, or it cannot be read. */
static bool read_ranges(const char *path, struct ranges *ranges)
{
	_cleanup_file_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	ranges->count = 0;
	while (file && getline(&line, &size, file) >= 0)
		add_line(ranges, line);
	return file != NULL;
}

/* A user can be named or numbered. */
static bool is_same_owner(const char *left, const char *right)
{
	const struct passwd *user;
	char number[16];

	if (strcmp(left, right) == 0)
		return true;
	user = getpwnam(left);
	if (!user)
		return false;
	snprintf(number, sizeof(number), "%u", (unsigned int)user->pw_uid);
	return strcmp(number, right) == 0;
}

static int compare_ranges(const void *left, const void *right)
{
	uint32_t a = ((const struct range *)left)->first, b = ((const struct range *)right)->first;

	return (a > b) - (a < b);
}

static void tell_overlap(struct findings *findings, const char *path, const struct range *a,
			 const struct range *b)
{
	uint64_t end = a->end < b->end ? a->end : b->end;

	findings_add(
		findings, FINDING_FAIL,
		"%s gives the ids %u to %llu to '%s' and to '%s': containers with the same root have "
		"the same values",
		path, b->first, (unsigned long long)end - 1, a->owner, b->owner);
	findings_remedy(
		findings,
		"give one of them others, and its containers' values with 'nsxattr tree rekey'");
}

static void find_overlaps(struct findings *findings, const char *path, struct ranges *ranges)
{
	const struct range *longest = NULL;
	size_t told = 0;

	qsort(ranges->all, ranges->count, sizeof(ranges->all[0]), compare_ranges);
	for (size_t i = 0; i < ranges->count && told < TOLD_MAX; i++) {
		const struct range *range = &ranges->all[i];

		if (longest && range->first < longest->end &&
		    !is_same_owner(longest->owner, range->owner) &&
		    !is_same_owner(range->owner, longest->owner)) {
			tell_overlap(findings, path, longest, range);
			told++;
		}
		if (!longest || range->end > longest->end)
			longest = range;
	}
	if (told == 0)
		findings_add(findings, FINDING_OK, "%s: %zu range%s, of which none overlap", path,
			     ranges->count, ranges->count == 1 ? "" : "s");
}

void doctor_ids_overlaps(struct doctor *doctor)
{
	const char *const paths[] = { doctor->subuid, doctor->subgid };
	_cleanup_free_ struct ranges *ranges = malloc(sizeof(*ranges));

	for (size_t i = 0; ranges && i < COUNT_OF(paths); i++)
		if (read_ranges(paths[i], ranges))
			find_overlaps(&doctor->findings, paths[i], ranges);
}

/* ---- this user's ---- */

static void suggest_ids(struct findings *findings, const char *name)
{
	char command[FREE_IDS_COMMAND_SIZE];
	uint32_t first;

	if (name && free_ids_command(name, &first, command))
		findings_remedy(findings, "as root: %s", command);
	else
		findings_remedy(findings, "lines of subuid(5) with ids that no other user has");
}

static void judge_range(struct doctor *doctor, const char *path, const char *name, uint32_t uid)
{
	struct findings *findings = &doctor->findings;
	struct id_extent extent;
	unsigned int line = 0;
	int r = subid_find(path, name, uid, &extent, &line);

	if (r == SUBID_FOUND && extent.count >= FREE_IDS_COUNT) {
		findings_add(findings, FINDING_OK, "%s has %u ids from %u for '%s'", path,
			     extent.count, extent.host, name ? name : "");
		return;
	}
	if (r == SUBID_FOUND) {
		findings_add(findings, FINDING_WARN,
			     "%s has only %u ids for '%s': files of other ids cannot be labelled",
			     path, extent.count, name ? name : "");
	} else if (r == SUBID_MALFORMED) {
		findings_add(findings, FINDING_FAIL, "%s, line %u, has no numbers", path, line);
	} else if (r == SUBID_NONE) {
		findings_add(findings, doctor_level(doctor, OF_RUNTIMES),
			     "%s sets no ids aside for '%s': containers have none of their own",
			     path, name ? name : "this user");
	} else {
		findings_add(findings, FINDING_UNSEEN, "cannot read %s: %s", path, strerror(-r));
		return;
	}
	suggest_ids(findings, name);
}

void doctor_ids_own(struct doctor *doctor)
{
	const struct passwd *user = getpwuid(geteuid());
	_cleanup_free_ char *name = user ? strdup(user->pw_name) : NULL;

	if (!doctor_is_about(doctor, OF_RUNTIMES))
		return;
	judge_range(doctor, doctor->subuid, name, geteuid());
	judge_range(doctor, doctor->subgid, name, geteuid());
}

/* Those of podman's --userns=auto, for root's containers. */
void doctor_ids_containers(struct doctor *doctor)
{
	static const uint32_t nobodys = UINT32_MAX;

	if (geteuid() != 0 || doctor->runtime != DOCTOR_PODMAN)
		return;
	struct id_extent extent;
	unsigned int line = 0;
	int r = subid_find(doctor->subuid, "containers", nobodys, &extent, &line);

	if (r == SUBID_FOUND && extent.count >= FREE_IDS_COUNT) {
		findings_add(&doctor->findings, FINDING_OK,
			     "%s has %u ids for 'containers' (--userns=auto)", doctor->subuid,
			     extent.count);
		return;
	}
	findings_add(&doctor->findings, FINDING_WARN, "%s %s for 'containers': %s", doctor->subuid,
		     r == SUBID_FOUND ? "has too few ids" : "sets no ids aside",
		     "--userns=auto has none, --subuidname=root and --uidmap work");
	suggest_ids(&doctor->findings, "containers");
}

/* ---- the programs that write id maps for plain users ---- */

/* Return: whether it is in PATH; @ret_path: where. */
static bool find_program(const char *name, char ret_path[PATH_MAX])
{
	const char *rest = getenv("PATH");

	while (rest && *rest) {
		size_t length = strcspn(rest, ":");

		snprintf(ret_path, PATH_MAX, "%.*s/%s", (int)length, rest, name);
		if (length > 0 && access(ret_path, X_OK) == 0)
			return true;
		rest += length + (rest[length] == ':');
	}
	return false;
}

static bool may_map(const char *path)
{
	struct stat stat_;

	return stat(path, &stat_) == 0 && ((stat_.st_uid == 0 && (stat_.st_mode & S_ISUID)) ||
					   getxattr(path, "security.capability", NULL, 0) > 0);
}

void doctor_ids_programs(struct doctor *doctor)
{
	static const char *const names[] = { "newuidmap", "newgidmap" };
	char path[PATH_MAX];

	if (geteuid() == 0 || !doctor_is_about(doctor, OF_RUNTIMES))
		return;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		bool is_there = find_program(names[i], path);

		if (is_there && may_map(path)) {
			findings_add(&doctor->findings, FINDING_OK, "%s is there", names[i]);
			continue;
		}
		findings_add(
			&doctor->findings, doctor_level(doctor, OF_RUNTIMES),
			is_there ?
				"%s has neither the setuid bit nor capabilities: no ids are mapped" :
				"%s is not in PATH: no ids but this user's own can be mapped",
			names[i]);
		findings_remedy(&doctor->findings,
				"the package uidmap (Debian) or shadow-utils, as root");
	}
}
