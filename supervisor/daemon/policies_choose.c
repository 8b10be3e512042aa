/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may have which policy of a set, and which it is. What is not allowed is refused with the sentence that the log,
 * "may-use" and "nsxattr policies" show.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/policy_entry.h"
#include "policy_selector.h"
#include "yaml/diagnostic.h"
#include "yaml/spelling.h"

/* ---- names ---- */

struct entry *policies_find(const struct policies *policies, const char *name)
{
	for (size_t i = 0; i < policies->count; i++)
		if (strcmp(entry_name(policies->entries[i]), name) == 0)
			return policies->entries[i];
	return NULL;
}

const char *policies_suggest(const struct policies *policies, const char *name,
			     struct unknown_name *unknown)
{
	struct spelling spelling = { .word = name };

	for (size_t i = 0; i < policies->count; i++)
		spelling_offer(&spelling, entry_name(policies->entries[i]));
	if (!spelling.nearest)
		return "";
	return diagnostic_print(unknown->text, sizeof(unknown->text), " (did you mean '%s'?)",
				spelling.nearest);
}

/* ---- choosing ---- */

static bool has_user(const struct entry *entry, uid_t user)
{
	for (size_t i = 0; i < entry->user_count; i++)
		if (entry->users[i] == user)
			return true;
	return false;
}

/* What a user has without us: the kernel's own behaviour, or values in user.*. */
static bool is_anybodys(const struct entry *entry)
{
	const struct policy *policy = entry->kept.policy;

	return !entry->file && (policy_is_transparent(policy) || policy->store == STORE_USER);
}

/* Return: why a policy is not a user's to have; NULL: it is. */
static const char *find_objection(const struct policies *policies, const struct entry *entry,
				  uid_t user)
{
	if (user == 0)
		return NULL;
	if (policy_is_roots(entry->kept.policy))
		return entry->kept.policy->owner > 0 ?
			       "it fixes the owner, which is for root's containers alone" :
			       "it has a rule of scheme host, which is for root's containers alone";
	if (entry == policies->fallback || has_user(entry, user) || is_anybodys(entry))
		return NULL;
	return entry->file ? "they are not in its allow-users" :
			     "it is built in, and not the default policy here";
}

static enum policies_choice_result choose(const struct entry *entry, struct policies_choice *choice)
{
	/* A counter is no part of what does not change. */
	choice->kept = kept_policy_ref((struct kept_policy *)&entry->kept);
	return POLICIES_CHOSEN;
}

#define say(choice, ...) diagnostic_print((choice)->reason, sizeof((choice)->reason), __VA_ARGS__)

static enum policies_choice_result choose_default(const struct policies *policies, uid_t user,
						  const char *why, struct policies_choice *choice)
{
	const struct entry *entry = policies->fallback;
	const char *objection = find_objection(policies, entry, user);

	if (objection) {
		say(choice, "%s; the default policy '%s' is not for user %u: %s", why,
		    entry_name(entry), user, objection);
		return POLICIES_REFUSED;
	}
	say(choice, "%s: the default policy", why);
	return choose(entry, choice);
}

static enum policies_choice_result choose_named(const struct policies *policies,
						const struct policies_request *request,
						struct policies_choice *choice)
{
	const struct entry *entry = policies_find(policies, request->wanted);
	struct unknown_name unknown;
	struct quoted_text quoted;

	quote_text(request->wanted, strlen(request->wanted), &quoted);
	if (!entry) {
		say(choice, "there is no policy %s%s", quoted.text,
		    policies_suggest(policies, request->wanted, &unknown));
		return POLICIES_REFUSED;
	}
	const char *objection = find_objection(policies, entry, request->user);

	if (!objection) {
		say(choice, "it was named");
		return choose(entry, choice);
	}
	say(choice, "policy %s is not for user %u: %s", quoted.text, request->user, objection);
	if (policies->refuses_not_allowed)
		return POLICIES_REFUSED;
	char why[sizeof(choice->reason)];

	memcpy(why, choice->reason, sizeof(why));
	return choose_default(policies, request->user, why, choice);
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
		const struct entry *entry = policies->entries[i];

		if (!policy_selects(entry->kept.policy, &request->container) ||
		    find_objection(policies, entry, request->user))
			continue;
		say(choice, "its 'match' fits");
		return choose(entry, choice);
	}
	return choose_default(policies, request->user, "none was named, and no 'match' fits",
			      choice);
}

/* ---- listing ---- */

static int compare_entries(const void *left, const void *right)
{
	return strcmp(entry_name(*(const struct entry *const *)left),
		      entry_name(*(const struct entry *const *)right));
}

void policies_visit(const struct policies *policies, uid_t user,
		    void (*visit)(const struct policies_item *item, void *argument), void *argument)
{
	const struct entry *sorted[POLICIES_TOTAL_MAX];

	memcpy(sorted, policies->entries, policies->count * sizeof(sorted[0]));
	qsort(sorted, policies->count, sizeof(sorted[0]), compare_entries);
	for (size_t i = 0; i < policies->count; i++) {
		const struct policies_item item = {
			.name = entry_name(sorted[i]),
			.description = sorted[i]->kept.policy->description,
			.folder = sorted[i]->folder,
			.objection = find_objection(policies, sorted[i], user),
		};

		visit(&item, argument);
	}
}
