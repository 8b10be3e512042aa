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
	.integrity = { .template = TEMPLATE_IMA_SIG, .entries = INTEGRITY_ENTRIES },
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

/* Of the policies alone whose measurements begin with it. */
static int keep_text(struct policy_file *file, struct arena *arena, const char *text, size_t length)
{
	if (file->policy.integrity.mode == INTEGRITY_OFF)
		return 0;
	file->text = arena_copy(arena, text, length);
	file->length = length;
	return file->text ? 0 : -ENOMEM;
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
	if (r == 0)
		r = keep_text(file, &arena, text, length);
	file->blocks = arena.blocks;
	if (r == 0)
		*ret_file = file;
	else
		policy_file_free(file);
	if (r < 0)
		return r;
	return r == SCHEMA_MISTAKEN ? POLICY_FILE_MISTAKEN : POLICY_FILE_LOADED;
}

/* Return: FOLDER/PATH; NULL without memory. */
static const char *join(struct arena *arena, const char *folder, const char *path)
{
	size_t folder_length = strlen(folder), path_length = strlen(path);
	char *joined = arena_alloc(arena, folder_length + 1 + path_length + 1, 1);

	if (!joined)
		return NULL;
	memcpy(joined, folder, folder_length);
	joined[folder_length] = '/';
	memcpy(joined + folder_length + 1, path, path_length);
	return joined;
}

static int join_all(struct integrity *integrity, struct arena *arena, const char *folder)
{
	const char **keys = arena_alloc(arena, integrity->key_count, sizeof(*keys));

	for (size_t i = 0; keys && i < integrity->key_count; i++) {
		const char *key = integrity->keys[i];

		keys[i] = key[0] == '/' ? key : join(arena, folder, key);
		if (!keys[i])
			return -ENOMEM;
	}
	if (!keys)
		return -ENOMEM;
	integrity->keys = keys;
	return 0;
}

int policy_file_use_folder(struct policy_file *file, const char *folder)
{
	struct arena arena = { .blocks = file->blocks };
	int r = join_all(&file->policy.integrity, &arena, folder);

	file->blocks = arena.blocks;
	return r;
}

void policy_file_free(struct policy_file *file)
{
	if (!file)
		return;
	struct arena arena = { .blocks = file->blocks };

	arena_done(&arena);
	free(file);
}
