/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The files of the folder are read in the order of their names, and all mistakes in them are collected, so that a
 * reload tells all of them at once. The users of each policy are looked up while it is loaded: later on their numbers
 * are compared with the one that the kernel tells.
 *
 * A set is a list of counted policies (listed_policy.h). Choosing (policies_choose.c) adds a reference to one; freeing
 * the set takes one from each. So a policy that a container has lives on after the set.
 */
#include "daemon/policies.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/text_file.h"
#include "base/users.h"
#include "count_of.h"
#include "daemon/listed_policy.h"
#include "policy_file.h"
#include "yaml/diagnostic.h"

static const char file_ending[] = ".yaml";
static const char *const builtin_names[] = { "default", "kernel", "trusted", "user" };

_Static_assert(POLICIES_TOTAL_MAX == 2 * POLICIES_MAX + COUNT_OF(builtin_names),
	       "there is room for all that is built in");

/* ---- the report ---- */

static void report(struct policies_report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void report(struct policies_report *report, const char *format, ...)
{
	size_t used = strlen(report->text), room = sizeof(report->text) - used;
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(report->text + used, room, format, arguments);

	va_end(arguments);
	if (length < 0 || (size_t)length + 1 >= room) {
		report->text[used] = '\0';
		report->is_cut = true;
		return;
	}
	report->text[used + (size_t)length] = '\n';
	report->text[used + (size_t)length + 1] = '\0';
}

/** struct load - a set in the making */
struct load {
	const struct policies_source *source;
	struct policies_report *report;
	struct policies *policies;
	const char *path; /* of the folder that is read */
	const char *folder; /* the set's copy of it */
	bool is_tolerant; /* of what is wrong there */
	bool is_mistaken;
};

#define complain(load, ...)                          \
	do {                                         \
		report((load)->report, __VA_ARGS__); \
		if (!(load)->is_tolerant)            \
			(load)->is_mistaken = true;  \
	} while (0)

/* ---- loading ---- */

bool policy_name_is_sane(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t length = strlen(name);

	return length > 0 && length <= POLICY_NAME_MAX && strspn(name, allowed) == length &&
	       name[0] != '.' && name[0] != '-';
}

/* What a policy says is done with the host's rights, so no other user may write it. */
static bool is_ours(const struct stat *status)
{
	return (status->st_uid == 0 || status->st_uid == geteuid()) &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int add_user(struct load *load, struct listed_policy *listed, const char *user)
{
	uid_t uid;
	int r = users_find(load->source->etc, user, &uid);

	if (r == USERS_FOUND)
		listed->users[listed->user_count++] = uid;
	else if (r == USERS_UNKNOWN)
		report(load->report,
		       "%s/%s%s: allow-users has '%s', who is not in passwd(5); a number would do",
		       load->path, listed_policy_name(listed), file_ending, user);
	return r < 0 ? r : 0;
}

static int add_users(struct load *load, struct listed_policy *listed)
{
	const struct policy *policy = listed->shared.policy;
	int r = 0;

	listed->users = calloc(policy->allow_user_count + 1, sizeof(*listed->users));
	if (!listed->users)
		return -ENOMEM;
	for (size_t i = 0; i < policy->allow_user_count && r == 0; i++)
		r = add_user(load, listed, policy->allow_users[i]);
	return r;
}

/* @file, @text: the policy's; freed on failure */
static int add_policy(struct load *load, struct policy_file *file, char *text, size_t length)
{
	struct listed_policy *listed = listed_policy_new_of_file(file, text, length);

	if (!listed) {
		policy_file_free(file);
		free(text);
		return -ENOMEM;
	}
	listed->folder = load->folder;
	load->policies->list[load->policies->count++] = listed;
	return add_users(load, listed);
}

static void complain_of_file(struct load *load, const char *file_name,
			     const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		complain(load, "%s/%s:%u:%u: %s", load->path, file_name,
			 diagnostics->entries[i].line, diagnostics->entries[i].column,
			 diagnostics->entries[i].text);
	if (diagnostics->is_cut)
		complain(load, "%s/%s: there are more mistakes", load->path, file_name);
}

/* @taken: the policy's, or freed */
static int load_text(struct load *load, const char *file_name, char *taken, size_t length)
{
	_cleanup_free_ char *text = taken;
	_cleanup_free_ struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	char name[POLICY_NAME_MAX + 1];
	struct policy_file *file = NULL;

	if (!diagnostics)
		return -ENOMEM;
	diagnostic_print(name, sizeof(name), "%.*s", (int)(strlen(file_name) - strlen(file_ending)),
			 file_name);
	int r = policy_file_load(name, text, length, &file, diagnostics);

	if (r == POLICY_FILE_LOADED)
		return add_policy(load, file, TAKE_PTR(text), length);
	complain_of_file(load, file_name, diagnostics);
	return r < 0 ? r : 0;
}

static void complain_of_reading(struct load *load, const char *file_name, int error)
{
	complain(load, "%s/%s: cannot be read: %s", load->path, file_name,
		 error == -ELOOP ? "it is a symbolic link" : strerror(-error));
}

/* Does the folder before have a policy of this name? */
static bool is_hidden(const struct load *load, const char *file_name)
{
	const struct policies *policies = load->policies;
	size_t length = strlen(file_name) - strlen(file_ending);

	for (size_t i = 0; i < policies->count; i++)
		if (policies->list[i]->folder != load->folder &&
		    strlen(listed_policy_name(policies->list[i])) == length &&
		    strncmp(listed_policy_name(policies->list[i]), file_name, length) == 0)
			return true;
	return false;
}

static int load_file(struct load *load, int folder, const char *file_name)
{
	_cleanup_fd_ int fd = openat(folder, file_name, TEXT_FILE_FLAGS | O_NOFOLLOW);
	_cleanup_free_ char *text = NULL;
	struct stat status;
	size_t length = 0;

	if (fd < 0 || fstat(fd, &status) < 0) {
		complain_of_reading(load, file_name, -errno);
		return 0;
	}
	if (!is_ours(&status)) {
		complain(load, "%s/%s: belongs to, or can be written by, others than root",
			 load->path, file_name);
		return 0;
	}
	/* One byte more than a policy can have, so that a longer file is seen to be one. */
	int r = text_file_read_fd(fd, POLICY_FILE_SIZE_MAX + 1, &text, &length);

	if (r == TEXT_FILE_NOT_REGULAR)
		complain(load, "%s/%s: is no regular file", load->path, file_name);
	else if (r == TEXT_FILE_READ)
		return load_text(load, file_name, TAKE_PTR(text), length);
	else if (r != -ENOMEM)
		complain_of_reading(load, file_name, r);
	return r == -ENOMEM ? r : 0;
}

/* ---- the folder ---- */

/** struct listing - names of files, each to be freed */
struct listing {
	char *names[POLICIES_MAX];
	size_t count;
};

static void listing_done(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
}

#define _cleanup_listing_ __attribute__((cleanup(listing_done)))

static bool ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text), ending_length = strlen(ending);

	return length > ending_length && strcmp(text + length - ending_length, ending) == 0;
}

static bool is_builtin_name(const char *name)
{
	return policy_builtin(name) != NULL;
}

/* Return: what is wrong with the name that a file gives to its policy; NULL: nothing. */
static const char *find_fault(const char *file_name)
{
	size_t length = strlen(file_name) - strlen(file_ending);
	char name[POLICY_NAME_MAX + 1];

	if (length > POLICY_NAME_MAX)
		return "the name is too long; allowed: 64 bytes before .yaml";
	diagnostic_print(name, sizeof(name), "%.*s", (int)length, file_name);
	if (!policy_name_is_sane(name))
		return "a policy cannot be called so; allowed: " POLICY_NAME_RULE;
	if (is_builtin_name(name))
		return "a policy cannot be called as one that is built in";
	return NULL;
}

static int list_file(struct load *load, const char *file_name, struct listing *listing)
{
	struct quoted_text quoted;

	if (file_name[0] == '.' || !ends_with(file_name, file_ending))
		return 0;
	quote_text(file_name, strlen(file_name), &quoted);
	if (find_fault(file_name)) {
		complain(load, "%s: %s: %s", load->path, quoted.text, find_fault(file_name));
		return 0;
	}
	if (listing->count == POLICIES_MAX) {
		complain(load, "%s: there are more than %d policies", load->path, POLICIES_MAX);
		return -E2BIG;
	}
	listing->names[listing->count] = strdup(file_name);
	return listing->names[listing->count] ? (listing->count++, 0) : -ENOMEM;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static int list_folder(struct load *load, int folder, struct listing *listing)
{
	_cleanup_fd_ int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *found;
	int r = 0;

	if (!stream)
		return -errno;
	fd = -1; /* the stream's */
	while (r == 0 && (found = readdir(stream)))
		r = list_file(load, found->d_name, listing);
	closedir(stream);
	qsort(listing->names, listing->count, sizeof(listing->names[0]), compare_names);
	return r == -E2BIG ? 0 : r;
}

/* Return: what is wrong with the folder; NULL: nothing. */
static const char *find_fault_of_folder(const struct stat *status)
{
	if (status->st_nlink == 0)
		return "has been removed, or another one put in its place, since nsxattrd was "
		       "started; restart it";
	return is_ours(status) ? NULL : "belongs to, or can be written by, others than root";
}

/* Return: 0; -errno: the folder cannot be read. */
static int load_files(struct load *load, int folder)
{
	_cleanup_listing_ struct listing listing = { 0 };
	struct stat status;

	if (fstat(folder, &status) < 0)
		return -errno;
	if (find_fault_of_folder(&status)) {
		complain(load, "%s: %s", load->path, find_fault_of_folder(&status));
		return 0;
	}
	int r = list_folder(load, folder, &listing);

	for (size_t i = 0; i < listing.count && r == 0; i++)
		if (!is_hidden(load, listing.names[i]))
			r = load_file(load, folder, listing.names[i]);
	return r;
}

static int begin_folder(struct load *load, size_t index, const char *path, bool is_tolerant)
{
	load->policies->folders[index] = strdup(path);
	load->path = path;
	load->folder = load->policies->folders[index];
	load->is_tolerant = is_tolerant;
	return load->folder ? 0 : -ENOMEM;
}

/* Return: 0; -errno: the set cannot be. */
static int end_folder(struct load *load, int result)
{
	if (result == 0 || result == -ENOMEM || !load->is_tolerant)
		return result;
	complain(load, "%s: cannot be read: %s", load->path, strerror(-result));
	return 0;
}

static int load_folder(struct load *load)
{
	const struct policies_source *source = load->source;
	int r = begin_folder(load, 0, source->path, source->is_tolerant);

	if (r < 0 || source->folder < 0)
		return r;
	_cleanup_fd_ int folder =
		openat(source->folder, source->rest, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder < 0)
		r = errno == ENOENT ? 0 : -errno;
	else
		r = load_files(load, folder);
	load->policies->file_count = load->policies->count;
	return end_folder(load, r);
}

static int load_share(struct load *load)
{
	const struct policies_source *source = load->source;

	if (source->share < 0)
		return 0;
	int r = begin_folder(load, 1, source->share_path, true);

	return r < 0 ? r : end_folder(load, load_files(load, source->share));
}

/* ---- the set ---- */

static int add_builtins(struct policies *policies)
{
	for (size_t i = 0; i < COUNT_OF(builtin_names); i++) {
		struct listed_policy *listed =
			listed_policy_new(policy_builtin(builtin_names[i]), NULL);

		if (!listed)
			return -ENOMEM;
		policies->list[policies->count++] = listed;
	}
	return 0;
}

static void find_default(struct load *load)
{
	const char *name = load->source->default_policy;
	struct unknown_name unknown;
	struct quoted_text quoted;

	load->policies->default_policy = policies_find(load->policies, name);
	/* It may be one of the files that could not be loaded. */
	if (!load->policies->default_policy && !load->is_mistaken)
		complain(load, "the default policy %s is neither built in nor in %s%s",
			 quote_text(name, strlen(name), &quoted), load->path,
			 policies_suggest(load->policies, name, &unknown));
}

int policies_load(const struct policies_source *source, struct policies **ret_policies,
		  struct policies_report *report)
{
	struct load load = {
		.source = source,
		.report = report,
		.policies = calloc(1, sizeof(*load.policies)),
	};

	if (!load.policies)
		return -ENOMEM;
	load.policies->refuses_not_allowed = source->refuses_not_allowed;
	int r = load_folder(&load);

	if (r == 0)
		r = load_share(&load);
	if (r == 0)
		r = add_builtins(load.policies);
	load.path = source->path;
	load.is_tolerant = source->is_tolerant;
	if (r == 0)
		find_default(&load);
	if (r < 0 || load.is_mistaken) {
		policies_free(load.policies);
		return r < 0 ? r : POLICIES_MISTAKEN;
	}
	*ret_policies = load.policies;
	return POLICIES_LOADED;
}

void policies_free(struct policies *policies)
{
	if (!policies)
		return;
	for (size_t i = 0; i < policies->count; i++)
		shared_policy_unref(&policies->list[i]->shared);
	for (size_t i = 0; i < COUNT_OF(policies->folders); i++)
		free(policies->folders[i]);
	free(policies);
}

size_t policies_count(const struct policies *policies)
{
	return policies->file_count;
}
