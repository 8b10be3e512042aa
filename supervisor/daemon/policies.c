/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which policy of a set a container gets, and which ones its user may name. The log, "may-use" and "nsxattr policies"
 * show the reason of a refusal.
 */
#include "daemon/policies.h"

#include <stdlib.h>
#include <string.h>

#include "count_of.h"
#include "yaml/diagnostic.h"
#include "yaml/spelling.h"

void policies_free(struct policies *policies)
{
	if (!policies)
		return;
	for (size_t i = 0; i < policies->count; i++) {
		shared_policy_unref(policies->list[i].shared);
		free(policies->list[i].users);
		free(policies->list[i].fault);
	}
	for (size_t i = 0; i < COUNT_OF(policies->folders); i++)
		free(policies->folders[i]);
	free(policies);
}

/* ---- names ---- */

const char *listed_policy_name(const struct listed_policy *listed)
{
	return listed->shared->policy->name;
}

const struct listed_policy *policies_find(const struct policies *policies, const char *name)
{
	for (size_t i = 0; i < policies->count; i++)
		if (strcmp(listed_policy_name(&policies->list[i]), name) == 0)
			return &policies->list[i];
	return NULL;
}

const char *policies_suggest(const struct policies *policies, const char *name,
			     struct unknown_name *unknown)
{
	struct spelling spelling = { .word = name };

	for (size_t i = 0; i < policies->count; i++)
		spelling_offer(&spelling, listed_policy_name(&policies->list[i]));
	if (!spelling.nearest)
		return "";
	return diagnostic_print(unknown->text, sizeof(unknown->text), " (did you mean '%s'?)",
				spelling.nearest);
}

/* ---- choosing ---- */

static bool has_user(const struct listed_policy *listed, uid_t user)
{
	for (size_t i = 0; i < listed->user_count; i++)
		if (listed->users[i] == user)
			return true;
	return false;
}

/* What a user has without us: the kernel's own behaviour, or values in user.*. */
static bool is_anybodys(const struct listed_policy *listed)
{
	const struct policy *policy = listed->shared->policy;

	return !listed->folder && (policy_is_transparent(policy) || policy->store == STORE_USER);
}

static const char *reason_for_root(const struct policy *policy)
{
	if (policy->owner > 0)
		return "it fixes the owner, which is for root's containers alone";
	if (policy->integrity.mode != INTEGRITY_OFF)
		return "it judges what is executed, which is for root's containers alone";
	return "it has a rule of scheme host, which is for root's containers alone";
}

const char *policies_objection(const struct policies *policies, const struct listed_policy *listed,
			       uid_t user)
{
	if (user == 0)
		return NULL;
	if (policy_is_roots(listed->shared->policy))
		return reason_for_root(listed->shared->policy);
	if (listed == policies->default_policy || has_user(listed, user) || is_anybodys(listed))
		return NULL;
	return listed->folder ? "they are not in its allow-users" :
				"it is built in, and not the default policy here";
}

#define say(choice, ...) diagnostic_print((choice)->reason, sizeof((choice)->reason), __VA_ARGS__)

/* Nothing less takes the place of a policy that cannot be enforced. */
static enum policies_choice_result choose(const struct policies *policies,
					  const struct listed_policy *listed,
					  struct policies_choice *choice)
{
	const struct policy *policy = listed->shared->policy;

	if (policy->integrity.mode == INTEGRITY_ENFORCE && policies->no_gate) {
		say(choice,
		    "what is executed cannot be refused ('mode: enforce' of policy '%s'): %s",
		    policy->name, policies->no_gate);
		return POLICIES_REFUSED;
	}
	if (listed->fault) {
		say(choice, "the keys of policy '%s' cannot be used: %s",
		    listed_policy_name(listed), listed->fault);
		return POLICIES_REFUSED;
	}
	choice->shared = shared_policy_ref(listed->shared);
	return POLICIES_CHOSEN;
}

static enum policies_choice_result choose_default(const struct policies *policies,
						  const struct policies_request *request,
						  const char *why, struct policies_choice *choice)
{
	const struct listed_policy *listed = policies->default_policy;
	const char *objection = policies_objection(policies, listed, request->user);

	if (objection) {
		say(choice, "%s; the default policy '%s' is not for user %u: %s", why,
		    listed_policy_name(listed), request->user, objection);
		return POLICIES_REFUSED;
	}
	say(choice, "%s: the default policy", why);
	return choose(policies, listed, choice);
}

static enum policies_choice_result choose_named(const struct policies *policies,
						const struct policies_request *request,
						struct policies_choice *choice)
{
	const struct listed_policy *listed = policies_find(policies, request->wanted);
	struct unknown_name unknown;
	struct quoted_text quoted;

	quote_text(request->wanted, strlen(request->wanted), &quoted);
	if (!listed) {
		say(choice, "there is no policy %s%s", quoted.text,
		    policies_suggest(policies, request->wanted, &unknown));
		return POLICIES_REFUSED;
	}
	const char *objection = policies_objection(policies, listed, request->user);

	if (!objection) {
		say(choice, "it was named");
		return choose(policies, listed, choice);
	}
	say(choice, "policy %s is not for user %u: %s", quoted.text, request->user, objection);
	if (policies->refuses_not_allowed)
		return POLICIES_REFUSED;
	char why[sizeof(choice->reason)];

	memcpy(why, choice->reason, sizeof(why));
	return choose_default(policies, request, why, choice);
}

enum policies_choice_result policies_choose(const struct policies *policies,
					    const struct policies_request *request,
					    struct policies_choice *ret_choice)
{
	struct policies_choice *choice = ret_choice;

	*choice = (struct policies_choice){ 0 };
	if (request->wanted && request->wanted[0] != '\0')
		return choose_named(policies, request, choice);
	for (size_t i = 0; i < policies->file_count; i++) {
		const struct listed_policy *listed = &policies->list[i];

		if (!policy_selects(listed->shared->policy, &request->container) ||
		    policies_objection(policies, listed, request->user))
			continue;
		say(choice, "its 'match' fits");
		return choose(policies, listed, choice);
	}
	return choose_default(policies, request, "none was named, and no 'match' fits", choice);
}
