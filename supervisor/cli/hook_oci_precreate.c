/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * podman starts this before it writes a container's config.json, and takes what comes out for the
 * config. A container that does not ask for nsxattr gets back what it came with. What is wrong is said
 * on standard error and to the system's log, for podman 4 shows neither; and nothing is said on standard
 * output, so the container is not made.
 *
 * Which runtime will read the config is not said anywhere; podman's own command line may have it.
 * A flag that a runtime does not know is an error there, so runc gets none.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/filter.h"
#include "attach/oci_message.h"
#include "base/call_filter.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/syscalls.h"
#include "cli/hook.h"
#include "cli/hook_admit.h"
#include "cli/settings.h"
#include "hook/admission.h"
#include "hook/complaint.h"
#include "hook/filter_text.h"
#include "hook/oci_daemon.h"
#include "hook/oci_precreate.h"
#include "hook/podman_name.h"
#include "hook/runtime_guess.h"
#include "hook/stream.h"
#include "policy.h"

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

static const char *check_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > OCI_METADATA_MAX || name[0] == '.')
		return "is no name of a policy";
	for (size_t i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/')
			return "is no name of a policy";
	return NULL;
}

static const struct option_row rows[] = {
	{ "policy", 'p', "NAME", "for every container that comes here, not only those that ask",
	  INTO_TEXT(struct precreate_request, policy), .check = check_name },
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

/*
 * Here and not in a later hook: crun connects before it starts any, and its message about an absent daemon does not
 * tell what to do.
 */
static bool find_daemon(const struct precreate_request *request)
{
	const struct hook_daemon daemon = { .socket = request->daemon.socket,
					    .start = request->daemon.start };
	char sentence[OCI_DAEMON_SENTENCE_SIZE];

	if (oci_daemon_require(&daemon, sentence) == OCI_DAEMON_PRESENT)
		return true;
	complain_of_container(NULL, "%s", sentence);
	return false;
}

/** make_filter() - what crun takes where there are no rules. Return: 0; -errno. */
static int make_filter(const struct seccomp_edit *edit, char **ret_text)
{
	const struct filter_options options = {
		.allow_io_uring = edit->allow_io_uring,
		.lacks_xattrat = edit->lacks_xattrat,
		.notifies_exec = edit->exec.notifies_exec,
		.notifies_mmap = edit->exec.notifies_mmap,
	};
	struct sock_fprog program = { 0 };
	int r = filter_build(&options, &program);

	if (r < 0)
		return r;
	*ret_text = filter_text_new(&program);
	call_filter_done(&program);
	return *ret_text ? 0 : -ENOMEM;
}

static int refuse(int r, const char *reason)
{
	if (r < 0)
		complain_of_container(NULL, "config.json cannot be edited: %s", strerror(-r));
	else
		complain_of_container(NULL, "config.json %s", reason);
	return STATUS_REFUSED;
}

static unsigned int runtimes_of(const struct precreate_request *request,
				const struct oci_config *config)
{
	unsigned int podman = oci_config_is_podmans(config) ? RUNTIME_PODMAN : 0;

	return podman | (request->runtime == OCI_RUNTIME_CRUN ? RUNTIME_CRUN : RUNTIME_RUNC);
}

/** admit() - may it start? @edit: with what its policy says. Return: if not, it has been said. */
static bool admit(const struct precreate_request *request, const struct oci_config *config,
		  const char *policy, const char *name, struct seccomp_edit *edit)
{
	const struct hook_admit container = {
		.config = config,
		.daemon = &request->daemon,
		.policy = policy,
		.runtimes = runtimes_of(request, config),
		.id = "",
		.name = name,
	};
	struct admission admission = { 0 };
	bool may_start = request->is_unchecked ?
				 hook_look_at_policy(&container, &admission) :
				 find_daemon(request) && hook_admit(&container, &admission);

	edit->allow_io_uring |= admission.allow_io_uring;
	edit->exec = admission.exec;
	if (may_start)
		hook_warn_of_kernel(*name ? name : NULL, edit->allow_io_uring);
	return may_start;
}

/** find_name() - a name of which podman has not told the runtime. Return: whether there is one. */
static bool find_name(const struct oci_config *config, char name[OCI_NAME_MAX + 1])
{
	oci_config_name(config, name);
	return !name[0] && oci_config_is_podmans(config) &&
	       podman_name_find(config->root, name) == PODMAN_NAME_FOUND;
}

/** edit() - have the config say what the request wants. Return: the exit status. */
static int edit(const struct precreate_request *request, const char *policy,
		struct oci_config *config)
{
	bool is_crun = request->runtime == OCI_RUNTIME_CRUN;
	_cleanup_free_ char *filter = NULL, *text = NULL;
	char name[OCI_NAME_MAX + 1];
	const char *reason = NULL;
	size_t length = 0;
	struct oci_edit wanted = {
		.seccomp = {
			.policy = policy,
			.socket = request->daemon.socket,
			.wait_killable = is_crun && !filter_lacking(),
			.allow_io_uring = request->allow_io_uring,
			.lacks_xattrat = !xattrat_is_there(),
		},
		.name = find_name(config, name) ? name : NULL,
	};

	if (!admit(request, config, policy, name, &wanted.seccomp))
		return STATUS_REFUSED;
	int r = is_crun && !oci_config_has_seccomp(config) ? make_filter(&wanted.seccomp, &filter) :
							     0;

	if (r < 0)
		return refuse(r, NULL);
	wanted.filter = filter;
	r = oci_config_edit(config, &wanted, &text, &length, &reason);
	if (r != OCI_CONFIG_DONE)
		return refuse(r, reason);
	return stream_write(STDOUT_FILENO, text, length) < 0 ? STATUS_REFUSED : 0;
}

/** pass_or_edit() - one config. Return: the exit status. */
static int pass_or_edit(const struct precreate_request *request, const struct json_text *text)
{
	struct oci_config config = { 0 };
	const char *reason = NULL;
	int status, r = oci_config_read(text, &config, &reason);

	if (r != OCI_CONFIG_DONE)
		return refuse(r, reason);
	const char *policy = request->policy ? request->policy : oci_config_policy(&config);

	if (!policy) {
		status = stream_write(STDOUT_FILENO, text->bytes, text->length) < 0 ?
				 STATUS_REFUSED :
				 0;
	} else if (*policy && check_name(policy)) {
		complain_of_container(NULL, "the annotation " OCI_POLICY_ANNOTATION " %s",
				      check_name(policy));
		status = STATUS_REFUSED;
	} else {
		status = edit(request, policy, &config);
	}
	oci_config_done(&config);
	return status;
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
