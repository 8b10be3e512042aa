/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation in words. A line begins with what it is about, in a column of its own. */
#include <stdio.h>
#include <string.h>

#include "cli/explanation.h"
#include "policy.h"
#include "yaml/diagnostic.h"

void explanation_begin_line(const char *topic)
{
	printf("%-12s", topic);
}

void explanation_print_namespace(const struct user_namespace *userns)
{
	const struct id_map *users = &userns->uids;

	explanation_begin_line("namespace");
	printf("users");
	for (unsigned int i = 0; i < users->count; i++)
		printf(" %u:%u:%u", users->extents[i].inside, users->extents[i].host,
		       users->extents[i].count);
	printf(userns->parent && !userns->parent->is_host ? ", nested in another one\n" :
							    ", its parent is the host\n");
}

static void show_request(const struct explanation *explanation)
{
	explanation_begin_line("asked");
	printf("%s %s\n", explanation_operations[explanation->operation], explanation->name);
	explanation_print_namespace(explanation->userns);
}

static void show_suggestion(const struct explanation *explanation)
{
	if (!explanation->suggestion[0])
		return;
	explanation_begin_line("note");
	printf("the kernel knows no class '%.*s'; did you mean '%s'?\n",
	       (int)strcspn(explanation->name, "."), explanation->name, explanation->suggestion);
}

static void show_policy(const struct policy *policy)
{
	explanation_begin_line("policy");
	printf("%s, mode %s, store %s", policy->name, policy_is_strict(policy) ? "strict" : "fast",
	       store_word(policy->store));
	if (policy->owner > 0)
		printf(", owner %u", policy->owner);
	putchar('\n');
}

/* ---- the rule ---- */

static void show_values(const struct rule *rule)
{
	printf(", values");
	for (size_t i = 0; i < rule->value_count; i++) {
		const struct attribute_value *value = &rule->values[i];
		struct quoted_text quoted;

		if (memchr(value->bytes, '\0', value->length))
			printf(" (%zu bytes)", value->length);
		else
			printf(" %s", quote_text(value->bytes, value->length, &quoted));
	}
}

static void show_scheme(const struct rule *rule)
{
	printf("scheme %s", scheme_word(rule->scheme));
	if (rule->scheme == SCHEME_SUFFIX)
		printf(", inherit %s, limit %s", rule->inherit == INHERIT_CHAIN ? "chain" : "none",
		       rule->limit == LIMIT_ONE ? "one" : "many");
	if (rule->scheme == SCHEME_HOST)
		show_values(rule);
}

static void show_rule(const struct explanation *explanation)
{
	const struct policy *policy = explanation->policy;
	const struct rule *rule = explanation->decision.rule;

	explanation_begin_line("rule");
	if (explanation->cause) {
		printf("none: %s\n", explanation->cause);
		return;
	}
	if (rule->line > 0)
		printf("%s:%u: ", policy->name, rule->line);
	else
		printf("built in: ");
	printf("%s, ", rule == &policy->fallback ? "default" : rule->pattern);
	show_scheme(rule);
	putchar('\n');
}

/* ---- the decision ---- */

static void show_names(const struct explanation *explanation, size_t from, const char *between)
{
	for (size_t i = from; i < explanation->name_count; i++)
		printf("%s%s", i > from ? between : "", explanation->names[i]);
}

static void show_get(const struct explanation *explanation)
{
	printf("the value of %s", explanation->names[0]);
	if (explanation->name_count > 1) {
		printf("; where that is not there, of ");
		show_names(explanation, 1, ", then of ");
	}
	printf("; else ENODATA\n");
}

static void show_list(const struct explanation *explanation)
{
	if (explanation->name_count == 0) {
		printf("the name is never listed\n");
		return;
	}
	printf("the name is listed where the inode has ");
	show_names(explanation, 0, " or ");
	putchar('\n');
}

static void show_kernel(const struct policy *policy)
{
	if (policy_is_strict(policy))
		printf("as the kernel does it: the supervisor makes the call as the target\n");
	else
		printf("left to the kernel, which makes the call and checks it\n");
}

static void show_decision(const struct explanation *explanation)
{
	const struct decision *decision = &explanation->decision;
	const char *verb = explanation->operation == OPERATION_REMOVE ? "removes" : "writes";

	explanation_begin_line("decision");
	if (explanation->operation == OPERATION_LIST && !explanation->cause)
		show_list(explanation);
	else if (decision->route == ROUTE_REFUSED)
		printf("%s, after whatever the kernel would refuse the call for: %s\n",
		       strerrorname_np(decision->error), reason_text(decision->reason));
	else if (decision->route == ROUTE_KERNEL)
		show_kernel(explanation->policy);
	else if (explanation->operation == OPERATION_GET)
		show_get(explanation);
	else if (decision->route == ROUTE_HOST)
		printf("the supervisor %s the host's %s%s\n", verb, decision->name,
		       explanation->operation == OPERATION_SET ? ", if the value is in the rule" :
								 "");
	else
		printf("the supervisor %s %s\n", verb, decision->name);
}

static void show_needs(const struct explanation *explanation)
{
	for (size_t i = 0; i < explanation->need_count; i++) {
		const struct explanation_need *need = &explanation->needs[i];

		explanation_begin_line(i == 0 ? "needs" : "");
		printf("%s, else %s\n", need->text,
		       need->error ? strerrorname_np(need->error) : "it is not listed");
	}
}

/** show_limits() - what may still stand against a set */
static void show_limits(const struct explanation *explanation)
{
	const struct policy *policy = explanation->policy;
	const struct decision *decision = &explanation->decision;

	if (explanation->operation != OPERATION_SET || decision->route != ROUTE_STORED)
		return;
	if (decision->rule->limit == LIMIT_ONE) {
		explanation_begin_line("limit");
		printf("one: no other namespace, nor the host, has a value of it on the inode\n");
	}
	if (policy->attributes_per_file > 0) {
		explanation_begin_line("limit");
		printf("%u values of its own on an inode\n", policy->attributes_per_file);
	}
	if (policy->value_size > 0) {
		explanation_begin_line("limit");
		printf("%u bytes a value\n", policy->value_size);
	}
}

void explanation_print_decision(const struct explanation *explanation)
{
	show_suggestion(explanation);
	show_policy(explanation->policy);
	show_rule(explanation);
	show_decision(explanation);
	show_needs(explanation);
	show_limits(explanation);
}

void explanation_print(const struct explanation *explanation)
{
	show_request(explanation);
	explanation_print_decision(explanation);
}
