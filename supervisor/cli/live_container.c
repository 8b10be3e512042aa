/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_container.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "cli/ask.h"
#include "daemon/control_call.h"
#include "yaml/diagnostic.h"

const char *live_container_load_policy(struct live_container *container)
{
	_cleanup_free_ struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	struct json_object *text = json_object_object_get(container->answer, "text");
	const char *name = json_text_of(container->answer, "policy");

	if (!text)
		container->policy = policy_builtin(name);
	else if (diagnostics &&
		 policy_file_load(name, json_object_get_string(text),
				  (size_t)json_object_get_string_len(text), &container->file,
				  diagnostics) == POLICY_FILE_LOADED)
		container->policy = &container->file->policy;
	return container->policy ? NULL :
				   "nsxattrd has a policy that this nsxattr does not understand";
}

const char *live_container_describe(const char *control, const char *wanted,
				    struct live_container *container)
{
	_cleanup_free_ char *question = ask_about_container("policy", wanted);
	int r = question ? control_call(control, question, ASK_DEADLINE, &container->answer) :
			   -ENOMEM;

	if (r < 0)
		return control_call_fault(r);
	return control_refusal(container->answer);
}

const char *live_container_ask(const char *control, const char *wanted,
			       struct live_container *container)
{
	const char *fault = live_container_describe(control, wanted, container);

	return fault ? fault : live_container_load_policy(container);
}

/* A word among what separates the parts of a cgroup's name, such as "libpod-ID.scope", and "lxc.payload.NAME". */
bool live_container_names(const char *cgroup, const char *id)
{
	static const char separators[] = "/-.:\n";
	size_t length = strlen(id);

	for (const char *at = strstr(cgroup, id); length > 0 && at; at = strstr(at + 1, id))
		if ((at == cgroup || strchr(separators, at[-1])) && strchr(separators, at[length]))
			return true;
	return false;
}

void live_container_done(struct live_container *container)
{
	policy_file_free(container->file);
	json_object_put(container->answer);
}
