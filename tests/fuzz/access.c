/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of docs/design.md, 2.1, written a second time, and what must hold whatever the table
 * says: a decision never leads to a plain name or to that of the host's root, and two namespaces with
 * nothing in common never come to the same name. tests/lib/fuzz.h has the format of the input.
 */
#include "access.h"

#include "fuzz.h"

static const enum operation operations[] = { OPERATION_SET, OPERATION_GET, OPERATION_REMOVE };

/** struct verdict - what the table says of a name */
struct verdict {
	bool is_kernels;
	int error; /* 0: stored */
	char name[2 * NAME_SIZE];
};

static struct verdict refusal(int error)
{
	return (struct verdict){ .error = error };
}

static struct verdict stored_as(const char *name, size_t base_length, uint32_t root)
{
	struct verdict verdict = { 0 };

	snprintf(verdict.name, sizeof(verdict.name), "%.*s@uid=%u", (int)base_length, name, root);
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

static struct verdict judge(const struct policy *policy, const struct user_namespace *userns,
			    enum operation operation, const char *name)
{
	size_t base_length = strcspn(name, "@");
	const char *ending = name + base_length;
	uint64_t number = 0;
	uint32_t host;

	if (policy_match(policy, name, base_length)->scheme == SCHEME_KERNEL || userns->is_host ||
	    (userns->has_root && userns->root == 0))
		return (struct verdict){ .is_kernels = true };
	if (base_length == strlen("security.") && strncmp(name, "security.", base_length) == 0)
		return refusal(EINVAL);
	if (base_length == strlen("trusted.") && strncmp(name, "trusted.", base_length) == 0)
		return refusal(EINVAL);
	if (*ending != '\0' && !is_numbered(ending, &number))
		return refusal(EINVAL);
	if (number == 0)
		return userns->has_root ? stored_as(name, base_length, userns->root) :
					  refusal(EINVAL);
	/* malformed or unmapped: which of them is not this test's to say */
	if (number > UINT32_MAX)
		return refusal(0);
	if (!id_map_to_host(&userns->uids, (uint32_t)number, &host) || host == 0)
		return refusal(operation == OPERATION_SET ? EINVAL : ENODATA);
	return stored_as(name, base_length, host);
}

static void require_as_judged(const struct decision *decision, const struct verdict *verdict)
{
	require((decision->route == ROUTE_KERNEL) == verdict->is_kernels);
	if (verdict->is_kernels)
		return;
	if (verdict->error == 0 && verdict->name[0] == '\0') {
		require(decision->route == ROUTE_REFUSED);
	} else if (verdict->error != 0) {
		require(decision->route == ROUTE_REFUSED);
		require(decision->error == verdict->error);
	} else {
		require(decision->route == ROUTE_STORED);
		require(strcmp(decision->name, verdict->name) == 0);
	}
}

static void require_is_never_the_hosts(const char *stored)
{
	struct name_parts parts = name_split(stored, strlen(stored));

	require(strlen(stored) <= XATTR_NAME_MAX);
	require(parts.form == NAME_VARIANT && parts.uid > 0);
	require(!name_is_class(stored, parts.base_length));
}

/* Up the chain every name has the same base, and only the host and its like have a plain one. */
static void require_chain(const struct user_namespace *userns, const struct decision *decision)
{
	const struct user_namespace *ancestor = userns;
	char name[NAME_SIZE];
	size_t steps = 0;

	while (access_next_ancestor(&ancestor, decision->in_user_store, decision->base, decision->base_length, name)) {
		struct name_parts parts = name_split(name, strlen(name));
		bool is_plain = ancestor->is_host || (ancestor->has_root && ancestor->root == 0);

		require(++steps <= SCENARIO_LEVELS);
		require(parts.base_length == decision->base_length);
		require(memcmp(name, decision->base, parts.base_length) == 0);
		require(parts.form == (is_plain ? NAME_PLAIN : NAME_VARIANT));
		require(is_plain || (ancestor->has_root && parts.uid == ancestor->root));
	}
	require(!ancestor->parent || decision->base_length + strlen("@uid=0") > XATTR_NAME_MAX ||
		ancestor->is_host);
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
	int error = access_check(subject, &foreign, operation, decision);

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
		access_decide(scenario->policy, userns, operations[i], name, &decision);
		require_as_judged(&decision, &verdict);
		require(strlen(decision.base) == decision.base_length);
		require(strncmp(decision.base, name, decision.base_length) == 0);
		require_permission(scenario, operations[i], &decision);
		if (decision.route != ROUTE_STORED)
			continue;
		require_is_never_the_hosts(decision.name);
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

	access_decide(policy, left, OPERATION_SET, left_name, &left_decision);
	access_decide(policy, right, OPERATION_GET, right_name, &right_decision);
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
