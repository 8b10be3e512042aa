/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The files of the folder are read in the order of their names, and all mistakes in them are collected, so that a
 * reload tells all of them at once. The users of each policy are looked up while it is loaded: later on their numbers
 * are compared with the one that the kernel tells.
 */
#include "daemon/policies_load.h"

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
#include "policy_file.h"
#include "yaml/diagnostic.h"

/* ---- the source ---- */

/**
 * open_nearest() - open a folder, or the nearest one above it that is there
 * @ret_rest: from there to the folder, a part of @path; ".": it is the folder
 *
 * Return: the descriptor; -errno.
 */
static int open_nearest(const char *path, const char **ret_rest)
{
	_cleanup_free_ char *above = strdup(path);
	const char *rest = ".";
	int fd = -ENOMEM;

	while (above) {
		char *slash = strrchr(above, '/');

		fd = open(*above ? above : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 || errno != ENOENT || !slash)
			break;
		*slash = '\0';
		rest = path + (slash - above) + 1;
	}
	if (above && fd < 0)
		fd = -errno;
	*ret_rest = rest;
	return fd;
}

int policies_source_open(const char *folder, const char *share, struct policies_source *ret_source)
{
	const char *rest = ".";
	int fd = folder ? open_nearest(folder, &rest) : -1;

	if (folder && fd < 0)
		return fd;
	*ret_source = (struct policies_source){
		.folder = fd,
		.rest = rest,
		.path = folder ? folder : "(no folder)",
		.share = share ? open(share, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1,
		.share_path = share,
		.root = { -1, -1 },
		.etc = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC),
		.default_policy = "default",
		.refuses_not_allowed = true,
	};
	return 0;
}

void policies_source_done(struct policies_source *source)
{
	fd_close(&source->folder);
	fd_close(&source->share);
	trust_root_done(&source->root);
	fd_close(&source->etc);
}

/* ---- the report ---- */

void policies_report_add(struct policies_report *report, const char *format, ...)
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

void policies_report_log(const struct policies_report *report, enum log_level level)
{
	const char *line = report->text;

	while (*line) {
		int length = (int)strcspn(line, "\n");

		log_write(level, "%.*s", length, line);
		line += length + (line[length] == '\n');
	}
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

#define complain(load, ...)                                       \
	do {                                                      \
		policies_report_add((load)->report, __VA_ARGS__); \
		if (!(load)->is_tolerant)                         \
			(load)->is_mistaken = true;               \
	} while (0)

/* ---- loading ---- */

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
		policies_report_add(
			load->report,
			"%s/%s.yaml: allow-users has '%s', who is not in passwd(5); a number would do",
			load->path, listed_policy_name(listed), user);
	return r < 0 ? r : 0;
}

static int add_users(struct load *load, struct listed_policy *listed)
{
	const struct policy *policy = listed->shared->policy;
	int r = 0;

	listed->users = calloc(policy->allow_user_count + 1, sizeof(*listed->users));
	if (!listed->users)
		return -ENOMEM;
	for (size_t i = 0; i < policy->allow_user_count && r == 0; i++)
		r = add_user(load, listed, policy->allow_users[i]);
	return r;
}

/* A policy of the folder that is read. @shared: NULL without memory */
static struct listed_policy *list_policy(struct policies *policies, struct shared_policy *shared,
					 const char *folder)
{
	struct listed_policy *listed = &policies->list[policies->count];

	if (!shared)
		return NULL;
	*listed = (struct listed_policy){ .shared = shared, .folder = folder };
	policies->count++;
	return listed;
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

/*
 * A policy that was installed may name keys that are to be put beside it: it is there, and no container gets it.
 *
 * Return: 0, also when no keys are needed; 1: they are mistaken; -ENOMEM.
 */
static int read_keys(struct load *load, const char *file_name, const struct integrity *integrity,
		     struct policy_keys **ret_keys, char **ret_fault)
{
	struct key_complaint complaint = { "" };

	if (integrity->mode == INTEGRITY_OFF || load->source->root.directory < 0)
		return 0;
	int r = policy_keys_read(integrity, &load->source->root, ret_keys, &complaint);

	if (r == 0 || r == -ENOMEM)
		return r;
	if (load->is_tolerant) {
		*ret_fault = strdup(complaint.text);
		return *ret_fault ? 0 : -ENOMEM;
	}
	complain(load, "%s/%s: keys: %s", load->path, file_name, complaint.text);
	return 1;
}

/* @taken: the policy's, or freed */
static int load_text(struct load *load, const char *name, const char *file_name, char *taken,
		     size_t length)
{
	_cleanup_free_ char *text = taken;
	_cleanup_free_ struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	_cleanup_free_ char *fault = NULL;
	struct policy_keys *keys = NULL;
	struct policy_file *file = NULL;

	if (!diagnostics)
		return -ENOMEM;
	int r = policy_file_load(name, text, length, &file, diagnostics);

	if (r != POLICY_FILE_LOADED) {
		complain_of_file(load, file_name, diagnostics);
		return r < 0 ? r : 0;
	}
	r = policy_file_use_folder(file, load->path);
	if (r == 0)
		r = read_keys(load, file_name, &file->policy.integrity, &keys, &fault);
	if (r != 0) {
		policy_file_free(file);
		return r < 0 ? r : 0;
	}
	struct listed_policy *listed =
		list_policy(load->policies, shared_policy_new(file, TAKE_PTR(text), length, keys),
			    load->folder);

	if (!listed)
		return -ENOMEM;
	listed->fault = TAKE_PTR(fault);
	return add_users(load, listed);
}

static void complain_of_reading(struct load *load, const char *file_name, int error)
{
	complain(load, "%s/%s: cannot be read: %s", load->path, file_name,
		 error == -ELOOP ? "it is a symbolic link" : strerror(-error));
}

/* Does the folder before have a policy of this name? */
static bool is_hidden(const struct load *load, const char *name)
{
	const struct listed_policy *other = policies_find(load->policies, name);

	return other && other->folder != load->folder;
}

static int load_file(struct load *load, int folder, const char *file_name)
{
	char name[POLICY_NAME_MAX + 1], *text = NULL;
	struct stat status;
	size_t length = 0;

	(void)policy_name_of_file(file_name, name);
	if (is_hidden(load, name))
		return 0;
	_cleanup_fd_ int fd = openat(folder, file_name, TEXT_FILE_FLAGS | O_NOFOLLOW);

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
		return load_text(load, name, file_name, text, length);
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

/* Return: what is wrong with the name that a file gives to its policy; NULL: nothing. */
static const char *find_fault(const char *name, size_t length)
{
	if (length > POLICY_NAME_MAX)
		return "the name is too long; allowed: 64 bytes before .yaml";
	if (!policy_name_is_sane(name))
		return "a policy cannot be called so; allowed: " POLICY_NAME_RULE;
	if (policy_builtin(name))
		return "a policy cannot be called as one that is built in";
	return NULL;
}

static int list_file(struct load *load, const char *file_name, struct listing *listing)
{
	char name[POLICY_NAME_MAX + 1];
	struct quoted_text quoted;
	size_t length = policy_name_of_file(file_name, name);

	if (length == 0)
		return 0;
	const char *fault = find_fault(name, length);

	if (fault) {
		complain(load, "%s: %s: %s", load->path,
			 quote_text(file_name, strlen(file_name), &quoted), fault);
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
	(void)TAKE_FD(fd); /* the stream's */
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
		r = load_file(load, folder, listing.names[i]);
	return r;
}

/* @folder: -errno: it cannot be opened. Return: 0; -errno: the set cannot be. */
static int load_folder(struct load *load, size_t index, const char *path, int folder)
{
	load->policies->folders[index] = strdup(path);
	load->path = path;
	load->folder = load->policies->folders[index];
	if (!load->folder)
		return -ENOMEM;
	int r = folder < 0 ? folder : load_files(load, folder);

	if (r == 0 || r == -ENOMEM || !load->is_tolerant)
		return r;
	complain(load, "%s: cannot be read: %s", path, strerror(-r));
	return 0;
}

static int load_folders(struct load *load)
{
	const struct policies_source *source = load->source;
	_cleanup_fd_ int folder = source->folder < 0 ?
					  -1 :
					  openat(source->folder, source->rest,
						 O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int error = folder < 0 ? -errno : 0, r = 0;

	load->is_tolerant = source->is_tolerant;
	if (source->folder >= 0 && error != -ENOENT)
		r = load_folder(load, 0, source->path, error < 0 ? error : folder);
	load->policies->file_count = load->policies->count;
	load->is_tolerant = true;
	if (r == 0 && source->share >= 0)
		r = load_folder(load, 1, source->share_path, source->share);
	return r;
}

/* ---- the set ---- */

static int add_builtins(struct policies *policies)
{
	for (size_t i = 0; i < POLICY_BUILTINS; i++)
		if (!list_policy(policies, shared_policy_new_builtin(policy_builtins[i]), NULL))
			return -ENOMEM;
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
	load.policies->no_gate = source->no_gate;
	int r = load_folders(&load);

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
