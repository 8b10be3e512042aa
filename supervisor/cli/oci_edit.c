/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container that does not ask for nsxattr is left alone. What is wrong with one that does is said as
 * hook/complaint.h has it.
 *
 * A flag that a runtime does not know is an error there.
 */
#include "cli/oci_edit.h"

#include <errno.h>
#include <string.h>

#include "attach/filter.h"
#include "attach/oci_message.h"
#include "base/call_filter.h"
#include "base/fd.h"
#include "base/syscalls.h"
#include "cli/hook.h"
#include "cli/hook_admit.h"
#include "hook/admission.h"
#include "hook/complaint.h"
#include "hook/filter_text.h"
#include "hook/oci_daemon.h"
#include "hook/oci_precreate.h"
#include "hook/podman_name.h"
#include "policy.h"

#define NO_NAME "is no name of a policy"

static const char *id_of(const struct oci_edit_request *request)
{
	return *request->id ? request->id : NULL;
}

#define complain(request, ...) \
	tell_runtime_of_container((request)->log, true, id_of(request), __VA_ARGS__)

const char *oci_edit_check_policy(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > OCI_METADATA_MAX || name[0] == '.')
		return NO_NAME;
	for (size_t i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/')
			return NO_NAME;
	return NULL;
}

/*
 * Here and not in a later hook: crun connects before it starts any, and its message about an absent daemon does not
 * tell what to do.
 */
static bool find_daemon(const struct oci_edit_request *request)
{
	const struct hook_daemon daemon = { .socket = request->daemon->socket,
					    .start = request->daemon->start };
	char sentence[OCI_DAEMON_SENTENCE_SIZE];

	if (oci_daemon_require(&daemon, sentence) == OCI_DAEMON_PRESENT)
		return true;
	complain(request, "%s", sentence);
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

static enum oci_edit_result refuse(const struct oci_edit_request *request, int r,
				   const char *reason)
{
	if (r < 0)
		complain(request, "config.json cannot be edited: %s", strerror(-r));
	else
		complain(request, "config.json %s", reason);
	return OCI_EDIT_REFUSED;
}

static unsigned int runtimes_of(const struct oci_edit_request *request,
				const struct oci_config *config)
{
	unsigned int podman = oci_config_is_podmans(config) ? RUNTIME_PODMAN : 0;

	return podman | (request->runtime == OCI_RUNTIME_CRUN ? RUNTIME_CRUN : RUNTIME_RUNC);
}

/*
 * "" of the request leaves the choice to the daemon, but at the listener the daemon would go by the annotation: so the
 * config names the policy that was admitted. Return: false if that is not known: that has been said.
 */
static bool choose(const struct oci_edit_request *request, const struct oci_config *config,
		   const struct admission *admission, struct seccomp_edit *edit)
{
	const char *annotation = oci_config_policy(config);

	if (!request->policy || *request->policy)
		return true;
	if (*admission->policy)
		edit->policy = admission->policy;
	else if (annotation && *annotation) {
		complain(request, "nsxattrd cannot be asked which policy it chooses, and the "
				  "annotation " OCI_POLICY_ANNOTATION
				  " would decide: name one with --policy=NAME");
		return false;
	}
	return true;
}

/**
 * admit() - may it start?
 * @ret_admission: to outlive @edit, which gets what its policy says
 *
 * Return: if not, it has been said.
 */
static bool admit(const struct oci_edit_request *request, const struct oci_config *config,
		  const char *name, struct admission *ret_admission, struct seccomp_edit *edit)
{
	const struct hook_admit container = {
		.config = config,
		.daemon = request->daemon,
		.policy = edit->policy,
		.is_forced = request->policy != NULL,
		.runtimes = runtimes_of(request, config),
		.id = request->id,
		.name = name,
		.log = request->log,
	};
	bool may_start = request->is_unchecked ?
				 hook_look_at_policy(&container, ret_admission) :
				 find_daemon(request) && hook_admit(&container, ret_admission);

	may_start = may_start && choose(request, config, ret_admission, edit);
	edit->allow_io_uring |= ret_admission->allow_io_uring;
	edit->exec = ret_admission->exec;
	if (may_start)
		hook_warn_of_kernel(request->log, *name ? name : id_of(request),
				    edit->allow_io_uring);
	return may_start;
}

/** find_name() - a name of which podman has not told the runtime. Return: whether there is one. */
static bool find_name(const struct oci_config *config, char name[OCI_NAME_MAX + 1])
{
	oci_config_name(config, name);
	return !name[0] && oci_config_is_podmans(config) &&
	       podman_name_find(config->root, name) == PODMAN_NAME_FOUND;
}

/** make_wanted() - what the config shall say, but for what the policy adds */
static struct oci_edit make_wanted(const struct oci_edit_request *request, const char *policy)
{
	return (struct oci_edit){
		.seccomp = {
			.policy = policy,
			.socket = request->daemon->socket,
			.allow_io_uring = request->allow_io_uring,
			.lacks_xattrat = !xattrat_is_there(),
		},
	};
}

/** edit() - have the config say what the request wants */
static enum oci_edit_result edit(const struct oci_edit_request *request, const char *policy,
				 struct oci_config *config, char **ret_text, size_t *ret_length)
{
	bool is_crun = request->runtime == OCI_RUNTIME_CRUN;
	struct oci_edit wanted = make_wanted(request, policy);
	_cleanup_free_ char *filter = NULL;
	char name[OCI_NAME_MAX + 1];
	const char *reason = NULL;
	struct admission admission = { 0 };

	wanted.name = find_name(config, name) ? name : NULL;
	if (!admit(request, config, name, &admission, &wanted.seccomp))
		return OCI_EDIT_REFUSED;
	/* The runtime may be asked: not for a container that is refused. */
	wanted.seccomp.wait_killable = !filter_lacking() && request->takes_wait_killable(request);
	int r = is_crun && !oci_config_has_seccomp(config) ? make_filter(&wanted.seccomp, &filter) :
							     0;

	if (r < 0)
		return refuse(request, r, NULL);
	wanted.filter = filter;
	r = oci_config_edit(config, &wanted, ret_text, ret_length, &reason);
	return r == OCI_CONFIG_DONE ? OCI_EDIT_DONE : refuse(request, r, reason);
}

enum oci_edit_result oci_edit_config(const struct oci_edit_request *request,
				     const struct json_text *text, char **ret_text,
				     size_t *ret_length)
{
	struct oci_config config = { 0 };
	const char *reason = NULL;
	int r = oci_config_read(text, &config, &reason);

	if (r != OCI_CONFIG_DONE)
		return refuse(request, r, reason);
	const char *policy = request->policy ? request->policy : oci_config_policy(&config);
	const char *fault = policy && *policy ? oci_edit_check_policy(policy) : NULL;
	enum oci_edit_result result = OCI_EDIT_REFUSED;

	if (!policy)
		result = OCI_EDIT_UNWANTED;
	else if (fault)
		complain(request, "the annotation " OCI_POLICY_ANNOTATION " %s", fault);
	else
		result = edit(request, policy, &config, ret_text, ret_length);
	oci_config_done(&config);
	return result;
}

enum oci_edit_result oci_edit_refuse_restored(const struct oci_edit_request *request,
					      const struct json_text *text)
{
	struct oci_config config = { 0 };
	const char *reason = NULL;
	int r = oci_config_read(text, &config, &reason);

	if (r != OCI_CONFIG_DONE)
		return refuse(request, r, reason);
	bool is_wanted = request->policy || oci_config_policy(&config);

	if (is_wanted)
		complain(request, "a container that is restored from a checkpoint cannot have "
				  "nsxattr, for a checkpoint has no listener: make it anew");
	oci_config_done(&config);
	return is_wanted ? OCI_EDIT_REFUSED : OCI_EDIT_UNWANTED;
}
