/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explanation.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "policy.h"
#include "policy_file.h"
#include "simulated.h"
#include "yaml/diagnostic.h"

static struct user_namespace host, container;
static struct policy_file *file;
static struct explanation explained;

static void set_up(void)
{
	host = simulated_host();
	container = simulated_userns(&host, "0 100000 65536\n");
}

static void tear_down(void)
{
	policy_file_free(file);
}

TestSuite(explanation, .init = set_up, .fini = tear_down);

static const struct policy *policy_of(const char *text)
{
	static struct diagnostics diagnostics;

	policy_file_free(file);
	file = NULL;
	cr_assert_eq(policy_file_load("some.yaml", text, strlen(text), &file, &diagnostics),
		     POLICY_FILE_LOADED, "%s", diagnostics.entries[0].text);
	return &file->policy;
}

static void explain(const struct policy *policy, enum operation operation, const char *name)
{
	explained = (struct explanation){
		.policy = policy,
		.userns = &container,
		.operation = operation,
		.name = name,
	};
	explanation_fill(&explained);
}

static void expect_names(const char *expected)
{
	char found[1024] = "";

	for (size_t i = 0; i < explained.name_count; i++)
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s",
			 i > 0 ? " " : "", explained.names[i]);
	cr_expect_str_eq(found, expected, "%s: %s", explained.name, found);
}

static void expect_needs(const char *expected)
{
	char found[256] = "";

	for (size_t i = 0; i < explained.need_count; i++)
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s:%d",
			 i > 0 ? " " : "", explained.needs[i].word, explained.needs[i].error);
	cr_expect_str_eq(found, expected, "%s: %s", explained.name, found);
}

Test(explanation, of_a_get_says_where_it_looks)
{
	const struct policy *policy = policy_builtin("default");

	explain(policy, OPERATION_GET, "security.ima");
	expect_names("security.ima@uid=100000 security.ima");
	expect_needs("");
	explain(policy, OPERATION_GET, "trusted.gfid");
	expect_names("trusted.gfid@uid=100000");
	expect_needs("CAP_SYS_ADMIN:61");
	explain(policy, OPERATION_GET, "security.ima@uid=5");
	expect_names("security.ima@uid=100005");
	explain(policy, OPERATION_GET, "user.comment");
	expect_names("");
}

Test(explanation, of_a_change_says_what_it_needs)
{
	const struct policy *policy = policy_of(
		"version: 1\nattributes: [{ name: security.capability, scheme: suffix }]\n");

	explain(policy, OPERATION_SET, "security.capability");
	expect_needs("CAP_SETFCAP:1 mapped-owner:1");
	explain(policy_builtin("default"), OPERATION_REMOVE, "trusted.a");
	expect_needs("CAP_SYS_ADMIN:1 mapped-owner:1");
	explain(policy_builtin("default"), OPERATION_SET, "user.comment");
	expect_needs("");
}

Test(explanation, of_a_list_says_what_shows_the_name)
{
	const struct policy *policy = policy_of("version: 1\n"
						"attributes:\n"
						"- { name: security.*, scheme: suffix }\n"
						"- { name: trusted.*, scheme: suffix }\n"
						"- { name: user.a, scheme: hide }\n"
						"- { name: user.b, scheme: deny }\n");

	explain(policy, OPERATION_LIST, "security.ima");
	expect_names("security.ima@uid=100000 security.ima");
	expect_needs("");
	explain(policy, OPERATION_LIST, "trusted.a");
	expect_names("trusted.a@uid=100000");
	expect_needs("CAP_SYS_ADMIN:0");
	explain(policy, OPERATION_LIST, "security.a@uid=5");
	expect_names("security.a@uid=100005");
	explain(policy, OPERATION_LIST, "security.a@uid=70000");
	expect_names("");
	explain(policy, OPERATION_LIST, "user.a");
	expect_names("");
	explain(policy, OPERATION_LIST, "user.b");
	expect_names("user.b");
}

Test(explanation, of_the_user_store_has_its_names)
{
	const struct policy *policy = policy_of(
		"version: 1\nstore: user\nattributes: [{ name: security.*, scheme: suffix }]\n");

	explain(policy, OPERATION_GET, "security.ima");
	expect_names("user.nsxattr.100000.security.ima security.ima");
	explain(policy, OPERATION_LIST, "security.ima");
	expect_names("user.nsxattr.100000.security.ima security.ima");
	explain(policy, OPERATION_SET, "user.nsxattr.100000.security.ima");
	cr_expect_eq(explained.decision.route, ROUTE_REFUSED);
	cr_expect_not_null(explained.cause);
	explain(policy, OPERATION_LIST, "user.nsxattr.100000.security.ima");
	expect_names("");
}

Test(explanation, knows_when_no_rule_was_asked)
{
	container = simulated_userns(&host, "0 0 1\n");
	explain(policy_builtin("default"), OPERATION_SET, "security.ima");
	cr_expect_eq(explained.decision.route, ROUTE_KERNEL);
	cr_expect_not_null(explained.cause);
	expect_needs("");
	container = simulated_userns(&host, "5 100000 1\n");
	explain(policy_builtin("default"), OPERATION_SET, "security.ima");
	cr_expect_eq(explained.decision.route, ROUTE_REFUSED);
	cr_expect_eq(explained.decision.error, EINVAL);
	cr_expect_null(explained.cause);
}

static void expect_printed(const char *expected)
{
	cr_redirect_stdout();
	explanation_print(&explained);
	fflush(stdout);
	cr_expect_stdout_eq_str(expected);
}

static const char *const every_scheme =
	"version: 1\n"
	"attributes:\n"
	"- { name: security.suffix, scheme: suffix, limit: one }\n"
	"- { name: security.host, scheme: host, values: [y, 0x0001] }\n"
	"- { name: security.deny, scheme: deny }\n"
	"limits: { attributes-per-file: 8, value-size: 100 }\n"
	"default: hide\n";

Test(explanation, in_words_of_a_stored_value)
{
	explain(policy_of(every_scheme), OPERATION_SET, "security.suffix");
	expect_printed(
		"asked       set security.suffix\n"
		"namespace   users 0:100000:65536, its parent is the host\n"
		"policy      some.yaml, mode fast, store security\n"
		"rule        some.yaml:3: security.suffix, scheme suffix, inherit chain, "
		"limit one\n"
		"decision    the supervisor writes security.suffix@uid=100000\n"
		"needs       CAP_SYS_ADMIN in the namespace, else EPERM\n"
		"            an inode whose owner and group are mapped in the namespace, else "
		"EPERM\n"
		"limit       one: no other namespace, nor the host, has a value of it on the "
		"inode\n"
		"limit       8 values of its own on an inode\n"
		"limit       100 bytes a value\n");
}

Test(explanation, in_words_of_a_refusal)
{
	explain(policy_of(every_scheme), OPERATION_REMOVE, "security.deny");
	expect_printed("asked       remove security.deny\n"
		       "namespace   users 0:100000:65536, its parent is the host\n"
		       "policy      some.yaml, mode fast, store security\n"
		       "rule        some.yaml:5: security.deny, scheme deny\n"
		       "decision    EPERM, after whatever the kernel would refuse the call for: "
		       "a rule of the policy lets no container change the name (scheme: deny)\n");
}

Test(explanation, in_words_of_the_hosts_name)
{
	explain(policy_of(every_scheme), OPERATION_SET, "security.host");
	expect_printed(
		"asked       set security.host\n"
		"namespace   users 0:100000:65536, its parent is the host\n"
		"policy      some.yaml, mode fast, store security\n"
		"rule        some.yaml:4: security.host, scheme host, values 'y' (2 bytes)\n"
		"decision    the supervisor writes the host's security.host, if the value is "
		"in the rule\n"
		"needs       CAP_SYS_ADMIN in the namespace, else EPERM\n"
		"            an inode whose owner and group are mapped in the namespace, else "
		"EPERM\n");
}

Test(explanation, in_words_of_the_default)
{
	explain(policy_of(every_scheme), OPERATION_LIST, "user.comment");
	expect_printed("asked       list user.comment\n"
		       "namespace   users 0:100000:65536, its parent is the host\n"
		       "policy      some.yaml, mode fast, store security\n"
		       "rule        some.yaml:7: default, scheme hide\n"
		       "decision    the name is never listed\n");
}

Test(explanation, in_words_of_the_kernels_own)
{
	explain(policy_builtin("default"), OPERATION_SET, "security.capability");
	expect_printed("asked       set security.capability\n"
		       "namespace   users 0:100000:65536, its parent is the host\n"
		       "policy      default, mode fast, store security\n"
		       "rule        built in: security.capability, scheme kernel\n"
		       "decision    left to the kernel, which makes the call and checks it\n");
}

Test(explanation, for_programs)
{
	static const char expected[] =
		"{ \"operation\": \"get\", \"name\": \"security.suffix\","
		"  \"users\": [ { \"inside\": 0, \"host\": 100000, \"count\": 65536 } ],"
		"  \"policy\": { \"name\": \"some.yaml\", \"mode\": \"fast\","
		"    \"store\": \"security\", \"attributes-per-file\": 8, \"value-size\": 100 },"
		"  \"rule\": { \"file\": \"some.yaml\", \"line\": 3,"
		"    \"name\": \"security.suffix\", \"scheme\": \"suffix\","
		"    \"inherit\": \"chain\", \"limit\": \"one\" },"
		"  \"decision\": { \"route\": \"stored\","
		"    \"stored-name\": \"security.suffix@uid=100000\" },"
		"  \"looked-up\": [ \"security.suffix@uid=100000\", \"security.suffix\" ],"
		"  \"needs\": [ ] }";
	struct json_object *wanted = json_tokener_parse(expected);

	explain(policy_of(every_scheme), OPERATION_GET, "security.suffix");
	struct json_object *made = explanation_json_new(&explained);

	cr_assert_not_null(wanted);
	cr_expect(json_object_equal(wanted, made), "%s", json_object_to_json_string(made));
	json_object_put(wanted);
	json_object_put(made);
}

Test(explanation, names_values_by_the_owner_that_the_policy_fixes)
{
	const struct policy *policy = policy_of("version: 1\nowner: 1000000\nattributes:\n"
						"- { name: \"security.*\", scheme: suffix }\n");

	explain(policy, OPERATION_SET, "security.ima");
	cr_expect_str_eq(explained.decision.name, "security.ima@uid=1000000");
	explain(policy, OPERATION_LIST, "security.ima@uid=5");
	expect_names("security.ima@uid=1000005");
}

static void expect_suggestion(const char *name, const char *suggestion)
{
	explain(policy_builtin("default"), OPERATION_SET, name);
	cr_expect_str_eq(explained.suggestion, suggestion, "%s: %s", name, explained.suggestion);
}

Test(explanation, suggests_a_class_that_there_is)
{
	expect_suggestion("securty.ima", "security.ima");
	expect_suggestion("trused.gfid", "trusted.gfid");
	expect_suggestion("usr.comment", "user.comment");
	expect_suggestion("securty", "security");
}

Test(explanation, suggests_nothing_for_what_there_is_or_is_like_nothing)
{
	static const char *const names[] = { "security.ima", "trusted.a",	  "user.a",
					     "system.a",     "btrfs.compression", "ceph.dir",
					     "nonsense.a" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect_suggestion(names[i], "");
}
