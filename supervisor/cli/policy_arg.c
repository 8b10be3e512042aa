/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_arg.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text_file.h"

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
	if (policy_arg_is_path(argument) || policy_builtin(argument))
		return NULL;
	return "is no policy; there are: default, user, trusted, kernel; a file's name has a '/' in it, or .yaml "
	       "behind";
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
		r = policy_file_load(path, text, length, ret_file, diagnostics);
	if (r < 0)
		log_error("cannot read %s: %s", path, strerror(-r));
	return r;
}

static void log_diagnostics(const char *path, const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		log_error("%s:%u:%u: %s", path, diagnostics->entries[i].line,
			  diagnostics->entries[i].column, diagnostics->entries[i].text);
}

bool policy_arg_load(const char *argument, const struct policy **ret_policy,
		     struct policy_file **ret_file)
{
	struct diagnostics diagnostics = { 0 };
	struct policy_file *file = NULL;

	if (!policy_arg_is_path(argument)) {
		*ret_policy = policy_builtin(argument);
		*ret_file = NULL;
		return true;
	}
	if (policy_arg_read(argument, &file, &diagnostics) != POLICY_FILE_LOADED) {
		log_diagnostics(argument, &diagnostics);
		return false;
	}
	*ret_policy = &file->policy;
	*ret_file = file;
	return true;
}
