/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a policy file, as it is. */
#include "fuzz.h"
#include "name.h"
#include "policy_file.h"
#include "yaml/diagnostic.h"

static void require_shown(const char *text)
{
	require(text[0] != '\0');
	for (; *text; text++)
		require((unsigned char)*text >= ' ' && *text != 0x7f);
}

/* In order, with a place and a text each. */
static void require_diagnosis(const struct diagnostics *diagnostics, size_t size)
{
	require(diagnostics->count > 0 && diagnostics->count <= DIAGNOSTICS_MAX);
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *entry = &diagnostics->entries[i];

		require(entry->line > 0 && entry->line <= size + 1);
		require(entry->column > 0 && entry->column <= size + 1);
		require_shown(entry->text);
		if (i == 0)
			continue;
		require(entry->line > entry[-1].line ||
			(entry->line == entry[-1].line && entry->column >= entry[-1].column));
	}
}

static bool is_virtual_class(const char *pattern)
{
	return name_has_prefix(pattern, strlen(pattern), "security.") ||
	       name_has_prefix(pattern, strlen(pattern), "trusted.");
}

static void require_rule(const struct policy *policy, const struct rule *rule)
{
	const char *star = strchr(rule->pattern, '*');
	size_t literal = strlen(rule->pattern) - (star ? 1 : 0);

	require(literal > 0 && strlen(rule->pattern) < NAME_SIZE);
	require(!star || star[1] == '\0');
	require(!strchr(rule->pattern, '@') && strchr(rule->pattern, '.'));
	require(is_virtual_class(rule->pattern) ||
		(rule->scheme != SCHEME_SUFFIX && rule->scheme != SCHEME_HOST));
	require((rule->value_count > 0) == (rule->scheme == SCHEME_HOST));
	for (size_t i = 0; i < rule->value_count; i++)
		require(rule->values[i].bytes && rule->values[i].length <= HOST_VALUE_MAX);
	/* Each rule is the one for what its pattern itself says, so none is in vain. */
	require(policy_match(policy, rule->pattern, literal) == rule || star);
}

static void require_integrity(const struct policy_file *file, size_t size)
{
	const struct integrity *integrity = &file->policy.integrity;

	require(!file->text == (integrity->mode == INTEGRITY_OFF));
	require(!file->text || file->length == size);
	require(integrity->template != TEMPLATE_NONE && integrity->entries > 0);
	for (size_t i = 0; i < integrity->key_count; i++)
		require(integrity->keys[i][0]);
	for (size_t i = 0; i < integrity->rule_count; i++)
		require(integrity->rules[i].text && integrity->rules[i].line <= size);
	if (integrity->mode == INTEGRITY_OFF)
		return;
	require(integrity->rule_count > 0);
	require(file->policy.store != STORE_USER && policy_is_roots(&file->policy));
}

static void require_policy(const struct policy *policy, size_t size)
{
	require(strcmp(policy->name, "fuzzed") == 0);
	require(policy->fallback.scheme != SCHEME_SUFFIX && policy->fallback.scheme != SCHEME_HOST);
	require(policy->attributes_per_file <= 4096 && policy->value_size <= 65536);
	require(policy->in_flight <= 4096 && policy->allow_user_count > 0);
	require(policy->store != STORE_USER || policy->mode == MODE_STRICT);
	for (size_t i = 0; i < policy->rule_count; i++) {
		require_rule(policy, &policy->rules[i]);
		require(policy->rules[i].line <= size);
		for (size_t j = 0; j < i; j++)
			require(strcmp(policy->rules[i].pattern, policy->rules[j].pattern) != 0);
	}
	for (size_t i = 0; i < policy->selector_count; i++)
		require(policy->selectors[i].runtimes || policy->selectors[i].name);
	for (size_t i = 0; i < policy->allow_user_count; i++)
		require_shown(policy->allow_users[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct diagnostics diagnostics;
	struct policy_file *file = NULL;

	diagnostics.count = 0;
	diagnostics.is_cut = false;
	int r = policy_file_load("fuzzed", (const char *)data, size, &file, &diagnostics);

	/* A policy or a mistake: never neither, never both. */
	require(r == POLICY_FILE_LOADED || r == POLICY_FILE_MISTAKEN);
	if (r == POLICY_FILE_MISTAKEN) {
		require(!file);
		require_diagnosis(&diagnostics, size);
		return 0;
	}
	require(diagnostics.count == 0);
	require_policy(&file->policy, size);
	require_integrity(file, size);
	require(policy_file_use_folder(file, "folder") == 0);
	require_integrity(file, size);
	policy_file_free(file);
	return 0;
}
