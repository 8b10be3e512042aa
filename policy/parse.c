/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A file goes through these steps, each of which can rely on those before it:
 *
 *	screen, check, read	libcyaml fills struct policy_text	format.c, with schema.c's tables
 *	build			struct policy, with what is left out	here
 *
 * The tree of libyaml, which the check goes over, also tells in which line a rule is.
 */
#include <errno.h>
#include <linux/xattr.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "name.h"
#include "policy_file.h"
#include "policy_schema.h"
#include "schema.h"
#include "value_text.h"

/* ---- build ---- */

/** struct builder - a policy in the making */
struct builder {
	struct arena *arena;
	const struct policy_text *text;
	struct schema_walk walk; /* for the lines of rules */
	struct policy *policy;
};

static const char *keep_text(struct builder *builder, const char *text)
{
	return arena_copy(builder->arena, text, strlen(text));
}

/* Reading security.* needs no privilege, so the host's values are no secret; trusted.* are. */
static enum inherit inherit_of(const struct rule_text *text)
{
	if (text->inherit)
		return *text->inherit;
	return name_is_trusted(text->name, strlen(text->name)) ? INHERIT_NONE : INHERIT_CHAIN;
}

static int build_value(struct builder *builder, const char *text, struct attribute_value *ret_value)
{
	size_t length = strlen(text);
	char *bytes = arena_alloc(builder->arena, length + 1, 1);

	if (!bytes)
		return -ENOMEM;
	*ret_value = (struct attribute_value){ bytes, value_text_decode(text, length, bytes) };
	return 0;
}

static int build_values(struct builder *builder, const struct rule_text *text, struct rule *rule)
{
	struct attribute_value *values =
		arena_alloc(builder->arena, text->values_count, sizeof(*values));
	int r = values ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < text->values_count && r == 0; i++)
		r = build_value(builder, text->values[i], &values[i]);
	rule->values = values;
	rule->value_count = text->values_count;
	return r;
}

static int build_rule(struct builder *builder, const struct rule_text *text,
		      const yaml_node_t *node, struct rule *rule)
{
	*rule = (struct rule){
		.pattern = keep_text(builder, text->name),
		.scheme = text->scheme,
		.line = format_line(schema_find(&builder->walk, node, "name")),
	};
	if (!rule->pattern)
		return -ENOMEM;
	if (text->scheme == SCHEME_SUFFIX) {
		rule->inherit = inherit_of(text);
		rule->limit = text->limit;
	}
	return text->scheme == SCHEME_HOST ? build_values(builder, text, rule) : 0;
}

/*
 * The kernel has namespaced file capabilities, and honours them at exec under their own name alone.
 * A glob with suffix or host does not take them along; who wants that names them.
 */
static void exempt_capabilities(struct builder *builder, struct rule *rules)
{
	const char *name = XATTR_NAME_CAPS;
	enum scheme scheme = policy_match(builder->policy, name, strlen(name))->scheme;

	if (scheme != SCHEME_SUFFIX && scheme != SCHEME_HOST)
		return;
	for (size_t i = 0; i < builder->policy->rule_count; i++)
		if (strcmp(rules[i].pattern, name) == 0)
			return;
	rules[builder->policy->rule_count++] =
		(struct rule){ .pattern = XATTR_NAME_CAPS, .scheme = SCHEME_KERNEL };
}

static int build_rules(struct builder *builder, const yaml_node_t *root)
{
	const struct policy_text *text = builder->text;
	const yaml_node_t *list = schema_find(&builder->walk, root, "attributes");
	struct rule *rules =
		arena_alloc(builder->arena, (size_t)text->attributes_count + 1, sizeof(*rules));
	int r = rules ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < text->attributes_count && r == 0; i++) {
		const yaml_node_t *node = yaml_document_get_node(
			builder->walk.document, list->data.sequence.items.start[i]);

		r = build_rule(builder, &text->attributes[i], node, &rules[i]);
	}
	if (r < 0)
		return r;
	builder->policy->rules = rules;
	builder->policy->rule_count = text->attributes_count;
	builder->policy->fallback = (struct rule){
		.pattern = "*",
		.scheme = text->fallback,
		.line = format_line(schema_find(&builder->walk, root, "default")),
	};
	exempt_capabilities(builder, rules);
	return 0;
}

static int keep_optional(struct builder *builder, const char *text, const char **ret_kept)
{
	if (!text)
		return 0;
	*ret_kept = keep_text(builder, text);
	return *ret_kept ? 0 : -ENOMEM;
}

static int build_selector(struct builder *builder, const struct selector_text *text,
			  struct policy_selector *selector)
{
	selector->runtimes = text->runtime;
	int r = keep_optional(builder, text->name, &selector->name);

	if (r == 0)
		r = keep_optional(builder, text->annotation.key, &selector->annotation_key);
	if (r == 0)
		r = keep_optional(builder, text->annotation.value, &selector->annotation_value);
	return r;
}

static int build_selectors(struct builder *builder)
{
	const struct policy_text *text = builder->text;
	struct policy_selector *selectors =
		arena_alloc(builder->arena, text->match_count, sizeof(*selectors));

	if (!selectors)
		return -ENOMEM;
	for (uint32_t i = 0; i < text->match_count; i++) {
		int r = build_selector(builder, &text->match[i], &selectors[i]);

		if (r < 0)
			return r;
	}
	builder->policy->selectors = selectors;
	builder->policy->selector_count = text->match_count;
	return 0;
}

static int build_users(struct builder *builder)
{
	static const char *const only_root[] = { "root" };
	const struct policy_text *text = builder->text;
	const char **users = arena_alloc(builder->arena, text->allow_users_count, sizeof(*users));

	if (!users)
		return -ENOMEM;
	for (uint32_t i = 0; i < text->allow_users_count; i++) {
		users[i] = keep_text(builder, text->allow_users[i]);
		if (!users[i])
			return -ENOMEM;
	}
	builder->policy->allow_users = text->allow_users_count > 0 ? users : only_root;
	builder->policy->allow_user_count = text->allow_users_count > 0 ? text->allow_users_count :
									  1;
	return 0;
}

static int build_texts(struct builder *builder, const char *name)
{
	const char *description = builder->text->description;

	builder->policy->name = keep_text(builder, name);
	if (!builder->policy->name)
		return -ENOMEM;
	if (!description)
		return 0;
	builder->policy->description = keep_text(builder, description);
	return builder->policy->description ? 0 : -ENOMEM;
}

static int build(struct builder *builder, const char *name)
{
	const struct policy_text *text = builder->text;
	int r;

	/*
	 * A target may change user.* itself, so what is continued could reach the values of the store:
	 * a second thread changes the name after the check.
	 */
	*builder->policy = (struct policy){
		.mode = text->store == STORE_USER ? MODE_STRICT : text->mode,
		.store = text->store,
		.owner = text->owner,
		.attributes_per_file = text->limits.attributes_per_file,
		.value_size = text->limits.value_size,
		.in_flight = text->limits.in_flight,
		.allow_io_uring = text->allow_io_uring,
	};
	r = build_texts(builder, name);
	if (r == 0)
		r = build_rules(builder, yaml_document_get_root_node(builder->walk.document));
	if (r == 0)
		r = build_selectors(builder);
	return r < 0 ? r : build_users(builder);
}

static struct policy_file *new_file(void)
{
	struct policy_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->arena = calloc(1, sizeof(*file->arena));
	if (!file->arena) {
		free(file);
		return NULL;
	}
	return file;
}

void policy_file_free(struct policy_file *file)
{
	if (!file)
		return;
	arena_done(file->arena);
	free(file->arena);
	free(file);
}

static int build_file(const char *name, struct format_reading *reading,
		      struct policy_file **ret_file)
{
	struct policy_file *file = new_file();

	if (!file)
		return -ENOMEM;
	struct builder builder = {
		.arena = file->arena,
		.text = reading->text,
		.walk.document = &reading->document,
		.policy = &file->policy,
	};
	int r = build(&builder, name);

	if (r < 0) {
		policy_file_free(file);
		return r;
	}
	*ret_file = file;
	return POLICY_FILE_LOADED;
}

int policy_file_load(const char *name, const char *text, size_t length,
		     struct policy_file **ret_file, struct diagnostics *diagnostics)
{
	struct format_reading reading;
	int r = format_read(&policy_format, text, length, &reading, diagnostics);

	if (r < 0)
		return r;
	if (r == FORMAT_MISTAKEN)
		return POLICY_FILE_MISTAKEN;
	r = build_file(name, &reading, ret_file);
	format_reading_done(&reading);
	return r;
}
