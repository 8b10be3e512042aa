/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_explanation.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/ask.h"
#include "cli/doctor_run.h"
#include "cli/live_search.h"
#include "daemon/control_call.h"
#include "exec/label_rights.h"
#include "exec/store.h"
#include "policy.h"

static void add_unknown(struct live_explanation *live, const char *what, const char *why)
{
	if (live->unknown_count == LIVE_UNKNOWN_MAX)
		return;
	live->unknown[live->unknown_count][0] = what;
	live->unknown[live->unknown_count++][1] = why;
}

/* ---- the container, the process and the file ---- */

static bool ask_for_container(struct live_explanation *live)
{
	const struct live_question *question = live->question;
	const char *fault = question->container ?
				    live_container_ask(question->control, question->container,
						       &live->container) :
				    NULL;

	if (fault)
		log_error("cannot ask %s about container %s: %s", question->control,
			  question->container, fault);
	return !fault;
}

/* A process of the container's, for its user namespace and capabilities. */
static pid_t choose_process(const struct live_explanation *live)
{
	return live->question->pid ?
		       live->question->pid :
		       live_search_process(live->question->container, live->container.answer);
}

/* Return: whether all is known that the answer needs. */
static bool find_process(struct live_explanation *live)
{
	pid_t pid = choose_process(live);
	const char *fault = pid ? live_process_read(pid, &live->process) :
				  "no process of it is there for us to see";

	live->has_process = !fault;
	live->is_supervised = fault || live->process.seccomp == 2;
	if (!fault)
		return true;
	if (!live->container.answer) {
		log_error("process %d: %s", (int)pid, fault);
		return false;
	}
	add_unknown(live, "a process of the container, and so its capabilities", fault);
	return true;
}

static const struct user_namespace *userns_of(const struct live_explanation *live)
{
	return live->has_process ? live_process_ids(&live->process) : &live->userns;
}

static const char *search_container(struct live_explanation *live)
{
	const char *control = live->question->control;
	struct json_object *status = NULL;
	int r = control_call(control, "status", ASK_DEADLINE, &status);
	const char *fault =
		r < 0 ? control_call_fault(r) :
			live_search_container(control, status, &live->process, &live->container);

	json_object_put(status);
	return !fault && live->container.answer ? live_container_load_policy(&live->container) :
						  fault;
}

/* Which of nsxattrd's containers is it? That of nsxattr run has nobody to ask. */
static void find_container(struct live_explanation *live)
{
	const struct user_namespace *container = access_container(userns_of(live));

	if (live->container.answer || container->is_host || !live->is_supervised)
		return;
	const char *fault = search_container(live);

	if (fault)
		add_unknown(live, "the containers of nsxattrd", fault);
}

/* Without a process: the map that nsxattrd shows, for users and groups alike. */
static bool use_map(struct live_explanation *live)
{
	char text[4096];

	snprintf(text, sizeof(text), "%s", json_text_of(live->container.answer, "map"));
	for (char *at = text; *at; at++)
		if (*at == ';')
			*at = '\n';
	live->host = (struct user_namespace){ .is_host = true, .has_root = true };
	live->userns = (struct user_namespace){ .parent = &live->host };
	if (!text[0] || id_map_parse(text, strlen(text), &live->userns.uids) < 0) {
		log_error(
			"container %s: its id map is not known, and no process of it is there for us to see",
			live->question->container);
		return false;
	}
	live->userns.gids = live->userns.uids;
	live->userns.has_root = id_map_to_host(&live->userns.uids, 0, &live->userns.root);
	return true;
}

/* Whose label counts as nsxattr's own. Return: 0: it is not known. */
static pid_t find_supervisor(const struct live_explanation *live)
{
	struct json_object *status = NULL;
	pid_t pid = 0;

	if (!live->container.answer)
		return doctor_run_find(live->process.pid, 0);
	if (control_call(live->question->control, "status", ASK_DEADLINE, &status) == 0)
		pid = json_object_get_int(json_object_object_get(status, "pid"));
	json_object_put(status);
	return pid;
}

static const char *open_file(struct live_explanation *live)
{
	if (!live->has_process)
		return "no process of the container is there for us to see";
	return live_file_open(&live->process, live->question->file, live_label_view(&live->label),
			      &live->file);
}

static bool find_file(struct live_explanation *live)
{
	const char *path = live->question->file, *fault = NULL;

	if (live->has_process && live_label_begin(&live->label))
		live_label_read(&live->process, find_supervisor(live), &live->label);
	if (path)
		fault = open_file(live);
	if (fault)
		log_error("%s: %s", path, fault);
	live->has_file = path && !fault && live->file.inode.fd >= 0;
	if (live->file.unknown)
		add_unknown(live, live->file.unknown, NULL);
	if (live->file.is_search_ours)
		add_unknown(live, "whether the process may search the path",
			    "its ids are not for us to take on");
	return !fault;
}

static bool find_policy(struct live_explanation *live)
{
	const char *name = live->question->policy;

	live->policy = live->container.policy;
	if (!name && live->policy)
		return true;
	if (!name && live->is_supervised)
		add_unknown(
			live, "the policy",
			"nsxattrd shows us no container with this process; 'default' is assumed, -p says another one");
	return policy_arg_load(name ? name : "default", &live->policy, &live->policy_file);
}

/* ---- the answer ---- */

static struct subject subject_of(const struct live_explanation *live)
{
	return (struct subject){
		.userns = userns_of(live),
		.capabilities = live->has_process ? live->process.identity.credential.capabilities :
						    UINT64_MAX,
		.naming = &live->explanation.naming,
	};
}

static void refuse(struct live_explanation *live, int error, enum reason reason)
{
	live->result = LIVE_REFUSED;
	live->error = error;
	live->reason = reason;
}

static bool is_change(const struct live_explanation *live)
{
	return live->question->operation == OPERATION_SET ||
	       live->question->operation == OPERATION_REMOVE;
}

/* Without a file it is one of the container's own. */
static struct object owner_of(const struct live_explanation *live)
{
	const struct user_namespace *userns = userns_of(live);

	if (live->has_file)
		return live->file.stat.owner;
	return (struct object){ userns->uids.extents[0].host, userns->gids.extents[0].host };
}

/* Where the label is not known nsxattr gets nothing for it. Return: whether it is. */
static bool leave_by_label(struct live_explanation *live)
{
	bool is_list = live->question->operation == OPERATION_LIST;

	if (policy_is_strict(live->policy) || (is_list && policy_hides_names(live->policy))) {
		refuse(live, EPERM, REASON_LABEL);
	} else {
		live->result = LIVE_KERNEL;
		live->reason = REASON_LABEL;
	}
	return false;
}

/* These return whether the call passes, in the order of the supervisor's stages. */

static bool check_label_is_told(struct live_explanation *live)
{
	return !live->label.is_untold || leave_by_label(live);
}

static bool check_search(struct live_explanation *live)
{
	if (live->file.search_error)
		refuse(live, live->file.search_error, REASON_KERNEL);
	return !live->file.search_error;
}

static bool check_label(struct live_explanation *live)
{
	bool has_name = live->question->operation != OPERATION_LIST;
	unsigned int rights = label_rights(is_change(live), has_name ? live->question->name : NULL);
	int r = live->has_file ?
			label_check(live_label_view(&live->label), &live->file.inode, rights) :
			0;

	if (r == -EOPNOTSUPP)
		return leave_by_label(live);
	if (r > 0)
		refuse(live, r, REASON_LABEL);
	if (r < 0)
		add_unknown(live, "what the label of the process allows", strerrordesc_np(-r));
	return r <= 0;
}

static bool check_access(struct live_explanation *live)
{
	if (live->question->operation == OPERATION_LIST)
		return true;
	const struct subject subject = subject_of(live);
	const struct object owner = owner_of(live);
	struct refusal refusal = access_check(&subject, &owner, live->question->operation,
					      &live->explanation.decision);

	if (is_change(live) && live->file.is_read_only)
		refusal = (struct refusal){ EROFS, REASON_KERNEL };
	else if (is_change(live) && live->file.is_immutable)
		refusal = (struct refusal){ EPERM, REASON_KERNEL };
	if (refusal.error)
		refuse(live, refusal.error, refusal.reason);
	return !refusal.error;
}

static struct outcome ask_store(const struct live_explanation *live,
				const struct store_context *context)
{
	const char *names;

	switch (live->question->operation) {
	case OPERATION_SET:
		return live->explanation.decision.route == ROUTE_STORED ? store_check_set(context) :
									  outcome_value(0);
	case OPERATION_GET:
		return store_get(context, NULL, 0);
	case OPERATION_REMOVE:
		return performer_get(context->performer, context->decision->name, NULL, 0) ==
				       -ENODATA ?
			       outcome_refused(ENODATA, REASON_ABSENT) :
			       outcome_value(0);
	case OPERATION_LIST:
	default:
		return store_list(context, 0, &names);
	}
}

/* What is on the file already. */
static void look_at_values(struct live_explanation *live)
{
	const struct subject subject = subject_of(live);
	const struct store_context context = {
		.performer = &live->file.performer,
		.policy = live->policy,
		.subject = &subject,
		.decision = &live->explanation.decision,
		.space = list_space_new(),
	};

	if (!context.space)
		return;
	const struct outcome outcome = ask_store(live, &context);

	if (outcome.error)
		refuse(live, outcome.error, outcome.reason);
	free(context.space);
	if (live->policy->store == STORE_TRUSTED && geteuid() != 0)
		add_unknown(live, "values of 'store: trusted' on the file", "only root sees them");
}

static void conclude_virtual(struct live_explanation *live)
{
	const struct decision *decision = &live->explanation.decision;
	bool has_name = live->question->operation != OPERATION_LIST;

	if (has_name && decision->route == ROUTE_KERNEL) {
		live->result = LIVE_KERNEL;
		return;
	}
	if (!check_label_is_told(live) || !check_search(live) || !check_access(live) ||
	    !check_label(live))
		return;
	if (has_name && decision->route == ROUTE_REFUSED)
		refuse(live, decision->error, decision->reason);
	else if (live->has_file)
		look_at_values(live);
}

static void conclude(struct live_explanation *live)
{
	const struct subject subject = subject_of(live);

	live->result = LIVE_DONE;
	if (!live->is_supervised) {
		live->result = LIVE_UNSUPERVISED;
	} else if (!access_is_virtual(&subject)) {
		live->result = LIVE_KERNEL;
		live->reason = REASON_HOST;
	} else {
		conclude_virtual(live);
	}
}

static void explain(struct live_explanation *live)
{
	live->explanation = (struct explanation){
		.policy = live->policy,
		.userns = userns_of(live),
		.operation = live->question->operation,
		.name = live->question->name,
		.mount = live->has_file ? live->file.map : NULL,
		.outer = live->has_process ? &live->process.outer : NULL,
	};
	explanation_fill(&live->explanation);
}

bool live_explanation_fill(const struct live_question *question, struct live_explanation *live)
{
	live->question = question;
	if (!ask_for_container(live) || !find_process(live) ||
	    (!live->has_process && !use_map(live)))
		return false;
	find_container(live);
	if (!find_policy(live) || !find_file(live))
		return false;
	explain(live);
	conclude(live);
	return true;
}

void live_explanation_done(struct live_explanation *live)
{
	live_file_done(&live->file);
	live_label_done(&live->label);
	live_process_done(&live->process);
	live_container_done(&live->container);
	policy_file_free(live->policy_file);
}

/* ---- what would change it ---- */

static const char *const remedies[REASON_COUNT] = {
	[REASON_KERNEL] =
		"the same as without nsxattr: make the file system writable, or take the flag i or a from the file (chattr)",
	[REASON_HIDE] =
		"another scheme for the name in the policy: suffix gives the container a value of its own",
	[REASON_DENY] =
		"another scheme for the name in the policy: suffix gives the container a value of its own",
	[REASON_UNSUPPORTED] =
		"another scheme for the name in the policy: suffix gives the container a value of its own",
	[REASON_VALUES] = "add the value to 'values' of the rule",
	[REASON_LIMIT_ONE] =
		"'limit: many' in the rule, or a file on which nobody else has a value",
	[REASON_LIMIT_ATTRIBUTES] =
		"a higher 'attributes-per-file' in the policy, or remove a value of the container from the file",
	[REASON_LIMIT_SIZE] = "a higher 'value-size' in the policy",
	[REASON_KIND] = "a regular file or a directory; or a policy with 'store: security'",
	[REASON_NO_SYS_ADMIN] =
		"CAP_SYS_ADMIN in the container: root inside has it unless the runtime takes it away (podman: --cap-add=SYS_ADMIN)",
	[REASON_NO_SETFCAP] =
		"CAP_SETFCAP in the container: root inside has it unless the runtime takes it away (podman: --cap-add=SETFCAP)",
	[REASON_OWNER] = "give the file to a user of the container (chown), or map its owner",
	[REASON_GROUP] = "give the file to a group of the container (chgrp), or map its group",
	[REASON_NO_ROOT] = "map uid 0 in the user namespace of the process",
	[REASON_HOST] =
		"a user namespace of its own for the container (podman: --userns, or the ids that the runtime maps)",
	[REASON_RESERVED] = "another name: nsxattr keeps values under those that begin so",
	[REASON_NAME] = "a name without '@', or with '@uid=NUMBER' behind it",
	[REASON_NAME_LENGTH] = "a shorter name",
	[REASON_ID] = "a uid that the user namespace of the process maps",
	[REASON_NUMBER] =
		"a mount whose id map has the root of the container, or 'owner' in the policy",
	[REASON_LABEL] =
		"another label for the process or the file, or a rule of SELinux's policy that lets the one do it to the other",
	[REASON_EXISTS] = "without XATTR_CREATE the value is replaced",
};

const char *live_explanation_remedy(const struct live_explanation *live)
{
	if (live->result == LIVE_UNSUPERVISED)
		return "start it by 'nsxattr run', or let its runtime hand its listener to nsxattrd: 'nsxattr hook --help'";
	if (live->result == LIVE_REFUSED && live->file.search_error)
		return "let the process search each directory on the way: mode, owner or ACL of these, or what their labels let its label do";
	return remedies[live->reason];
}
