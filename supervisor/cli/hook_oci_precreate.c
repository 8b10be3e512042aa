/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * podman starts this before it writes a container's config.json, and takes what comes out for the
 * config. A container that does not ask for nsxattr gets back what it came with. What is wrong is said
 * on standard error and to the system's log, for podman 4 shows neither; and nothing is said on standard
 * output, so the container is not made.
 *
 * Which runtime will read the config is not said anywhere; podman's own command line may have it. What runc knows is not
 * asked then, so it gets no flag.
 */
#include "cli/commands.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/hook.h"
#include "cli/oci_edit.h"
#include "cli/settings.h"
#include "hook/oci_precreate.h"
#include "hook/runtime_guess.h"
#include "hook/stream.h"

static const struct schema_word runtimes[] = {
	{ "auto", OCI_RUNTIME_UNKNOWN },
	{ "crun", OCI_RUNTIME_CRUN },
	{ "runc", OCI_RUNTIME_RUNC },
};

struct precreate_request {
	const char *policy; /* NULL: the container's annotation */
	struct hook_daemon daemon;
	enum oci_runtime runtime;
	bool allow_io_uring;
	bool is_unchecked; /* whether the daemon is there */
};

static const struct option_row rows[] = {
	{ "policy", 'p', "NAME", "for every container that comes here, not only those that ask",
	  INTO_TEXT(struct precreate_request, policy), .check = oci_edit_check_policy },
	HOOK_DAEMON_ROWS(struct precreate_request),
	{ "unchecked", 0, NULL, "edit without asking nsxattrd, or whether it is there",
	  INTO_FLAG(struct precreate_request, is_unchecked) },
	{ "runtime", 0, NULL, "which one will run the container",
	  INTO_WORD(struct precreate_request, runtime, runtimes) },
	{ "allow-io-uring", 0, NULL, "let io_uring_setup pass: its calls are not seen",
	  INTO_FLAG(struct precreate_request, allow_io_uring) },
};

static const struct option_table table = {
	.command = "nsxattr hook oci-precreate",
	.operands = "<CONFIG >EDITED",
	.about =
		"Edit the config.json of a container that has the annotation\n" OCI_POLICY_ANNOTATION
		"=NAME: its attribute calls come to nsxattrd, which serves them by\n"
		"the policy NAME, and what it executes, if that policy judges it. For the stage 'precreate' of podman's hooks.d.",
	OPTION_ROWS(rows),
};

static bool is_crun(const struct oci_edit_request *request)
{
	return request->runtime == OCI_RUNTIME_CRUN;
}

/** pass_or_edit() - one config. Return: the exit status. */
static int pass_or_edit(const struct precreate_request *request, const struct json_text *text)
{
	const struct oci_edit_request container = {
		.policy = request->policy,
		.daemon = &request->daemon,
		.runtime = request->runtime,
		.takes_wait_killable = is_crun,
		.allow_io_uring = request->allow_io_uring,
		.is_unchecked = request->is_unchecked,
		.id = "",
	};
	_cleanup_free_ char *edited = NULL;
	size_t length = 0;
	int r;

	switch (oci_edit_config(&container, text, &edited, &length)) {
	case OCI_EDIT_UNWANTED:
		r = stream_write(STDOUT_FILENO, text->bytes, text->length);
		break;
	case OCI_EDIT_DONE:
		r = stream_write(STDOUT_FILENO, edited, length);
		break;
	case OCI_EDIT_REFUSED:
	default:
		return STATUS_REFUSED;
	}
	return r < 0 ? STATUS_REFUSED : 0;
}

int cli_hook_oci_precreate(int argc, char **argv)
{
	__attribute__((cleanup(config_done))) struct config_file file = { 0 };
	const struct config *config = settings_find(&file);
	struct precreate_request request = { 0 };
	_cleanup_free_ char *bytes = NULL;
	struct json_text text;
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &request, &operands, &status))
		return status;
	hook_complete(&request.daemon, config,
		      config->oci.path ? config->oci.path : CONFIG_OCI_SOCKET);
	if (request.runtime == OCI_RUNTIME_UNKNOWN)
		request.runtime = runtime_guess();
	int r = stream_read(STDIN_FILENO, OCI_CONFIG_MAX + 1, &bytes, &text.length);

	if (r < 0) {
		log_error("cannot read config.json from standard input: %s", strerror(-r));
		return STATUS_REFUSED;
	}
	text.bytes = bytes;
	return pass_or_edit(&request, &text);
}
