/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of docs/design.md, 2.1 and 3, written a second time, and what must hold whatever they
 * say: a decision never leads to a plain name or to that of the host's root, and two namespaces with
 * nothing in common never come to the same name. tests/lib/fuzz.h has the format of the input.
 */
#include "access.h"

#include "fuzz.h"

static const enum operation operations[] = { OPERATION_SET, OPERATION_GET, OPERATION_REMOVE };

/** struct verdict - what the table says of a name */
struct verdict {
	enum route route;
	int error; /* of ROUTE_REFUSED; 0: any */
	char name[2 * NAME_SIZE];
};

static struct verdict refusal(int error)
{
	return (struct verdict){ .route = ROUTE_REFUSED, .error = error };
}

static void print_stored(enum store store, const char *base, size_t base_length, uint32_t root,
			 char text[2 * NAME_SIZE])
{
	if (store == STORE_SECURITY)
		snprintf(text, 2 * NAME_SIZE, "%.*s@uid=%u", (int)base_length, base, root);
	else
		snprintf(text, 2 * NAME_SIZE, "%s.nsxattr.%u.%.*s",
			 store == STORE_USER ? "user" : "trusted", root, (int)base_length, base);
}

static struct verdict stored_as(const struct policy *policy, const char *name, size_t base_length,
				uint32_t root)
{
	struct verdict verdict = { .route = ROUTE_STORED };

	print_stored(policy->store, name, base_length, root, verdict.name);
	return strlen(verdict.name) > 255 ? refusal(ERANGE) : verdict;
}

/* Is this "@uid=" and a number as printf(3) writes it? One over 32 bits is a number, too. */
static bool is_numbered(const char *ending, uint64_t *ret_number)
{
	char printed[32];

	if (strncmp(ending, "@uid=", 5) != 0)
		return false;
	*ret_number = strtoull(ending + 5, NULL, 10);
	snprintf(printed, sizeof(printed), "@uid=%llu", (unsigned long long)*ret_number);
	return strcmp(printed, ending) == 0;
}

static bool is_bare_class(const char *name, size_t base_length)
{
	return (base_length == 9 && strncmp(name, "security.", 9) == 0) ||
	       (base_length == 8 && strncmp(name, "trusted.", 8) == 0);
}

/* Section 2.1. */
static struct verdict judge_suffix(const struct policy *policy, const struct user_namespace *userns,
				   enum operation operation, const char *name, bool inherits)
{
	size_t base_length = strcspn(name, "@");
	const char *ending = name + base_length;
	uint64_t number = 0;
	uint32_t host;

	if (is_bare_class(name, base_length) || (*ending != '\0' && !is_numbered(ending, &number)))
		return refusal(EINVAL);
	if (number == 0 && !userns->has_root && operation != OPERATION_GET)
		return refusal(EINVAL);
	if (number == 0 && !userns->has_root)
		return inherits ? (struct verdict){ .route = ROUTE_STORED } : refusal(ENODATA);
	if (number == 0)
		return stored_as(policy, name, base_length, userns->root);
	/* malformed or unmapped: which of them is not this test's to say */
	if (number > UINT32_MAX)
		return refusal(0);
	if (!id_map_to_host(&userns->uids, (uint32_t)number, &host) || host == 0)
		return refusal(operation == OPERATION_SET ? EINVAL : ENODATA);
	return stored_as(policy, name, base_length, host);
}

/* Section 3. */
static struct verdict judge(const struct policy *policy, const struct user_namespace *userns,
			    enum operation operation, const char *name)
{
	const struct rule *rule = policy_match(policy, name, strcspn(name, "@"));
	struct verdict verdict = { .route = ROUTE_KERNEL };
	enum scheme scheme = rule->scheme;

	if (userns->is_host || (userns->has_root && userns->root == 0))
		return verdict;
	if (policy->store == STORE_USER && strncmp(name, "user.nsxattr.", 13) == 0)
		scheme = SCHEME_HIDE;
	if ((scheme == SCHEME_SUFFIX || scheme == SCHEME_HOST) &&
	    strncmp(name, "trusted.nsxattr.", 16) == 0)
		scheme = SCHEME_HIDE;
	if (scheme == SCHEME_SUFFIX)
		return judge_suffix(policy, userns, operation, name,
				    rule->inherit == INHERIT_CHAIN);
	if (scheme == SCHEME_HIDE)
		return refusal(operation == OPERATION_SET ? EPERM : ENODATA);
	if (scheme == SCHEME_UNSUPPORTED)
		return refusal(EOPNOTSUPP);
	if (scheme == SCHEME_DENY && operation != OPERATION_GET)
		return refusal(EPERM);
	if (scheme == SCHEME_HOST && !strchr(name, '@')) {
		verdict.route = ROUTE_HOST;
		strcpy(verdict.name, name);
	}
	return verdict;
}

static void require_as_judged(const struct decision *decision, const struct verdict *verdict)
{
	require(decision->route == verdict->route);
	if (verdict->route == ROUTE_REFUSED)
		require(verdict->error == 0 || decision->error == verdict->error);
	if (verdict->route == ROUTE_STORED || verdict->route == ROUTE_HOST)
		require(strcmp(decision->name, verdict->name) == 0);
}

static void require_is_never_the_hosts(const struct decision *decision)
{
	size_t length = strlen(decision->name);
	struct stored_name stored;

	if (!decision->has_owner) {
		require(decision->inherits && length == 0);
		return;
	}
	require(length <= XATTR_NAME_MAX);
	require(name_split_stored(decision->store, decision->name, length, &stored));
	require(stored.number > 0 && stored.number == decision->number);
	require(decision->number == decision->owner);
	require(stored.base_length == decision->base_length &&
		memcmp(stored.base, decision->base, stored.base_length) == 0);
}

/* Up the chain every name has the same base, and only the host and its like have a plain one. */
static void require_chain(const struct user_namespace *userns, const struct decision *decision)
{
	const struct user_namespace *ancestor = userns;
	char name[NAME_SIZE], expected[2 * NAME_SIZE];
	size_t steps = 0;

	while (access_next_ancestor(&ancestor, NULL, decision->store, decision->base,
				    decision->base_length, name)) {
		bool is_plain = ancestor->is_host || (ancestor->has_root && ancestor->root == 0);

		require(++steps <= SCENARIO_LEVELS);
		require(is_plain || ancestor->has_root);
		if (is_plain)
			snprintf(expected, sizeof(expected), "%s", decision->base);
		else
			print_stored(decision->store, decision->base, decision->base_length,
				     ancestor->root, expected);
		require(strcmp(name, expected) == 0);
	}
	/* the host comes last, and its plain name fits where a longer one did */
	require(!userns->parent || ancestor->is_host);
}

static bool is_of_class(const char *base)
{
	return strncmp(base, "trusted.", 8) == 0 || strncmp(base, "security.", 9) == 0;
}

static void require_permission(const struct scenario *scenario, enum operation operation,
			       const struct decision *decision)
{
	const struct object foreign = { UINT32_MAX, UINT32_MAX };
	const struct subject *subject = &scenario->subject;
	bool is_admin = subject->capabilities & (1ULL << CAP_SYS_ADMIN);
	int error = access_check(subject, &foreign, operation, decision).error;

	if (operation != OPERATION_GET)
		require(error == (is_of_class(decision->base) ? EPERM : 0));
	else
		require(error ==
			(strncmp(decision->base, "trusted.", 8) == 0 && !is_admin ? ENODATA : 0));
}

static void require_decisions(const struct scenario *scenario, const char *name)
{
	const struct user_namespace *userns = scenario->subject.userns;

	for (size_t i = 0; i < 3; i++) {
		struct verdict verdict = judge(scenario->policy, userns, operations[i], name);
		struct decision decision;

		memset(&decision, 0xa5, sizeof(decision));
		simulated_decide(scenario->policy, userns, operations[i], name, &decision);
		require_as_judged(&decision, &verdict);
		require(strlen(decision.base) == decision.base_length);
		require(strncmp(decision.base, name, decision.base_length) == 0);
		require_permission(scenario, operations[i], &decision);
		if (decision.route != ROUTE_STORED)
			continue;
		require_is_never_the_hosts(&decision);
		require(!decision.inherits || !strchr(name, '@') ||
			strcmp(strchr(name, '@'), "@uid=0") == 0);
		require_chain(userns, &decision);
	}
}

static bool maps_meet(const struct id_map *left, const struct id_map *right)
{
	for (unsigned int i = 0; i < left->count; i++)
		for (unsigned int j = 0; j < right->count; j++)
			if (extents_overlap(left->extents[i].host, left->extents[i].count,
					    right->extents[j].host, right->extents[j].count))
				return true;
	return false;
}

/* Neither reads what the other can write, nor writes it, but by way of an ancestor. */
static void require_strangers(const struct policy *policy, const struct user_namespace *left,
			      const struct user_namespace *right, const char *left_name,
			      const char *right_name)
{
	struct decision left_decision, right_decision;

	simulated_decide(policy, left, OPERATION_SET, left_name, &left_decision);
	simulated_decide(policy, right, OPERATION_GET, right_name, &right_decision);
	if (left_decision.route == ROUTE_STORED && right_decision.route == ROUTE_STORED)
		require(strcmp(left_decision.name, right_decision.name) != 0);
}

static void require_strangers_everywhere(const struct scenario *scenario, const char *name)
{
	const struct user_namespace *subject = scenario->subject.userns;
	struct cursor names = scenario->names;
	char other[NAME_SIZE];

	for (size_t i = 1; i + 1 < scenario->level_count; i++) {
		const struct user_namespace *level = &scenario->levels[i];

		if (maps_meet(&level->uids, &subject->uids))
			continue;
		for (unsigned int left = 8; left > 0 && next_name(&names, other); left--) {
			require_strangers(scenario->policy, level, subject, name, other);
			require_strangers(scenario->policy, subject, level, name, other);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scenario scenario;
	char name[NAME_SIZE];

	if (!read_scenario(data, size, &scenario))
		return 0;
	for (struct cursor names = scenario.names; next_name(&names, name);) {
		require_decisions(&scenario, name);
		require_strangers_everywhere(&scenario, name);
	}
	return 0;
}
