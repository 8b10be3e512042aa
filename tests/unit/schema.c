/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the format are right in themselves, and everything that tells of the format tells
 * of all of it: the JSON Schema, the manual page, the reference.
 */
#include "policy_file.h"
#include "yaml/diagnostic.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <json-c/json.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "cli/policy_arg.h"
#include "cli/schema_json.h"
#include "daemon/config.h"

/* ---- the tables ---- */

static const struct {
	const struct schema *schema;
	size_t fields;
	const char *json_schema;
} files[] = {
	{ &policy_schema, 35, "docs/nsxattr-policy.schema.json" },
	{ &config_schema, 31, "docs/nsxattrd.schema.json" },
};

#define FILES (sizeof(files) / sizeof(files[0]))

typedef void visitor(const struct schema *field, void *argument);

static void visit_fields(const struct schema *schema, visitor *visit, void *argument)
{
	if (schema->type == SCHEMA_LIST)
		visit_fields(schema->entry, visit, argument);
	for (size_t row = 0; row < schema->field_count; row++) {
		visit(&schema->fields[row], argument);
		visit_fields(&schema->fields[row], visit, argument);
	}
}

static void expect_sane(const struct schema *field, void *argument)
{
	size_t *count = argument;

	(*count)++;
	cr_assert_not_null(field->key);
	cr_expect_not_null(field->help, "%s has no help", field->key);
	if (field->type == SCHEMA_NUMBER)
		cr_expect(field->least > 0, "%s", field->key);
	if (field->type != SCHEMA_MAPPING)
		cr_expect(field->most >= field->least, "%s", field->key);
	cr_expect_eq(field->type == SCHEMA_WORD || field->type == SCHEMA_WORDS,
		     field->word_count > 0, "%s", field->key);
	cr_expect_eq(field->type == SCHEMA_MAPPING, field->field_count > 0, "%s", field->key);
	cr_expect_eq(field->type == SCHEMA_LIST, field->entry != NULL, "%s", field->key);
	cr_expect_eq(!!field->partner, !!field->partner_value, "%s", field->key);
	cr_expect_not(field->partner && field->is_required, "%s", field->key);
}

Test(schema, is_sane_in_each_row)
{
	for (size_t i = 0; i < FILES; i++) {
		size_t count = 0;

		visit_fields(files[i].schema, expect_sane, &count);
		cr_expect_eq(count, files[i].fields, "%zu", count);
	}
}

static uint32_t number_of(const struct schema *field, const char *word)
{
	for (size_t i = 0; i < field->word_count; i++)
		if (strcmp(field->words[i].text, word) == 0)
			return field->words[i].number;
	cr_assert_fail("%s has no word %s", field->key, word);
	return UINT32_MAX;
}

static uint32_t stored_number(const struct schema *field, const void *structure)
{
	const char *at = (const char *)structure + field->into.offset;

	return field->into.size == sizeof(bool) ? *(const bool *)at : *(const uint32_t *)at;
}

/* What a file gets that has nothing but what it has to have is what 'absent' says. */
static void expect_defaults(const struct schema *file, const void *structure)
{
	for (size_t row = 0; row < file->field_count; row++) {
		const struct schema *field = &file->fields[row];

		if (field->type == SCHEMA_WORD)
			cr_expect_eq(stored_number(field, structure),
				     number_of(field, field->absent), "%s", field->key);
	}
}

Test(schema, has_the_defaults_that_it_tells_of)
{
	static const char text[] = "version: 1\nattributes: []\n";
	static struct diagnostics diagnostics;
	struct policy_file *file = NULL;

	cr_assert_eq(policy_file_load("", text, strlen(text), &file, &diagnostics),
		     POLICY_FILE_LOADED);
	expect_defaults(&policy_schema, &file->policy);
	expect_defaults(&config_schema, config_defaults());
	policy_file_free(file);
}

/* An entry of a list begins zeroed. */
static void expect_zero(const struct schema *field, void *argument)
{
	size_t *count = argument;

	if (field->type != SCHEMA_WORD || !field->absent)
		return;
	cr_expect_eq(number_of(field, field->absent), 0, "%s", field->key);
	(*count)++;
}

Test(schema, has_the_defaults_that_its_lists_tell_of)
{
	size_t count = 0;

	for (size_t row = 0; row < policy_schema.field_count; row++)
		if (policy_schema.fields[row].type == SCHEMA_LIST)
			visit_fields(&policy_schema.fields[row], expect_zero, &count);
	cr_expect_eq(count, 1);
}

/* ---- the JSON Schema ---- */

Test(schema, is_the_json_schema_of_the_documentation)
{
	for (size_t i = 0; i < FILES; i++) {
		struct json_object *written = json_object_from_file(files[i].json_schema);
		struct json_object *made = schema_json_new(files[i].schema);

		cr_assert_not_null(written, "%s", json_util_get_last_err());
		cr_expect(json_object_equal(written, made),
			  "as it should be: nsxattr check [--config] --schema >%s",
			  files[i].json_schema);
		json_object_put(written);
		json_object_put(made);
	}
}

static const char *find_pattern(struct json_object *schema)
{
	static const char *const path[] = { "properties", "attributes", "items",
					    "properties", "name",	"pattern" };

	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++)
		schema = json_object_object_get(schema, path[i]);
	return json_object_get_string(schema);
}

static bool is_name(const char *name)
{
	static struct diagnostics diagnostics;
	struct policy_file *file = NULL;
	char text[512];

	diagnostics.count = 0;
	int length = snprintf(text, sizeof(text),
			      "version: 1\nattributes: [{ name: \"%s\", scheme: hide }]\n", name);
	int r = policy_file_load("", text, (size_t)length, &file, &diagnostics);

	policy_file_free(file);
	return r == POLICY_FILE_LOADED;
}

Test(schema, has_a_pattern_for_names_that_says_what_the_check_says)
{
	static const char *const names[] = { "security.ima",
					     "security.*",
					     "security.i*",
					     "trusted.a.b",
					     "user.x y",
					     "system.a",
					     "security",
					     "security.",
					     "*",
					     "**",
					     "sec*",
					     "security.*a",
					     "security.**",
					     "security.a@b",
					     "security.@*",
					     "securty.ima",
					     "xsecurity.a",
					     "security.a*b",
					     "user.*",
					     ".a",
					     "system.*",
					     "trusted.**",
					     "trusted.-",
					     "Security.ima",
					     "security..",
					     "security.a ",
					     " security.a",
					     "usersecurity.a" };
	struct json_object *schema = schema_json_new(&policy_schema);
	regex_t expression;

	cr_assert_eq(regcomp(&expression, find_pattern(schema), REG_EXTENDED | REG_NOSUB), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_eq(is_name(names[i]), regexec(&expression, names[i], 0, NULL, 0) == 0,
			     "%s", names[i]);
	regfree(&expression);
	json_object_put(schema);
}

/* ---- the documentation ---- */

/* A file as one text, without the backslashes that troff(1) wants before a minus. */
static char *read_text(const char *path)
{
	_cleanup_file_ FILE *from = fopen(path, "re");
	char *text = calloc(1, 100000), *to = text;
	int byte;

	cr_assert(from && text, "%s", path);
	while ((byte = fgetc(from)) != EOF && to < text + 99999)
		if (byte != '\\')
			*to++ = (char)byte;
	return text;
}

static bool is_word_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || byte == '-';
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if ((at == text || !is_word_byte(at[-1])) && !is_word_byte(at[length]))
			return true;
	return false;
}

static void expect_documented(const struct schema *field, void *argument)
{
	cr_expect(has_word(argument, field->key), "%s is not documented", field->key);
	for (size_t i = 0; i < field->word_count; i++)
		cr_expect(has_word(argument, field->words[i].text), "%s of %s is not documented",
			  field->words[i].text, field->key);
}

static void expect_all_documented(const struct schema *file, const char *path)
{
	char *text = read_text(path);

	visit_fields(file, expect_documented, text);
	free(text);
}

Test(schema, is_documented_to_the_last_word)
{
	expect_all_documented(&policy_schema, "docs/policy.md");
	expect_all_documented(&policy_schema, "docs/nsxattr-policy.5");
	expect_all_documented(&config_schema, "docs/nsxattrd.yaml.5");
	expect_all_documented(&config_schema, "examples/nsxattrd.yaml");
}

static void expect_loadable(const char *name, const char *text, size_t length)
{
	static struct diagnostics diagnostics;
	struct policy_file *file = NULL;

	diagnostics.count = 0;
	cr_expect_eq(policy_file_load(name, text, length, &file, &diagnostics), POLICY_FILE_LOADED,
		     "%s: %s", name, diagnostics.entries[0].text);
	policy_file_free(file);
}

Test(schema, is_kept_to_by_the_policy_in_the_reference)
{
	char *text = read_text("docs/policy.md");
	const char *start = strstr(text, "```yaml\nversion: 1\n");

	cr_assert_not_null(start);
	start += strlen("```yaml\n");
	expect_loadable("docs/policy.md", start, (size_t)(strstr(start, "\n```") - start));
	free(text);
}

Test(schema, is_kept_to_by_the_examples)
{
	static struct diagnostics diagnostics;
	glob_t examples;

	cr_assert_eq(glob("examples/policies/*.yaml", 0, NULL, &examples), 0);
	cr_expect_eq(examples.gl_pathc, 9);
	for (size_t i = 0; i < examples.gl_pathc; i++) {
		struct policy_file *file = NULL;

		cr_expect_eq(policy_arg_read(examples.gl_pathv[i], &file, &diagnostics),
			     POLICY_FILE_LOADED, "%s", examples.gl_pathv[i]);
		policy_file_free(file);
	}
	globfree(&examples);
}

/* The example says what holds without it. */
Test(schema, has_its_defaults_in_the_example_of_settings)
{
	static struct diagnostics diagnostics;
	const struct config *defaults = config_defaults();
	struct config_file file = { 0 };

	cr_assert_eq(config_read("examples/nsxattrd.yaml", &file, &diagnostics), CONFIG_LOADED,
		     "%s", diagnostics.entries[0].text);
	cr_expect_str_eq(file.config.oci.path, defaults->oci.path);
	cr_expect_str_eq(file.config.lxc.path, defaults->lxc.path);
	cr_expect_str_eq(file.config.control.path, defaults->control.path);
	cr_expect_eq(file.config.oci.mode, defaults->oci.mode);
	cr_expect_str_eq(file.config.policies, defaults->policies);
	cr_expect_str_eq(file.config.default_policy, defaults->default_policy);
	cr_expect_eq(file.config.refuses_not_allowed, defaults->refuses_not_allowed);
	cr_expect_arr_eq(&file.config.limits, &defaults->limits, sizeof(defaults->limits));
	cr_expect_eq(file.config.log, defaults->log);
	cr_expect_eq(file.config.resolver, defaults->resolver);
	config_done(&file);
}
