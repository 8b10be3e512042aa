/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/ask.h"
#include "cli/options.h"
#include "cli/output.h"
#include "daemon/config.h"
#include "integrity/measurements.h"
#include "integrity/measurements_folder.h"
#include "integrity/measurements_text.h"

struct measurements_request {
	const char *control;
	const char *folder;
	bool is_binary;
	bool is_ascii;
	bool is_pcrs;
	enum digest_algorithm bank;
};

static const struct schema_word banks[] = {
	{ "sha1", DIGEST_SHA1 },
	{ "sha256", DIGEST_SHA256 },
	{ "sha384", DIGEST_SHA384 },
	{ "sha512", DIGEST_SHA512 },
};

static const struct option_row rows[] = {
	{ "ascii", 0, NULL, "print the list as text, a line an entry: without other options so",
	  INTO_FLAG(struct measurements_request, is_ascii) },
	{ "binary", 0, NULL, "print it in the binary form of the kernel's lists",
	  INTO_FLAG(struct measurements_request, is_binary) },
	{ "pcrs", 0, NULL, "print its registers, as evmctl reads them",
	  INTO_FLAG(struct measurements_request, is_pcrs) },
	{ "bank", 0, NULL, "of which bank: sha256",
	  INTO_WORD(struct measurements_request, bank, banks) },
	{ "folder", 0, "DIR", "write list and registers of one moment to files in DIR",
	  INTO_TEXT(struct measurements_request, folder) },
	{ "control", 0, "PATH", "the daemon's control socket",
	  INTO_TEXT(struct measurements_request, control) },
};

static const struct option_table table = {
	.command = "nsxattr measurements",
	.operands = "CONTAINER",
	.about =
		"Show what a container that nsxattrd serves has executed: its measurement list. CONTAINER\n"
		"is an id of 'nsxattr status', its beginning, or a name.\n"
		"Exit status: 0, or 1 if the daemon refuses, or 2 if there is no answer.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.has_options_behind = true,
	.missing = "CONTAINER",
};

static void print_pcrs(const struct measurements_view *view, enum digest_algorithm algorithm)
{
	for (size_t bank = 0; bank < PCR_BANK_COUNT; bank++)
		if (pcr_banks[bank] == algorithm)
			pcrs_print(&view->state.pcrs, bank, stdout);
}

/* What is missing in a list that is full is in its registers. */
static void warn_of_missing(const struct measurements_view *view)
{
	if (view->state.missed > 0)
		log_warning("the list is full: %llu entries are missing",
			    (unsigned long long)view->state.missed);
}

/* Return: the exit status. */
static int print(const struct measurements_request *request, const struct measurements *list)
{
	struct measurements_view view;

	measurements_look(list, &view);
	warn_of_missing(&view);
	if (request->is_binary)
		(void)fwrite(view.bytes, 1, (size_t)view.state.size, stdout);
	else if (request->is_pcrs)
		print_pcrs(&view, request->bank);
	else
		(void)measurements_print(view.bytes, (size_t)view.state.size, stdout);
	return output_end(0, STATUS_FAILED);
}

static int write_folder(const char *path, const struct measurements *list)
{
	struct measurements_folder *folder = NULL;
	int r = measurements_folder_new(path, list, &folder);

	measurements_folder_free(folder);
	return r < 0 ? STATUS_FAILED : 0;
}

static int show(const struct measurements_request *request, const char *container)
{
	_cleanup_measurements_ struct measurements *list = NULL;
	_cleanup_free_ char *question = ask_about_container("measurements", container);
	struct json_object *answer;
	_cleanup_fd_ int fd = -1;
	int status = ask_daemon_fd(request->control, question, &answer, &fd);

	json_object_put(answer);
	if (status != 0)
		return status;
	if (measurements_open_to_read(fd, &list) < 0) {
		log_error("what %s has sent is no measurement list of this version",
			  request->control);
		return STATUS_FAILED;
	}
	(void)TAKE_FD(fd);
	return request->folder ? write_folder(request->folder, list) : print(request, list);
}

int cli_measurements(int argc, char **argv)
{
	struct measurements_request request = { .control = config_defaults()->control.path,
						.bank = DIGEST_SHA256 };
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &request, &operands, &status))
		return status;
	if (operands[1])
		return options_refuse(&table, "unexpected argument '%s'", operands[1]);
	if (request.is_ascii + request.is_binary + request.is_pcrs + (request.folder != NULL) > 1)
		return options_refuse(&table, "one of --ascii, --binary, --pcrs and --folder");
	return show(&request, operands[0]);
}
