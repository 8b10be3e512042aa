/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong goes to standard output, as "FILE:LINE:COLUMN: TEXT", which editors take apart; a
 * file without a mistake says nothing. That a file cannot be read is no finding but a failure, and
 * goes to standard error.
 */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/policy_arg.h"
#include "cli/schema_json.h"
#include "cli/settings.h"
#include "daemon/config.h"
#include "integrity/revoked_keys.h"
#include "policy_file.h"

#define STATUS_MISTAKEN 1

struct check_request {
	bool is_verbose;
	bool wants_schema;
	bool is_config; /* they are the daemon's settings */
};

/* A file of this name is what it is called like. */
static const char config_name[] = "nsxattrd.yaml";

static const struct option_row rows[] = {
	{ "config", 'c', NULL, "the files are settings of nsxattrd, as nsxattrd.yaml is",
	  INTO_FLAG(struct check_request, is_config) },
	{ "schema", 0, NULL, "print the format as a JSON Schema, for editors",
	  INTO_FLAG(struct check_request, wants_schema) },
	{ "verbose", 'v', NULL, "name the files without a mistake too",
	  INTO_FLAG(struct check_request, is_verbose) },
};

static const struct option_table table = {
	.command = "nsxattr check",
	.operands = "FILE|NAME...",
	.about = "Say what is wrong with policies: each mistake with its line and column.\n"
		 "NAME is one that 'nsxattr policies' lists.\n"
		 "Exit status: 0 if there is none, 1 if there is any, 2 if a file cannot be read.",
	OPTION_ROWS(rows),
	.takes_operands = true,
};

static void show_diagnostics(const char *path, const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		printf("%s:%u:%u: %s\n", path, diagnostics->entries[i].line,
		       diagnostics->entries[i].column, diagnostics->entries[i].text);
	if (diagnostics->is_cut)
		printf("%s: there are more mistakes, which are not shown\n", path);
}

static bool is_config(const struct check_request *request, const char *path)
{
	return request->is_config || strcmp(path_last(path), config_name) == 0;
}

/* The files that the settings name have to be there, and root's alone to change. */
static bool read_revoked_keys(const struct config *config, struct diagnostics *diagnostics)
{
	_cleanup_revoked_keys_ struct revoked_keys *keys = NULL;
	struct key_complaint complaint;
	int r = revoked_keys_read(NULL, config->revoked_keys, config->revoked_key_count, &keys,
				  &complaint);

	if (r < 0)
		diagnostics_add(diagnostics, config->revoked_keys_line, 1, "revoked-keys: %s",
				complaint.text);
	return r == 0;
}

/* Return: an enum policy_file_result; -errno, which has been logged. */
static int read_config(const char *path, struct diagnostics *diagnostics)
{
	struct config_file file = { 0 };
	int r = settings_read(path, &file, diagnostics);

	if (r == CONFIG_LOADED && !read_revoked_keys(&file.config, diagnostics))
		r = CONFIG_MISTAKEN;
	config_done(&file);
	return r == CONFIG_MISTAKEN ? POLICY_FILE_MISTAKEN : r;
}

static int read_policy(const char *path, struct diagnostics *diagnostics)
{
	struct policy_file *file = NULL;
	int r = policy_arg_read(path, &file, diagnostics);

	policy_file_free(file);
	return r;
}

static int check_file(const struct check_request *request, const char *path)
{
	struct diagnostics diagnostics = { 0 };
	int r = is_config(request, path) ? read_config(path, &diagnostics) :
					   read_policy(path, &diagnostics);

	if (r < 0)
		return STATUS_FAILED;
	show_diagnostics(path, &diagnostics);
	if (r == POLICY_FILE_MISTAKEN)
		return STATUS_MISTAKEN;
	if (request->is_verbose)
		printf("%s: ok\n", path);
	return 0;
}

/* A file of that name goes before the policy. */
static bool may_be_name(const struct check_request *request, const char *operand)
{
	return !request->is_config && !policy_arg_is_path(operand) && access(operand, F_OK) < 0;
}

static int check_operand(const struct check_request *request, const char *operand)
{
	_cleanup_free_ char *path = NULL;

	if (!may_be_name(request, operand))
		return check_file(request, operand);
	if (!policy_builtin(operand))
		return check_file(request,
				  policy_arg_is_installed(operand, &path) ? path : operand);
	if (request->is_verbose)
		printf("%s: ok\n", operand);
	return 0;
}

static int check_all(const struct check_request *request, char **operands)
{
	int worst = 0;

	for (; *operands; operands++) {
		int status = check_operand(request, *operands);

		worst = status > worst ? status : worst;
	}
	return worst;
}

int cli_check(int argc, char **argv)
{
	struct check_request request = { 0 };
	char **files;
	int status = 0;

	if (!options_parse(&table, argc, argv, &request, &files, &status))
		return status;
	if (request.wants_schema && *files)
		return options_refuse(&table, "unexpected argument '%s' beside --schema", *files);
	if (request.wants_schema)
		output_json(schema_json_new(request.is_config ? &config_schema : &policy_schema));
	else if (*files)
		status = check_all(&request, files);
	else
		return options_refuse(&table, "missing FILE or NAME: what to check");
	return output_end(status, STATUS_FAILED);
}
