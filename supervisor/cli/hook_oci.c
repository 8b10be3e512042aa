/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hook of the stage createRuntime (or prestart) of an OCI runtime. A container that has this hook
 * needs the daemon. The hook reads the state to its end, so that the runtime's write does not fail. The config.json
 * of the bundle says whether the container's listener comes to the daemon, and by which policy. If it does not, the
 * hook only checks that the daemon is there.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/text_file.h"
#include "cli/hook.h"
#include "cli/hook_admit.h"
#include "cli/settings.h"
#include "hook/admission.h"
#include "hook/complaint.h"
#include "hook/json_value.h"
#include "hook/oci_daemon.h"
#include "hook/oci_precreate.h"
#include "hook/stream.h"
#include "policy.h"

/* The longest state that is looked into. */
#define STATE_MAX (1 << 20)

struct oci_request {
	struct hook_daemon daemon;
};

static const struct option_row rows[] = {
	HOOK_DAEMON_ROWS(struct oci_request),
};

static const struct option_table table = {
	.command = "nsxattr hook oci",
	.operands = "<STATE",
	.about = "For the stage 'createRuntime' of an OCI runtime: a container does not start if\n"
		 "nsxattrd would not answer its calls.",
	OPTION_ROWS(rows),
};

/** struct state - what the runtime says of the container */
struct state {
	struct json_object *object; /* NULL: it says nothing that we understand */
	char *bytes; /* of the config.json of its bundle */
	struct oci_config config; /* all zeroes: there is none */
};

static void state_done(struct state *state)
{
	json_object_put(state->object);
	oci_config_done(&state->config);
	free(state->bytes);
}

#define _cleanup_state_ __attribute__((cleanup(state_done)))

static void read_state(struct state *state)
{
	_cleanup_free_ char *bytes = NULL;
	size_t length = 0;

	if (stream_read(STDIN_FILENO, STATE_MAX, &bytes, &length) == 0)
		(void)json_value_read(&(struct json_text){ bytes, length }, &state->object);
}

static const char *id_of(const struct state *state)
{
	return json_text_of(state->object, "id");
}

/* Return: false if there should be a config, and there is none: that has been said. */
static bool read_config(struct state *state)
{
	const char *bundle = json_value_text(state->object, "bundle"), *reason = "";
	_cleanup_free_ char *path = NULL;
	size_t length = 0;

	if (!bundle)
		return true;
	if (asprintf(&path, "%s/config.json", bundle) < 0) {
		path = NULL;
		return false;
	}
	int r = text_file_read(path, OCI_CONFIG_MAX + 1, &state->bytes, &length);

	if (r == TEXT_FILE_READ)
		r = oci_config_read(&(struct json_text){ state->bytes, length }, &state->config,
				    &reason);
	if (r == OCI_CONFIG_DONE)
		return true;
	complain_of_container(id_of(state), "cannot read %s: it %s", path,
			      r < 0 ? strerror(-r) : reason);
	return false;
}

/* Would nsxattrd see what the container executes? Return: if not, it has been said. */
static bool hands_over(const struct state *state, const struct exec_edit *exec)
{
	const char *call = oci_config_lacking(&state->config, exec);

	if (call)
		complain_of_container(
			id_of(state),
			"the policy judges what is executed, and linux.seccomp of config.json lets "
			"%s pass, which nsxattrd would not see: have 'nsxattr hook oci-precreate' edit it, or take a profile of "
			"'nsxattr profile' for this policy",
			call);
	return !call;
}

/* Does it come to the daemon, and would that serve it? Return: if not, it has been said. */
static bool admit(const struct hook_daemon *daemon, struct state *state)
{
	char name[OCI_NAME_MAX + 1];
	struct admission admission;

	if (!read_config(state))
		return false;
	const char *policy = state->config.root ? oci_config_wanted(&state->config) : NULL;

	if (!policy)
		return true;
	oci_config_name(&state->config, name);
	const struct hook_admit container = {
		.config = &state->config,
		.daemon = daemon,
		.policy = policy,
		.runtimes = RUNTIME_CRUN | RUNTIME_RUNC |
			    (oci_config_is_podmans(&state->config) ? RUNTIME_PODMAN : 0),
		.id = id_of(state),
		.name = name,
	};

	if (!hook_admit(&container, &admission) || !hands_over(state, &admission.exec))
		return false;
	hook_warn_of_kernel(NULL, container.id, admission.allow_io_uring);
	return true;
}

static int check(const struct hook_daemon *daemon)
{
	_cleanup_state_ struct state state = { 0 };
	char sentence[OCI_DAEMON_SENTENCE_SIZE];

	read_state(&state);
	if (oci_daemon_require(daemon, sentence) == OCI_DAEMON_PRESENT)
		return admit(daemon, &state) ? 0 : STATUS_REFUSED;
	complain_of_container(*id_of(&state) ? id_of(&state) : NULL, "%s", sentence);
	return STATUS_REFUSED;
}

int cli_hook_oci(int argc, char **argv)
{
	__attribute__((cleanup(config_done))) struct config_file file = { 0 };
	const struct config *config = settings_find(&file);
	struct oci_request request = { 0 };
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &request, &operands, &status))
		return status;
	hook_complete(&request.daemon, config,
		      config->oci.path ? config->oci.path : CONFIG_OCI_SOCKET);
	return check(&request.daemon);
}
