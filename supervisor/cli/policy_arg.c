/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_arg.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text_file.h"
#include "base/trust.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "daemon/policy_folders.h"

static bool ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text), ending_length = strlen(ending);

	return length >= ending_length && strcmp(text + length - ending_length, ending) == 0;
}

bool policy_arg_is_path(const char *argument)
{
	return strchr(argument, '/') || ends_with(argument, ".yaml") || ends_with(argument, ".yml");
}

const char *policy_arg_check(const char *argument)
{
	if (policy_arg_is_path(argument) || policy_name_is_sane(argument))
		return NULL;
	return "cannot be a policy's name, which has " POLICY_NAME_RULE
	       "; a file's name has a '/' in it, or .yaml behind";
}

/* Where policies are, by the daemon's settings. */
struct search {
	struct config_file file; /* the folders are of its */
	struct policy_folders folders;
};

static void search_begin(struct search *search, const char *folder)
{
	search->file = (struct config_file){ 0 };
	policy_folders_init(&search->folders,
			    folder ? folder : settings_find(&search->file)->policies);
}

static void search_end(struct search *search)
{
	config_done(&search->file);
}

bool policy_arg_is_installed(const char *name, char **ret_path)
{
	__attribute__((cleanup(search_end))) struct search search;

	search_begin(&search, NULL);
	return policy_folders_find(&search.folders, name, ret_path) == POLICY_FOLDERS_FOUND;
}

int policy_arg_find(const char *folder, const char *name, char **ret_path)
{
	__attribute__((cleanup(search_end))) struct search search;
	char sentence[POLICY_FOLDERS_SENTENCE_SIZE];

	search_begin(&search, folder);
	int r = policy_folders_find(&search.folders, name, ret_path);

	if (r == POLICY_FOLDERS_FOUND)
		return 0;
	if (r == -EACCES)
		log_error("cannot look for the policy %s in %s: %s", name, search.folders.paths[0],
			  strerror(EACCES));
	else if (r < 0)
		log_error("%s", strerror(-r));
	if (r < 0)
		return r;
	policy_folders_explain(&search.folders, name, sentence);
	log_error("%s", sentence);
	return -ENOENT;
}

/* Relative paths in a file begin where it is. */
static int use_folder(struct policy_file *file, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = slash ? strndup(path, (size_t)(slash - path)) : NULL;

	if (!slash)
		return 0;
	return folder ? policy_file_use_folder(file, folder) : -ENOMEM;
}

static int load_text(const char *path, const char *text, size_t length,
		     struct policy_file **ret_file, struct diagnostics *diagnostics)
{
	_cleanup_policy_file_ struct policy_file *file = NULL;
	int r = policy_file_load(path, text, length, &file, diagnostics);

	if (r != POLICY_FILE_LOADED)
		return r;
	r = use_folder(file, path);
	if (r < 0)
		return r;
	*ret_file = TAKE_PTR(file);
	return POLICY_FILE_LOADED;
}

int policy_arg_read(const char *path, struct policy_file **ret_file,
		    struct diagnostics *diagnostics)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	/* One byte more than a policy can have, so that a longer file is seen to be one. */
	int r = text_file_read(path, POLICY_FILE_SIZE_MAX + 1, &text, &length);

	if (r == TEXT_FILE_NOT_REGULAR) {
		log_error("cannot read %s: it is no regular file", path);
		return -EINVAL;
	}
	if (r == TEXT_FILE_READ)
		r = load_text(path, text, length, ret_file, diagnostics);
	if (r < 0)
		log_error("cannot read %s: %s", path, strerror(-r));
	return r;
}

static bool load_file(const char *path, const struct policy **ret_policy,
		      struct policy_file **ret_file)
{
	struct diagnostics diagnostics = { 0 };
	struct policy_file *file = NULL;

	if (policy_arg_read(path, &file, &diagnostics) != POLICY_FILE_LOADED) {
		output_log_mistakes(path, &diagnostics);
		return false;
	}
	*ret_policy = &file->policy;
	*ret_file = file;
	return true;
}

bool policy_arg_load(const char *argument, const struct policy **ret_policy,
		     struct policy_file **ret_file)
{
	_cleanup_free_ char *path = NULL;

	if (policy_arg_is_path(argument))
		return load_file(argument, ret_policy, ret_file);
	*ret_policy = policy_builtin(argument);
	*ret_file = NULL;
	if (*ret_policy)
		return true;
	return policy_arg_find(NULL, argument, &path) == 0 && load_file(path, ret_policy, ret_file);
}

/* Return: an enum text_file_result; -errno. */
static int read_safely(const char *path, char **ret_text, size_t *ret_length,
		       struct trust_fault *fault)
{
	_cleanup_fd_ int fd = trust_open(NULL, path, fault);

	return fd < 0 ? fd : text_file_read_fd(fd, POLICY_FILE_SIZE_MAX + 1, ret_text, ret_length);
}

bool policy_arg_is_safe(const struct policy_file *file)
{
	const char *path = file->policy.name;
	_cleanup_free_ char *text = NULL;
	struct trust_fault fault;
	size_t length = 0;
	int r = read_safely(path, &text, &length, &fault);
	bool is_same = r == TEXT_FILE_READ && length == file->length &&
		       memcmp(text, file->text, length) == 0;

	if (r == -EPERM)
		log_error("the policy %s says what may be executed, and %s", path, fault.text);
	else if (r < 0)
		log_error("cannot look at %s: %s", path, strerror(-r));
	else if (!is_same)
		log_error("the policy %s was changed while it was read", path);
	return is_same;
}
