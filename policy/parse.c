/* SPDX-License-Identifier: Apache-2.0 */
/* A policy file is stored in a policy by its schema; what follows from what it says is added here. */
#include "policy_file.h"

#include <assert.h>
#include <errno.h>
#include <linux/xattr.h>
#include <stdlib.h>
#include <string.h>

#include "yaml/arena.h"
#include "yaml/read.h"
#include "yaml/tree.h"

static_assert(POLICY_FILE_SIZE_MAX == TREE_SIZE_MAX, "no other file is longer");

static const char *const only_root[] = { "root" };

/* What a file does not name. */
static const struct policy defaults = {
	.fallback = { .pattern = "*", .scheme = SCHEME_KERNEL },
	.mode = MODE_FAST,
	.store = STORE_SECURITY,
	.allow_users = only_root,
	.allow_user_count = 1,
};

static bool has_rule(const struct policy *policy, const char *pattern)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (strcmp(policy->rules[i].pattern, pattern) == 0)
			return true;
	return false;
}

/*
 * The kernel has namespaced file capabilities, and honours them at exec under their own name alone.
 * A glob with suffix or host does not take them along; who wants that names them.
 */
static int exempt_capabilities(struct policy *policy, struct arena *arena)
{
	const char *name = XATTR_NAME_CAPS;
	enum scheme scheme = policy_match(policy, name, strlen(name))->scheme;

	if ((scheme != SCHEME_SUFFIX && scheme != SCHEME_HOST) || has_rule(policy, name))
		return 0;
	struct rule *rules = arena_alloc(arena, policy->rule_count + 1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	memcpy(rules, policy->rules, policy->rule_count * sizeof(*rules));
	rules[policy->rule_count++] = (struct rule){ .pattern = name, .scheme = SCHEME_KERNEL };
	policy->rules = rules;
	return 0;
}

/* What a file says that has no mistake becomes a policy. */
static int complete(struct policy *policy, struct arena *arena, const char *name)
{
	policy->name = arena_copy(arena, name, strlen(name));
	if (!policy->name)
		return -ENOMEM;
	/*
	 * A target may change user.* itself, so what is continued could reach the values of the store:
	 * a second thread changes the name after the check.
	 */
	if (policy->store == STORE_USER)
		policy->mode = MODE_STRICT;
	return exempt_capabilities(policy, arena);
}

int policy_file_load(const char *name, const char *text, size_t length,
		     struct policy_file **ret_file, struct diagnostics *diagnostics)
{
	struct policy_file *file = calloc(1, sizeof(*file));
	struct arena arena = { 0 };

	if (!file)
		return -ENOMEM;
	file->policy = defaults;
	int r = schema_read(&policy_schema, text, length, &file->policy, &arena, diagnostics);

	if (r == SCHEMA_READ)
		r = complete(&file->policy, &arena, name);
	file->blocks = arena.blocks;
	if (r == 0)
		*ret_file = file;
	else
		policy_file_free(file);
	if (r < 0)
		return r;
	return r == SCHEMA_MISTAKEN ? POLICY_FILE_MISTAKEN : POLICY_FILE_LOADED;
}

void policy_file_free(struct policy_file *file)
{
	if (!file)
		return;
	struct arena arena = { .blocks = file->blocks };

	arena_done(&arena);
	free(file);
}
