/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hook_admit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/policy_arg.h"
#include "daemon/policy_folders.h"
#include "hook/admission.h"
#include "hook/complaint.h"
#include "hook/json_value.h"
#include "hook/oci_precreate.h"
#include "hook/oci_surroundings.h"
#include "hook/presence.h"

static const char *id_of(const struct hook_admit *container)
{
	if (*container->name)
		return container->name;
	return *container->id ? container->id : NULL;
}

#define complain(container, ...) \
	tell_runtime_of_container((container)->log, true, id_of(container), __VA_ARGS__)
#define warn(container, ...) \
	tell_runtime_of_container((container)->log, false, id_of(container), __VA_ARGS__)

/* Return: false when it is missing: that has been said. @ret_path: NULL: it cannot be seen from here. */
static bool find_file(const struct hook_admit *container, char **ret_path)
{
	struct policy_folders folders;
	char sentence[POLICY_FOLDERS_SENTENCE_SIZE];

	policy_folders_init(&folders, container->daemon->policies);
	if (policy_folders_find(&folders, container->policy, ret_path) != POLICY_FOLDERS_UNKNOWN)
		return true;
	policy_folders_explain(&folders, container->policy, sentence);
	complain(container, "%s", sentence);
	return false;
}

bool hook_look_at_policy(const struct hook_admit *container, struct admission *ret_admission)
{
	_cleanup_policy_file_ struct policy_file *file = NULL;
	const struct policy *policy = policy_builtin(container->policy);
	_cleanup_free_ char *path = NULL;

	*ret_admission = (struct admission){ .virtualises = true };
	if (*container->policy == '\0' || (!policy && !find_file(container, &path)))
		return *container->policy == '\0';
	if (path && access(path, R_OK) == 0 && !policy_arg_load(path, &policy, &file)) {
		complain(container, "the policy %s has mistakes: 'nsxattr check %s' says them",
			 container->policy, path);
		return false;
	}
	ret_admission->allow_io_uring = policy && policy->allow_io_uring;
	ret_admission->virtualises = !policy || !policy_is_transparent(policy);
	if (policy)
		exec_edit_of(&policy->integrity, &ret_admission->exec);
	return true;
}

static bool allows_host_namespace(const struct json_object *annotations)
{
	const char *value = json_value_text(annotations, OCI_HOST_NAMESPACE_ANNOTATION);

	return value && strcmp(value, OCI_HOST_NAMESPACE_ALLOWED) == 0;
}

/* Return: whether there is anything that the policy could be for; if not, it has been said. */
static bool suits(const struct hook_admit *container, const struct admission *admission)
{
	const struct json_object *root = container->config->root;
	const struct json_object *annotations =
		json_value_member(root, "annotations", json_type_object);

	if (!admission->virtualises)
		return true;
	if (oci_is_in_host_namespace(root, admission->host)) {
		if (!container->is_forced && allows_host_namespace(annotations))
			return true;
		complain(
			container,
			"the container has no user namespace of its own, so it would write the host's "
			"own attributes, under their plain names: give it one (podman: --userns=auto "
			"or --uidmap; docker: userns-remap; Kubernetes: hostUsers: false)%s",
			container->is_forced ?
				"" :
				", or say that this is meant, with the annotation " OCI_HOST_NAMESPACE_ANNOTATION
				"=" OCI_HOST_NAMESPACE_ALLOWED);
		return false;
	}
	if (oci_maps_root_to_root(root) && oci_is_in_host_namespace(NULL, admission->host))
		warn(container, "root of the container is root of the host, whose values are not "
				"kept apart: its calls are left to the kernel");
	else if (!oci_may_administer(root))
		warn(container, "no process in the container can have CAP_SYS_ADMIN, without which "
				"security.* and trusted.* cannot be set there (podman: --cap-add "
				"SYS_ADMIN)");
	return true;
}

bool hook_admit(const struct hook_admit *container, struct admission *ret_admission)
{
	const struct admission_question question = {
		.control = container->daemon->control,
		.policy = container->policy,
		.runtimes = container->runtimes,
		.id = container->id,
		.name = container->name,
		.annotations =
			json_value_member(container->config->root, "annotations", json_type_object),
	};
	char sentence[ADMISSION_SENTENCE_SIZE];

	switch (admission_ask(&question, ret_admission, sentence)) {
	case ADMISSION_REFUSED:
		complain(container, "%s", sentence);
		return false;
	case ADMISSION_UNASKED:
		if (!hook_look_at_policy(container, ret_admission))
			return false;
		break;
	case ADMISSION_GRANTED:
	default:
		break;
	}
	return suits(container, ret_admission);
}
