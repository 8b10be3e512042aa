/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_time.h"
#include "yaml/diagnostic.h"

/* A file that is right but for what a test puts behind it. */
#define RIGHT "version: 1\nattributes: []\n"

static struct diagnostics diagnostics;
static struct policy_file *file;

static int load_bytes(const char *text, size_t length)
{
	char *exact = malloc(length ? length : 1);

	cr_assert_not_null(exact);
	memcpy(exact, text, length);
	memset(&diagnostics, 0, sizeof(diagnostics));
	file = NULL;
	int r = policy_file_load("a policy", exact, length, &file, &diagnostics);

	free(exact);
	cr_assert_eq(r == POLICY_FILE_LOADED, file != NULL);
	cr_assert_eq(r == POLICY_FILE_MISTAKEN, diagnostics.count > 0);
	return r;
}

static const struct policy *load(const char *text)
{
	int r = load_bytes(text, strlen(text));

	for (size_t i = 0; i < diagnostics.count; i++)
		cr_log_error("%u:%u: %s", diagnostics.entries[i].line,
			     diagnostics.entries[i].column, diagnostics.entries[i].text);
	cr_assert_eq(r, POLICY_FILE_LOADED, "%s", text);
	return &file->policy;
}

/* All that is wrong, a line each: "LINE:COLUMN: TEXT". */
static void mistakes_of_bytes(const char *text, size_t length, const char *expected)
{
	static char found[DIAGNOSTICS_MAX * (DIAGNOSTIC_TEXT_SIZE + 32)];
	size_t end = 0;

	load_bytes(text, length);
	policy_file_free(file);
	found[0] = '\0';
	for (size_t i = 0; i < diagnostics.count; i++)
		end += (size_t)snprintf(found + end, sizeof(found) - end, "%s%u:%u: %s",
					i > 0 ? "\n" : "", diagnostics.entries[i].line,
					diagnostics.entries[i].column, diagnostics.entries[i].text);
	cr_expect_str_eq(found, expected, "\n%s\nexpected:\n%s\nfound:\n%s\n", text, expected,
			 found);
}

static void mistakes(const char *text, const char *expected)
{
	mistakes_of_bytes(text, strlen(text), expected);
}

/* Of a rule in a file that is right otherwise. Columns are those of the rule, from its '{' on. */
static void mistakes_of_rule(const char *rule, const char *expected)
{
	char text[2048];

	snprintf(text, sizeof(text), "version: 1\nattributes:\n- %s\n", rule);
	mistakes(text, expected);
}

/* ---- what is loaded ---- */

static const char sample[] =
	"version: 1\n"
	"description: Samba AD DC keeps its NT ACLs\n"
	"match:                       # used when the runtime names no policy\n"
	"  - runtime: [podman, crun, runc, lxc]\n"
	"    name: \"samba*\"\n"
	"mode: fast\n"
	"store: security\n"
	"attributes:                  # exact names beat globs\n"
	"  - { name: security.NTACL, scheme: suffix, inherit: none }\n"
	"  - { name: \"trusted.*\",    scheme: suffix }\n"
	"default: kernel\n"
	"limits: { attributes-per-file: 64, in-flight: 256 }\n"
	"io-uring-in-container: deny  # io_uring can do xattr calls that no seccomp filter sees\n"
	"allow-users: [root]          # who may choose this policy by name\n";

Test(parse, loads_the_sample_of_the_design)
{
	const struct policy *policy = load(sample);

	cr_expect_str_eq(policy->name, "a policy");
	cr_expect_str_eq(policy->description, "Samba AD DC keeps its NT ACLs");
	cr_expect_eq(policy->mode, MODE_FAST);
	cr_expect_eq(policy->store, STORE_SECURITY);
	cr_expect_eq(policy->owner, 0);
	cr_expect_eq(policy->attributes_per_file, 64);
	cr_expect_eq(policy->value_size, 0);
	cr_expect_eq(policy->in_flight, 256);
	cr_expect_not(policy->allow_io_uring);
	cr_expect_eq(policy->fallback.scheme, SCHEME_KERNEL);
	cr_expect_eq(policy->fallback.line, 11);
	cr_assert_eq(policy->selector_count, 1);
	cr_expect_eq(policy->selectors[0].runtimes,
		     RUNTIME_PODMAN | RUNTIME_CRUN | RUNTIME_RUNC | RUNTIME_LXC);
	cr_expect_str_eq(policy->selectors[0].name, "samba*");
	cr_assert_eq(policy->allow_user_count, 1);
	cr_expect_str_eq(policy->allow_users[0], "root");
	policy_file_free(file);
}

Test(parse, keeps_the_rules_and_their_lines)
{
	const struct policy *policy = load(sample);

	cr_assert_eq(policy->rule_count, 2);
	cr_expect_str_eq(policy->rules[0].pattern, "security.NTACL");
	cr_expect_eq(policy->rules[0].scheme, SCHEME_SUFFIX);
	cr_expect_eq(policy->rules[0].inherit, INHERIT_NONE);
	cr_expect_eq(policy->rules[0].limit, LIMIT_MANY);
	cr_expect_eq(policy->rules[0].line, 9);
	cr_expect_str_eq(policy->rules[1].pattern, "trusted.*");
	cr_expect_eq(policy->rules[1].line, 10);
	policy_file_free(file);
}

Test(parse, fills_in_what_a_file_leaves_out)
{
	const struct policy *policy = load(RIGHT);

	cr_expect_null(policy->description);
	cr_expect_eq(policy->rule_count, 0);
	cr_expect_eq(policy->fallback.scheme, SCHEME_KERNEL);
	cr_expect_str_eq(policy->fallback.pattern, "*");
	cr_expect_eq(policy->fallback.line, 0);
	cr_expect_eq(policy->mode, MODE_FAST);
	cr_expect_eq(policy->store, STORE_SECURITY);
	cr_expect(policy->attributes_per_file == 0 && policy->value_size == 0);
	cr_expect_eq(policy->in_flight, 0);
	cr_expect_not(policy->allow_io_uring);
	cr_expect_eq(policy->selector_count, 0);
	cr_assert_eq(policy->allow_user_count, 1);
	cr_expect_str_eq(policy->allow_users[0], "root");
	policy_file_free(file);
}

Test(parse, knows_every_word)
{
	const struct policy *policy = load(
		"version: 1\nmode: strict\nstore: user\ndefault: hide\nio-uring-in-container: allow\naudit: changes\n"
		"limits: {attributes-per-file: 1, value-size: 65536, in-flight: 4096}\n"
		"owner: 1000000\n"
		"allow-users: [alice, bob]\n"
		"match: [{runtime: [run]}, {name: x}, {annotation: {key: io.x/y, value: ''}}]\n"
		"attributes:\n"
		"- {name: security.a, scheme: kernel}\n"
		"- {name: security.b, scheme: suffix, inherit: chain, limit: one}\n"
		"- {name: user.c*, scheme: hide}\n"
		"- {name: system.d, scheme: deny}\n"
		"- {name: user.u, scheme: unsupported}\n"
		"- {name: trusted.e, scheme: host, values: [y]}\n");

	cr_expect_eq(policy->mode, MODE_STRICT);
	cr_expect_eq(policy->store, STORE_USER);
	cr_expect_eq(policy->fallback.scheme, SCHEME_HIDE);
	cr_expect(policy->allow_io_uring);
	cr_expect_eq(policy->audit, AUDIT_CHANGES);
	cr_expect_eq(policy->owner, 1000000);
	cr_expect_eq(policy->attributes_per_file, 1);
	cr_expect_eq(policy->value_size, 65536);
	cr_expect_eq(policy->in_flight, 4096);
	cr_expect_eq(policy->allow_user_count, 2);
	cr_expect_str_eq(policy->allow_users[1], "bob");
	cr_expect_eq(policy->selectors[0].runtimes, RUNTIME_RUN);
	cr_expect_null(policy->selectors[0].name);
	cr_expect_eq(policy->selectors[1].runtimes, 0);
	cr_expect_null(policy->selectors[1].annotation_key);
	cr_expect_null(policy->selectors[2].name);
	cr_expect_str_eq(policy->selectors[2].annotation_key, "io.x/y");
	cr_expect_str_eq(policy->selectors[2].annotation_value, "");
	cr_assert_eq(policy->rule_count, 6);
	cr_expect_eq(policy->rules[0].scheme, SCHEME_KERNEL);
	cr_expect_eq(policy->rules[1].limit, LIMIT_ONE);
	cr_expect_eq(policy->rules[1].inherit, INHERIT_CHAIN);
	cr_expect_eq(policy->rules[2].scheme, SCHEME_HIDE);
	cr_expect_eq(policy->rules[3].scheme, SCHEME_DENY);
	cr_expect_eq(policy->rules[4].scheme, SCHEME_UNSUPPORTED);
	cr_expect_eq(policy->rules[5].scheme, SCHEME_HOST);
	policy_file_free(file);
}

Test(parse, lets_the_class_decide_who_inherits)
{
	const struct policy *policy = load("version: 1\n"
					   "attributes:\n"
					   "- {name: security.*, scheme: suffix}\n"
					   "- {name: trusted.*, scheme: suffix}\n"
					   "- {name: trusted.a, scheme: suffix, inherit: chain}\n");

	cr_expect_eq(policy->rules[0].inherit, INHERIT_CHAIN);
	cr_expect_eq(policy->rules[1].inherit, INHERIT_NONE);
	cr_expect_eq(policy->rules[2].inherit, INHERIT_CHAIN);
	policy_file_free(file);
}

static enum scheme scheme_of(const struct policy *policy, const char *name)
{
	return policy_match(policy, name, strlen(name))->scheme;
}

Test(parse, leaves_file_capabilities_to_the_kernel_unless_they_are_named)
{
	const struct policy *policy =
		load("version: 1\nattributes: [{name: security.*, scheme: suffix}]\n");

	cr_expect_eq(scheme_of(policy, "security.capability"), SCHEME_KERNEL);
	cr_expect_eq(scheme_of(policy, "security.capabilities"), SCHEME_SUFFIX);
	cr_expect_eq(policy_match(policy, "security.capability", 19)->line, 0);
	policy_file_free(file);
	policy = load("version: 1\n"
		      "attributes: [{name: security.cap*, scheme: host, values: [a]}]\n");
	cr_expect_eq(scheme_of(policy, "security.capability"), SCHEME_KERNEL);
	policy_file_free(file);
	policy = load("version: 1\nattributes: [{name: security.capability, scheme: suffix}]\n");
	cr_expect_eq(scheme_of(policy, "security.capability"), SCHEME_SUFFIX);
	policy_file_free(file);
	policy = load("version: 1\nattributes: [{name: security.*, scheme: hide}]\n");
	cr_expect_eq(scheme_of(policy, "security.capability"), SCHEME_HIDE);
	policy_file_free(file);
}

Test(parse, makes_the_user_store_strict)
{
	const struct policy *policy = load(RIGHT "store: user\n");

	cr_expect_eq(policy->store, STORE_USER);
	cr_expect_eq(policy->mode, MODE_STRICT);
	policy_file_free(file);
}

static void expect_value(const struct rule *rule, size_t index, const char *bytes, size_t length)
{
	cr_assert_lt(index, rule->value_count);
	cr_assert_eq(rule->values[index].length, length);
	cr_expect_arr_eq(rule->values[index].bytes, bytes, length);
}

Test(parse, reads_values_as_getfattr_writes_them)
{
	const struct policy *policy =
		load("version: 1\nattributes:\n- name: trusted.overlay.opaque\n  scheme: host\n"
		     "  values: [y, 0x00ffAb, 0sAP+r, \"\", \"0\", 0x, 5]\n");
	const struct rule *rule = &policy->rules[0];

	cr_assert_eq(rule->value_count, 7);
	expect_value(rule, 0, "y", 1);
	expect_value(rule, 1, "\0\xff\xab", 3);
	expect_value(rule, 2, "\0\xff\xab", 3);
	expect_value(rule, 3, "", 0);
	expect_value(rule, 4, "0", 1);
	expect_value(rule, 5, "", 0);
	expect_value(rule, 6, "5", 1);
	policy_file_free(file);
}

Test(parse, takes_a_file_with_a_byte_order_mark_a_directive_and_an_end)
{
	load("\xef\xbb\xbf" RIGHT);
	policy_file_free(file);
	load("%YAML 1.2\n---\n" RIGHT "...\n");
	policy_file_free(file);
	load("{version: 1, attributes: []}");
	policy_file_free(file);
	load("\"version\": 1\r\n'attributes': []\r\n");
	policy_file_free(file);
}

/* ---- what is wrong with a file ---- */

Test(parse, finds_a_key_that_is_unknown_missing_or_there_twice)
{
	mistakes(
		"vresion: 1\nattributes: []\n",
		"1:1: a key cannot be 'vresion'; allowed: version, description, match, mode, "
		"store, owner, attributes, default, limits, io-uring-in-container, audit, integrity, allow-users (did you "
		"mean 'version'?)");
	mistakes("version: 1\n",
		 "1:1: the key 'attributes' is missing; allowed: a list of 0 to 512 entries");
	mistakes(RIGHT "mode: fast\nmode: strict\n",
		 "4:1: the key 'mode' is there twice; the first is in line 3");
	mistakes(RIGHT "limits: {xyzzy: 1}\n",
		 "3:10: a key cannot be 'xyzzy'; allowed: attributes-per-file, value-size, "
		 "in-flight");
	mistakes(
		RIGHT "? [a]\n: b\n",
		"3:3: a key cannot be a list; allowed: version, description, match, mode, store, "
		"owner, attributes, default, limits, io-uring-in-container, audit, integrity, allow-users");
	mistakes(RIGHT "limits: {\"in-flight\\0\": 1}\n",
		 "3:10: a key cannot be 'in-flight?'; allowed: attributes-per-file, value-size, "
		 "in-flight (did you mean 'in-flight'?)");
}

Test(parse, finds_a_wrong_word)
{
	mistakes(RIGHT "mode: fats\n",
		 "3:7: mode cannot be 'fats'; allowed: fast, strict (did you mean 'fast'?)");
	mistakes(RIGHT "store: disk\n",
		 "3:8: store cannot be 'disk'; allowed: security, user, trusted");
	mistakes(RIGHT "default: suffix\n",
		 "3:10: default cannot be 'suffix'; allowed: kernel, hide, deny, unsupported");
	mistakes(RIGHT "io-uring-in-container: Deny\n",
		 "3:24: io-uring-in-container cannot be 'Deny'; allowed: deny, allow (did you mean "
		 "'deny'?)");
	mistakes(RIGHT "mode:\n", "3:6: mode cannot be nothing; allowed: fast, strict");
	mistakes(RIGHT "mode: 0\n", "3:7: mode cannot be '0'; allowed: fast, strict");
}

Test(parse, finds_a_value_of_another_kind)
{
	mistakes(RIGHT "mode: [fast]\n", "3:7: mode cannot be a list; allowed: fast, strict");
	mistakes(RIGHT "limits: 5\n",
		 "3:9: limits cannot be '5'; allowed: the keys attributes-per-file, value-size, "
		 "in-flight");
	mistakes(RIGHT "description: {a: b}\n",
		 "3:14: description cannot be a mapping; allowed: a text of 1 to 1024 bytes");
	mistakes("version: 1\nattributes:\n",
		 "2:12: attributes cannot be nothing; allowed: a list of 0 to 512 entries");
	mistakes("version: 1\nattributes: [security.ima]\n",
		 "2:14: an entry of attributes cannot be 'security.ima'; allowed: the keys name, "
		 "scheme, inherit, limit, values");
	mistakes("just a text\n",
		 "1:1: a policy cannot be 'just a text'; allowed: the keys version, description, "
		 "match, mode, store, owner, attributes, default, limits, io-uring-in-container, "
		 "audit, integrity, allow-users");
}

Test(parse, finds_an_owner_that_is_no_id)
{
	mistakes(RIGHT "owner: 0\n", "3:8: owner cannot be '0'; allowed: 1 to 4294967294");
	mistakes(RIGHT "owner: 4294967295\n",
		 "3:8: owner cannot be '4294967295'; allowed: 1 to 4294967294");
	mistakes(RIGHT "owner: root\n", "3:8: owner cannot be 'root'; allowed: 1 to 4294967294");
}

Test(parse, finds_a_wrong_number)
{
	static const char *const wrong[] = { "0",
					     "65537",
					     "-1",
					     "+1",
					     "1.0",
					     "0x10",
					     "010",
					     "1k",
					     "1e3",
					     "''",
					     "~",
					     ".inf",
					     "1 000",
					     "99999999999999999999",
					     "18446744073709551617",
					     "1_000" };
	char text[128], expected[128];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), RIGHT "limits: {value-size: %s}\n", wrong[i]);
		snprintf(expected, sizeof(expected),
			 strcmp(wrong[i], "''") == 0 ?
				 "3:22: value-size cannot be in quotes; allowed: 1 to 65536" :
				 "3:22: value-size cannot be '%s'; allowed: 1 to 65536",
			 wrong[i]);
		mistakes(text, expected);
	}
	mistakes("version: 2\nattributes: []\n", "1:10: version cannot be '2'; allowed: 1");
	mistakes("version: \"1\"\nattributes: []\n",
		 "1:10: version cannot be in quotes; allowed: 1");
	mistakes(RIGHT "limits: {attributes-per-file: 4097, in-flight: 4097}\n",
		 "3:31: attributes-per-file cannot be '4097'; allowed: 1 to 4096\n"
		 "3:48: in-flight cannot be '4097'; allowed: 1 to 4096");
}

Test(parse, finds_what_is_wrong_with_whom_it_is_for)
{
	mistakes(RIGHT "match: []\n",
		 "3:8: match cannot have 0 entries; allowed: a list of 1 to 64 entries");
	mistakes(RIGHT "match: [{}]\n",
		 "3:9: an entry of match needs 1 of the keys runtime, name, annotation");
	mistakes(RIGHT "match: [{runtime: []}]\n",
		 "3:19: runtime cannot be an empty list; without it: any");
	mistakes(
		RIGHT "match: [{runtime: podman}]\n",
		"3:19: runtime cannot be 'podman'; allowed: a list of podman, crun, runc, lxc, run");
	mistakes(RIGHT "match: [{runtime: [docker, crun, crun, [lxc]]}]\n",
		 "3:20: runtime cannot be 'docker'; allowed: podman, crun, runc, lxc, run\n"
		 "3:34: 'crun' is there twice; the first is in line 3\n"
		 "3:40: runtime cannot be a list; allowed: podman, crun, runc, lxc, run");
	mistakes(RIGHT "match: [{annotation: {}}]\n",
		 "3:22: the key 'key' is missing; allowed: a text of 1 to 1024 bytes\n"
		 "3:22: the key 'value' is missing; allowed: a text of 0 to 1024 bytes");
	mistakes(RIGHT "match: [{annotation: {key: '', value: x}}]\n",
		 "3:28: key cannot be 0 bytes long; allowed: a text of 1 to 1024 bytes");
	mistakes(RIGHT "match: [{annotation: tier=x}]\n",
		 "3:22: annotation cannot be 'tier=x'; allowed: the keys key, value");
	mistakes(RIGHT "match: [{name: a/b}]\n",
		 "3:16: name cannot be 'a/b'; allowed: a container's name, with '*' for any "
		 "characters and '?' for one, without '/'");
	mistakes(
		RIGHT "allow-users: [\"\", a:b, root, root]\n",
		"3:15: an entry of allow-users cannot be 0 bytes long; allowed: a text of 1 to 255 "
		"bytes\n"
		"3:19: an entry of allow-users cannot be 'a:b'; allowed: names of users, without "
		"':', '/' and blanks\n"
		"3:30: 'root' is there twice; the first is in line 3");
}

/* ---- what is wrong with a rule ---- */

Test(parse, finds_a_wrong_name)
{
	mistakes_of_rule(
		"{name: '*', scheme: kernel}",
		"3:10: name cannot be '*'; allowed: a class and '*', as in security.*; the "
		"key 'default' is for all other names");
	mistakes_of_rule(
		"{name: security, scheme: kernel}",
		"3:10: name cannot be 'security', a class alone; allowed: security.NAME or "
		"security.*");
	mistakes_of_rule("{name: trusted., scheme: kernel}",
			 "3:10: name cannot be 'trusted.': it is a class alone; allowed: a name in "
			 "it, or all of it with '*' at the end");
	mistakes_of_rule("{name: securty.ima, scheme: kernel}",
			 "3:10: name cannot be 'securty.ima': 'securty' is no class; allowed: "
			 "security, trusted, user, system (did you mean 'security'?)");
	mistakes_of_rule("{name: sec*, scheme: kernel}",
			 "3:10: name cannot be 'sec*': 'sec*' is no class; allowed: security, "
			 "trusted, user, system");
	mistakes_of_rule("{name: .ima, scheme: kernel}",
			 "3:10: name cannot be '.ima': '' is no class; allowed: security, trusted, "
			 "user, system");
	mistakes_of_rule("{name: security.*a, scheme: kernel}",
			 "3:10: name cannot be 'security.*a': it has a '*' that is not its last "
			 "character; allowed: one, at the end");
	mistakes_of_rule("{name: security.**, scheme: kernel}",
			 "3:10: name cannot be 'security.**': it has a '*' that is not its last "
			 "character; allowed: one, at the end");
	mistakes_of_rule("{name: security.ima@uid=1, scheme: kernel}",
			 "3:10: name cannot be 'security.ima@uid=1': it has an '@', which is what "
			 "tells one namespace's value from another's; allowed: the name as the "
			 "container says it");
	mistakes_of_rule("{name: \"security.a\\n\", scheme: kernel}",
			 "3:10: name cannot be 'security.a?': it has a control character in it; "
			 "allowed: names without");
	mistakes_of_rule("{name: \"security.a\\0\", scheme: kernel}",
			 "3:10: name cannot have a NUL byte in it; allowed: a text of 1 to 255 "
			 "bytes");
	mistakes_of_rule("{name: user.nsxattr.x*, scheme: kernel}",
			 "3:10: name cannot be 'user.nsxattr.x*': it is where 'store: user' keeps "
			 "its values, which nothing inside can reach; allowed: other names");
}

Test(parse, finds_a_name_that_is_too_long)
{
	char rule[512];

	snprintf(rule, sizeof(rule), "{name: security.%0247d, scheme: kernel}", 0);
	mistakes_of_rule(rule,
			 "3:10: name cannot be 256 bytes long; allowed: a text of 1 to 255 bytes");
}

Test(parse, finds_a_name_that_is_there_twice)
{
	mistakes("version: 1\nattributes:\n- {name: user.a, scheme: hide}\n"
		 "- {name: user.a*, scheme: hide}\n- {name: user.a, scheme: kernel}\n",
		 "5:10: 'user.a' is there twice; the first is in line 3");
}

Test(parse, finds_a_field_that_does_not_go_with_the_scheme)
{
	mistakes_of_rule("{name: security.a, scheme: kernel, inherit: none, limit: one}",
			 "3:38: inherit goes with scheme suffix; here scheme is 'kernel'\n"
			 "3:53: limit goes with scheme suffix; here scheme is 'kernel'");
	mistakes_of_rule("{name: trusted.a, scheme: suffix, values: [y]}",
			 "3:37: values goes with scheme host; here scheme is 'suffix'");
	mistakes_of_rule("{name: trusted.a, scheme: host}",
			 "3:29: scheme host needs the key 'values'; allowed: a list of 1 to 64 "
			 "entries");
	/* What is wrong with the scheme is said once. */
	mistakes_of_rule("{name: trusted.a, scheme: hots, values: [y]}",
			 "3:29: scheme cannot be 'hots'; allowed: kernel, suffix, hide, deny, "
			 "host, unsupported (did you mean 'host'?)");
	mistakes_of_rule("{name: trusted.a, inherit: none}",
			 "3:3: the key 'scheme' is missing; allowed: kernel, suffix, hide, deny, "
			 "host, unsupported");
}

Test(parse, finds_a_scheme_that_does_not_go_with_the_name)
{
	mistakes_of_rule(
		"{name: user.*, scheme: suffix}",
		"3:26: scheme cannot be 'suffix' for names that begin with 'user.'; "
		"allowed: kernel, hide, deny, unsupported; or a name of security.* or trusted.*");
	mistakes_of_rule(
		"{name: system.posix_acl_access, scheme: host, values: [a]}",
		"3:43: scheme cannot be 'host' for names that begin with 'system.'; "
		"allowed: kernel, hide, deny, unsupported; or a name of security.* or trusted.*");
}

Test(parse, finds_a_value_that_cannot_be_decoded)
{
	mistakes_of_rule("{name: trusted.a, scheme: host, values: [0xabc, 0sA, a, a]}",
			 "3:44: an entry of values cannot be '0xabc': 0x begins a value in "
			 "hexadecimal; allowed behind it: two hexadecimal digits for each byte\n"
			 "3:51: an entry of values cannot be '0sA': 0s begins a value in base64; "
			 "allowed behind it: its digits, padded with '='\n"
			 "3:59: 'a' is there twice; the first is in line 3");
	mistakes_of_rule("{name: trusted.a, scheme: host, values: []}",
			 "3:43: values cannot have 0 entries; allowed: a list of 1 to 64 entries");
	mistakes_of_rule("\n  name: trusted.a\n  scheme: host\n  values:\n  -\n  - b",
			 "7:4: an entry of values cannot be nothing; allowed: a text of 0 to 514 "
			 "bytes");
}

Test(parse, finds_a_mode_that_the_store_cannot_have)
{
	mistakes(RIGHT "mode: fast\nstore: user\n",
		 "3:7: mode cannot be 'fast' with 'store: user'; allowed: strict, which it is "
		 "without the key");
	load(RIGHT "mode: strict\nstore: user\n");
	policy_file_free(file);
}

/* ---- all at once, and in order ---- */

Test(parse, finds_all_mistakes_in_the_order_of_the_file)
{
	mistakes("mode: fats\n"
		 "attributes:\n"
		 "  - { scheme: hide }\n"
		 "  - { name: user.a, scheme: hied, foo: 1 }\n"
		 "limits: { in-flight: x }\n",
		 "1:1: the key 'version' is missing; allowed: 1\n"
		 "1:7: mode cannot be 'fats'; allowed: fast, strict (did you mean 'fast'?)\n"
		 "3:5: the key 'name' is missing; allowed: a text of 1 to 255 bytes\n"
		 "4:29: scheme cannot be 'hied'; allowed: kernel, suffix, hide, deny, host, "
		 "unsupported (did you mean 'hide'?)\n"
		 "4:35: a key cannot be 'foo'; allowed: name, scheme, inherit, limit, values\n"
		 "5:22: in-flight cannot be 'x'; allowed: 1 to 4096");
}

Test(parse, counts_columns_in_characters)
{
	mistakes(RIGHT "description: \"\xc3\xa4\xe2\x82\xac\"\nmode: [\xc3\xa4] \n",
		 "4:7: mode cannot be a list; allowed: fast, strict");
	mistakes(RIGHT "limits: {\"\xc3\xa4\": 1, in-flight: 0}\n",
		 "3:10: a key cannot be '\xc3\xa4'; allowed: attributes-per-file, value-size, "
		 "in-flight\n"
		 "3:29: in-flight cannot be '0'; allowed: 1 to 4096");
}

Test(parse, shows_no_byte_that_steers_a_terminal)
{
	mistakes(RIGHT "mode: \"\\e[2J\\x9b\"\n",
		 "3:7: mode cannot be '?[2J?'; allowed: fast, strict");
}

Test(parse, cuts_what_is_long)
{
	mistakes(
		RIGHT "mode: 123456789012345678901234567890123456789012345678901234567890x\n",
		"3:7: mode cannot be '123456789012345678901234567890123456789012345678901234567890'"
		"...; allowed: fast, strict");
	mistakes(RIGHT
		 "mode: 12345678901234567890123456789012345678901234567890123456789\xc3\xa4\n",
		 "3:7: mode cannot be '12345678901234567890123456789012345678901234567890123456789'"
		 "...; allowed: fast, strict");
}

Test(parse, stops_when_there_is_no_room_for_more_mistakes)
{
	static char text[200000];
	size_t length = (size_t)snprintf(text, sizeof(text), "version: 1\n");

	for (int i = 0; i < 20000; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "k%d: 1\n", i);
	cr_expect_eq(load_bytes(text, length), POLICY_FILE_MISTAKEN);
	cr_expect_eq(diagnostics.count, DIAGNOSTICS_MAX);
	cr_expect(diagnostics.is_cut);
}

/* ---- integrity ---- */

static const char judged[] = RIGHT
	"integrity:\n"
	"  mode: enforce\n"
	"  rules:\n"
	"    - dont_appraise func=BPRM_CHECK fsname=proc\n"
	"    - measure  func=BPRM_CHECK\n"
	"    - appraise func=MMAP_CHECK mask=MAY_EXEC appraise_type=imasig\n"
	"  keys: [vendor.der, sub/own.pem, /etc/keys/a.pem]\n"
	"  measurements: { template: ima-ng, entries: 100 }\n"
	"  evm: { mode: off }\n";

Test(parse, loads_what_is_to_be_judged)
{
	const struct integrity *integrity = &load(judged)->integrity;

	cr_expect_eq(integrity->mode, INTEGRITY_ENFORCE);
	cr_expect_eq(integrity->rule_set, RULE_SET_NONE);
	cr_assert_eq(integrity->rule_count, 3);
	cr_expect(integrity->rules[0].is_dont);
	cr_expect_eq(integrity->rules[0].line, 6);
	cr_expect_str_eq(integrity->rules[1].text, "measure  func=BPRM_CHECK");
	cr_expect_eq(integrity->rules[2].func, FUNC_MMAP_CHECK);
	cr_expect_eq(integrity->rules[2].line, 8);
	cr_assert_eq(integrity->key_count, 3);
	cr_expect_str_eq(integrity->keys[0], "vendor.der");
	cr_expect_eq(integrity->template, TEMPLATE_IMA_NG);
	cr_expect_eq(integrity->entries, 100);
	cr_expect(policy_is_roots(&file->policy));
	cr_assert_eq(file->length, strlen(judged));
	cr_expect_arr_eq(file->text, judged, file->length);
	policy_file_free(file);
}

Test(parse, begins_relative_paths_in_the_folder_of_the_file)
{
	load(judged);
	cr_expect_eq(policy_file_use_folder(file, "/etc/nsxattr"), 0);
	cr_expect_str_eq(file->policy.integrity.keys[0], "/etc/nsxattr/vendor.der");
	cr_expect_str_eq(file->policy.integrity.keys[1], "/etc/nsxattr/sub/own.pem");
	cr_expect_str_eq(file->policy.integrity.keys[2], "/etc/keys/a.pem");
	policy_file_free(file);
	load(RIGHT);
	cr_expect_eq(policy_file_use_folder(file, "/etc/nsxattr"), 0);
	policy_file_free(file);
}

Test(parse, judges_nothing_unless_it_is_told_to)
{
	const struct policy *policy = load(RIGHT "integrity: { rules: [audit func=BPRM_CHECK] }\n");

	cr_expect_eq(policy->integrity.mode, INTEGRITY_OFF);
	cr_expect_eq(policy->integrity.rule_count, 1);
	cr_expect_eq(policy->integrity.template, TEMPLATE_IMA_SIG);
	cr_expect_eq(policy->integrity.entries, INTEGRITY_ENTRIES);
	cr_expect_not(policy_is_roots(policy));
	cr_expect_null(file->text);
	policy_file_free(file);
	cr_expect_eq(load(RIGHT)->integrity.mode, INTEGRITY_OFF);
	policy_file_free(file);
}

Test(parse, has_the_rules_of_a_set)
{
	const struct policy *policy = load(RIGHT "integrity: { mode: log, rule-set: appraise }\n");

	cr_expect_eq(policy->integrity.rule_set, RULE_SET_APPRAISE);
	cr_expect_gt(policy->integrity.rule_count, 20);
	cr_expect_eq(policy->integrity.rules[0].line, 0);
	policy_file_free(file);
}

Test(parse, finds_the_word_of_a_rule_that_is_wrong)
{
	mistakes(
		RIGHT "integrity:\n"
		      "  rules:\n"
		      "  - measure   func=FILE_CHECK\n"
		      "  - 'measure func=BPRM_CHECK pcr=11'\n"
		      "  - measure func=BPRM_CHECK\n"
		      "    uid=x\n"
		      "  - |\n"
		      "    measure func=BPRM_CHECK\n",
		"5:15: a rule cannot have 'func=FILE_CHECK': nsxattr does not see which files are "
		"read or written; allowed: func=BPRM_CHECK, func=MMAP_CHECK\n"
		"6:30: a rule cannot have 'pcr=11': a container has one list, and one PCR, 10; "
		"allowed: the rule without it\n"
		"7:5: a rule cannot have 'uid=x'; allowed: uid=, uid< or uid> and a number from 0 "
		"to 4294967294\n"
		"9:5: an entry of rules cannot be 'measure func=BPRM_CHECK?'; allowed: one rule, in "
		"one line");
}

Test(parse, finds_what_does_not_go_with_judging)
{
	mistakes(RIGHT "integrity: { mode: log }\n",
		 "3:20: mode cannot be 'log' without rules; allowed: with one of the keys rules, "
		 "rule-set");
	mistakes(RIGHT "integrity: { rule-set: tcb, rules: [audit func=BPRM_CHECK] }\n",
		 "3:24: rule-set cannot be beside rules; allowed: one of them");
	mistakes(RIGHT "integrity: { mode: log, rule-set: tcb }\nstore: user\n",
		 "3:20: mode cannot be 'log' with 'store: user', for the container's user can "
		 "change such values from outside; allowed: off, or another store");
	mistakes(RIGHT "integrity:\n"
		       "  mode: enforce\n"
		       "  rules: [appraise func=BPRM_CHECK appraise_type=imasig]\n",
		 "4:9: mode cannot be 'enforce' without keys, for a rule wants signatures "
		 "(appraise_type); allowed: with the key keys");
	mistakes(RIGHT "integrity: { mode: log, rule-set: tcb }\nintegrity: { keys: [a] }\n",
		 "4:1: the key 'integrity' is there twice; the first is in line 3");
	mistakes(RIGHT "integrity: { evm: { mode: enforce } }\n",
		 "3:27: mode of evm cannot be 'enforce': nsxattr does not judge security.evm yet; "
		 "allowed: off");
	mistakes(RIGHT "integrity: { evm: { key: { file: /a } } }\n",
		 "3:21: a key cannot be 'key'; allowed: mode");
	mistakes(RIGHT "integrity: { rules: [] }\n",
		 "3:21: rules cannot have 0 entries; allowed: a list of 1 to 512 entries");
	mistakes(RIGHT "integrity: { keys: [a, a], measurements: { template: ima } }\n",
		 "3:24: 'a' is there twice; the first is in line 3\n"
		 "3:54: template cannot be 'ima'; allowed: ima-ng, ima-sig");
}

/* ---- what is no plain YAML ---- */

Test(parse, finds_what_is_no_yaml)
{
	mistakes("version: 1\nattributes: [\n",
		 "3:1: no YAML: did not find expected node content, while parsing a flow node that "
		 "begins in line 3");
	mistakes("version: 1\nattributes: []\n\tmode: fast\n",
		 "3:1: a tab cannot be here; allowed: blanks");
	mistakes("a: b: c\n", "1:5: no YAML: mapping values are not allowed in this context");
	mistakes("", "1:1: there is nothing in the file; allowed: a policy");
	mistakes("# only a comment\n", "2:1: there is nothing in the file; allowed: a policy");
	mistakes(
		"---\n",
		"2:1: a policy cannot be nothing; allowed: the keys version, description, match, "
		"mode, store, owner, attributes, default, limits, io-uring-in-container, audit, integrity, allow-users");
}

Test(parse, finds_what_is_no_text)
{
	mistakes("version: 1\n\xc3\xa4\xff\n",
		 "2:2: invalid leading UTF-8 octet; allowed: text in UTF-8");
	mistakes_of_bytes("version: 1\nattr\0ibutes: []\n", 27,
			  "2:5: control characters are not allowed; allowed: text in UTF-8");
	mistakes_of_bytes("\xff\xfev\0e\0", 6, "1:1: the file is UTF-16; allowed: UTF-8");
	mistakes_of_bytes("\xfe\xff\0v\0e", 6, "1:1: the file is UTF-16; allowed: UTF-8");
}

Test(parse, refuses_anchors_aliases_tags_and_second_documents)
{
	mistakes("version: &a 1\nattributes: *a\nmode: !!str fast\n---\nversion: 1\n",
		 "1:10: an anchor ('&') cannot be here; allowed: plain values\n"
		 "2:13: an alias ('*') cannot be here; allowed: plain values, with quotes if they "
		 "begin with '*'\n"
		 "3:7: a tag ('!') cannot be here; allowed: plain values\n"
		 "4:1: a second document cannot be here; allowed: one in a file");
	mistakes("version: 1\nattributes: [{name: *, scheme: hide}]\n",
		 "2:21: an alias ('*') cannot be here; allowed: plain values, with quotes if they "
		 "begin with '*'");
}

Test(parse, refuses_a_bomb_of_aliases)
{
	mistakes("a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
		 "1:4: an anchor ('&') cannot be here; allowed: plain values\n"
		 "2:4: an anchor ('&') cannot be here; allowed: plain values\n"
		 "2:8: an alias ('*') cannot be here; allowed: plain values, with quotes if they "
		 "begin with '*'\n"
		 "2:11: an alias ('*') cannot be here; allowed: plain values, with quotes if they "
		 "begin with '*'\n"
		 "3:5: an alias ('*') cannot be here; allowed: plain values, with quotes if they "
		 "begin with '*'\n"
		 "3:8: an alias ('*') cannot be here; allowed: plain values, with quotes if they "
		 "begin with '*'");
}

static char *filled(size_t size, const char *unit)
{
	char *text = malloc(size);

	cr_assert_not_null(text);
	for (size_t i = 0; i < size; i++)
		text[i] = unit[i % strlen(unit)];
	return text;
}

Test(parse, refuses_depth_breadth_and_length)
{
	char *text = filled(POLICY_FILE_SIZE_MAX + 1, "[");

	limit_cpu_time(20);
	mistakes_of_bytes(text, POLICY_FILE_SIZE_MAX,
			  "1:17: lists and mappings cannot be nested as deep as this");
	mistakes_of_bytes(text, POLICY_FILE_SIZE_MAX + 1,
			  "1:1: the file is too long; allowed: 1 MiB");
	free(text);
	text = filled(POLICY_FILE_SIZE_MAX, "- ");
	mistakes_of_bytes(text, POLICY_FILE_SIZE_MAX,
			  "1:33: lists and mappings cannot be nested as deep as this");
	free(text);
	text = filled(POLICY_FILE_SIZE_MAX, ",a");
	text[0] = '[';
	mistakes_of_bytes(text, POLICY_FILE_SIZE_MAX,
			  "1:131072: a policy cannot have more than 65536 keys and values");
	free(text);
}

Test(parse, refuses_more_rules_than_there_is_room_for)
{
	static char text[64 * 1024];
	size_t length = (size_t)snprintf(text, sizeof(text), "version: 1\nattributes:\n");

	for (int i = 0; i < 512; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "- {name: user.%d, scheme: hide}\n", i);
	cr_expect_eq(load_bytes(text, length), POLICY_FILE_LOADED);
	cr_expect_eq(file->policy.rule_count, 512);
	cr_expect_eq(policy_match(&file->policy, "user.511", 8)->line, 514);
	policy_file_free(file);
	snprintf(text + length, sizeof(text) - length, "- {name: user.512, scheme: hide}\n");
	mistakes(text, "3:1: attributes cannot have 513 entries; allowed: a list of 0 to 512 "
		       "entries");
}

Test(parse, frees_nothing_as_well)
{
	policy_file_free(NULL);
}
