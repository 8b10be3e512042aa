/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policies_load.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALICE 1000
#define BOB 1001

static char top[] = "/tmp/nsxattr-policies.XXXXXX";
static char folder[64];
static struct policies_source source;
static struct policies *policies;
static struct policies_report report;
static struct policies_choice choice;

static void write_at(const char *path, mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0, "%s", path);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	cr_assert_eq(fchmod(fd, mode), 0);
	close(fd);
}

/* A file of the folder; what it says is what is behind the version and an empty list of rules. */
static void policy(const char *name, const char *more)
{
	char path[128], text[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(text, sizeof(text), "version: 1\nattributes: []\n%s", more);
	write_at(path, 0644, text);
}

static void make_folder(void)
{
	char path[128];

	cr_assert_not_null(mkdtemp(top));
	snprintf(folder, sizeof(folder), "%s/policies", top);
	cr_assert_eq(mkdir(folder, 0755), 0);
	snprintf(path, sizeof(path), "%s/passwd", top);
	write_at(path, 0644, "alice:x:1000:1000::/:\nbob:x:1001:1001::/:\n");
	cr_assert_eq(policies_source_open(folder, NULL, &source), 0);
	close(source.etc);
	source.etc = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void remove_folder(void)
{
	char command[128];

	shared_policy_unref(choice.shared);
	policies_free(policies);
	policies_source_done(&source);
	snprintf(command, sizeof(command), "rm -r %s", top);
	cr_expect_eq(system(command), 0);
}

TestSuite(policies, .init = make_folder, .fini = remove_folder);

static int load_again(struct policies **ret_policies)
{
	memset(&report, 0, sizeof(report));
	return policies_load(&source, ret_policies, &report);
}

static void load(void)
{
	policies_free(policies);
	policies = NULL;
	cr_assert_eq(load_again(&policies), POLICIES_LOADED, "%s", report.text);
}

/* All that is wrong, without the folder in front of each line. */
static void mistakes(const char *expected)
{
	static char text[sizeof(report.text)];
	struct policies *none = NULL;
	char *to = text;

	cr_expect_eq(load_again(&none), POLICIES_MISTAKEN);
	cr_expect_null(none);
	for (const char *from = report.text; *from;) {
		if (strncmp(from, folder, strlen(folder)) == 0)
			from += strlen(folder);
		while (*from && (*to++ = *from++) != '\n')
			;
	}
	*to = '\0';
	cr_expect_str_eq(text, expected, "\nexpected:\n%s\nfound:\n%s\n", expected, text);
}

static enum policies_choice_result try(uid_t user, const char *wanted, const char *container)
{
	const struct policies_request request = {
		.container = { .runtimes = RUNTIME_CRUN | RUNTIME_PODMAN, .name = container },
		.wanted = wanted,
		.user = user,
	};

	shared_policy_unref(choice.shared);
	enum policies_choice_result r = policies_choose(policies, &request, &choice);

	cr_assert_eq(r == POLICIES_CHOSEN, choice.shared != NULL);
	cr_expect_str_not_empty(choice.reason);
	return r;
}

static void expect(uid_t user, const char *wanted, const char *container, const char *expected)
{
	cr_expect_eq(try(user, wanted, container), POLICIES_CHOSEN, "%s", choice.reason);
	if (choice.shared)
		cr_expect_str_eq(choice.shared->policy->name, expected, "%s, not %s: %s",
				 choice.shared->policy->name, expected, choice.reason);
}

static void expect_refused(uid_t user, const char *wanted, const char *reason)
{
	cr_expect_eq(try(user, wanted, "c"), POLICIES_REFUSED);
	cr_expect_str_eq(choice.reason, reason);
}

/* ---- what a set is made of ---- */

Test(policies, are_the_files_of_a_folder)
{
	policy("a.yaml", "");
	policy("b-2.x_Y.yaml", "");
	policy("README", "");
	policy("c.yaml~", "");
	policy(".d.yaml", "");
	policy("e.yml", "");
	load();
	cr_expect_eq(policies->file_count, 2);
	cr_expect_str_empty(report.text);
	expect(0, "a", "c", "a");
	expect(0, "b-2.x_Y", "c", "b-2.x_Y");
}

Test(policies, are_built_in_without_a_folder)
{
	policies_source_done(&source);
	cr_assert_eq(policies_source_open("/nonexistent/policies", NULL, &source), 0);
	load();
	cr_expect_eq(policies->file_count, 0);
	expect(0, NULL, "c", "default");
	expect(0, "kernel", "c", "kernel");
}

/* After an installation a user starts the daemon first. */
Test(policies, are_found_in_a_folder_that_comes_later)
{
	char path[128];

	policies_source_done(&source);
	snprintf(path, sizeof(path), "%s/etc/policies", top);
	cr_assert_eq(policies_source_open(path, NULL, &source), 0);
	load();
	cr_expect_eq(policies->file_count, 0);
	snprintf(folder, sizeof(folder), "%s/etc", top);
	cr_assert_eq(mkdir(folder, 0755), 0);
	load();
	cr_expect_eq(policies->file_count, 0);
	snprintf(folder, sizeof(folder), "%s/etc/policies", top);
	cr_assert_eq(mkdir(folder, 0755), 0);
	policy("a.yaml", "");
	load();
	cr_expect_eq(policies->file_count, 1);
	cr_assert_eq(chmod(folder, 0777), 0);
	mistakes(": belongs to, or can be written by, others than root\n");
}

Test(policies, are_not_read_from_a_folder_that_has_been_removed)
{
	cr_assert_eq(rmdir(folder), 0);
	cr_assert_eq(mkdir(folder, 0755), 0);
	policy("a.yaml", "");
	mistakes(": has been removed, or another one put in its place, since nsxattrd was started; "
		 "restart it\n");
}

Test(policies, need_a_folder_that_is_one)
{
	struct policies_source other;

	cr_expect_eq(policies_source_open("/dev/null", NULL, &other), -ENOTDIR);
}

Test(policies, are_read_anew_each_time)
{
	policy("a.yaml", "");
	load();
	policy("b.yaml", "");
	load();
	cr_expect_eq(policies->file_count, 2);
}

Test(policies, are_refused_as_a_whole_with_all_that_is_wrong)
{
	policy("a.yaml", "");
	policy("b.yaml", "mode: quick\nstore: usr\n");
	policy("c.yaml", "versoin: 1\n");
	mistakes(
		"/b.yaml:3:7: mode cannot be 'quick'; allowed: fast, strict\n"
		"/b.yaml:4:8: store cannot be 'usr'; allowed: security, user, trusted (did you mean "
		"'user'?)\n"
		"/c.yaml:3:1: a key cannot be 'versoin'; allowed: version, description, match, "
		"mode, store, owner, attributes, default, limits, io-uring-in-container, audit, integrity, allow-users "
		"(did you mean 'version'?)\n");
}

Test(policies, report_as_much_as_there_is_room_for)
{
	static char many[480];
	char name[32];

	for (size_t i = 0; i + 8 < sizeof(many); i += 6)
		memcpy(many + i, "x: 1\n ", 5), many[i + 5] = '\n';
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "p%d.yaml", i);
		policy(name, many);
	}
	struct policies *none = NULL;

	cr_expect_eq(load_again(&none), POLICIES_MISTAKEN);
	cr_expect(report.is_cut);
	cr_expect_gt(strlen(report.text), sizeof(report.text) / 2);
	cr_expect_eq(report.text[strlen(report.text) - 1], '\n');
}

Test(policies, have_sane_names_of_their_own)
{
	policy("a b.yaml", "");
	policy("default.yaml", "");
	policy("-a.yaml", "");
	load_again(&(struct policies *){ NULL });
	cr_expect(strstr(report.text, "'a b.yaml': a policy cannot be called so"));
	cr_expect(strstr(report.text,
			 "'default.yaml': a policy cannot be called as one that is built in"));
	cr_expect(strstr(report.text, "'-a.yaml': a policy cannot be called so"));
	cr_expect(policy_name_is_sane("a") && policy_name_is_sane("samba-dc.2"));
	cr_expect_not(policy_name_is_sane(""));
	cr_expect_not(policy_name_is_sane("."));
	cr_expect_not(policy_name_is_sane("a/b"));
}

Test(policies, have_names_of_a_greatest_length)
{
	char name[POLICY_NAME_MAX + 16];

	memset(name, 'a', POLICY_NAME_MAX + 1);
	strcpy(name + POLICY_NAME_MAX, ".yaml");
	policy(name, "");
	load();
	strcpy(name + POLICY_NAME_MAX, "a.yaml");
	policy(name, "");
	cr_expect_eq(load_again(&(struct policies *){ NULL }), POLICIES_MISTAKEN);
	cr_expect(strstr(report.text, "the name is too long; allowed: 64 bytes before .yaml"));
}

Test(policies, are_so_many_at_most)
{
	char name[32];

	for (int i = 0; i < POLICIES_MAX; i++) {
		snprintf(name, sizeof(name), "p%d.yaml", i);
		policy(name, "");
	}
	load();
	cr_expect_eq(policies->file_count, POLICIES_MAX);
	policy("more.yaml", "");
	mistakes(": there are more than 256 policies\n");
}

/* ---- what cannot be enforced ---- */

/* Nothing less takes its place: neither the default nor another one that fits. */
Test(policies, give_no_container_a_policy_that_nsxattrd_cannot_enforce)
{
	static const char reason[] =
		"what is executed cannot be refused ('mode: enforce' of policy 'judged'): there is no gate";

	policy("judged.yaml", "integrity: { mode: enforce, rule-set: tcb }\n"
			      "match: [{ name: c }]\nallow-users: [alice]\n");
	policy("other.yaml", "integrity: { mode: off, rule-set: tcb }\nmatch: [{ name: c }]\n");
	source.no_gate = "there is no gate";
	load();
	expect_refused(0, "judged", reason);
	expect_refused(0, NULL, reason);
	expect(0, "other", "c", "other");
	expect(ALICE, NULL, "d", "default");
	cr_expect_str_eq(policies_objection(policies, policies_find(policies, "judged"), ALICE),
			 "it judges what is executed, which is for root's containers alone");
	source.no_gate = NULL;
	load();
	expect(0, "judged", "c", "judged");
}

Test(policies, with_rules_about_who_executes_are_enforced)
{
	policy("judged.yaml",
	       "integrity: { mode: enforce, rules: [measure func=BPRM_CHECK uid=0] }\n");
	load();
	expect(0, "judged", "c", "judged");
}

/* ---- keys ---- */

static void mistaken_keys(const char *file, const char *fault)
{
	char text[256], expected[512];

	snprintf(text, sizeof(text), "integrity: { mode: log, rule-set: tcb, keys: [%s] }\n", file);
	policy("judged.yaml", text);
	snprintf(expected, sizeof(expected), "/judged.yaml: keys: %s/%s: %s\n", folder, file,
		 fault);
	mistakes(expected);
}

Test(policies, that_judge_have_their_keys_from_the_start)
{
	policy("own.der", "no key");
	policy("judged.yaml", "integrity: { mode: log, rule-set: tcb }\n");
	load();
	expect(0, "judged", "c", "judged");
	cr_assert_eq(trust_root_open(&source.root), 0);
	mistaken_keys("absent.der", "No such file or directory");
	mistaken_keys("own.der", "it has no certificate and no public key that can be read");
	trust_root_done(&source.root);
}

/* ---- whose files they are ---- */

Test(policies, are_not_what_others_can_write)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/a.yaml", folder);
	policy("a.yaml", "");
	chmod(path, 0664);
	mistakes("/a.yaml: belongs to, or can be written by, others than root\n");
	chmod(path, 0646);
	mistakes("/a.yaml: belongs to, or can be written by, others than root\n");
	chmod(path, 0644);
	load();
	chmod(folder, 0775);
	mistakes(": belongs to, or can be written by, others than root\n");
}

Test(policies, are_not_what_others_own)
{
	char path[128];

	if (geteuid() != 0)
		cr_skip_test("only root gives files away");
	snprintf(path, sizeof(path), "%s/a.yaml", folder);
	policy("a.yaml", "");
	cr_assert_eq(chown(path, ALICE, 0), 0);
	mistakes("/a.yaml: belongs to, or can be written by, others than root\n");
}

Test(policies, are_regular_files)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/a.yaml", folder);
	cr_assert_eq(mkfifo(path, 0600), 0);
	mistakes("/a.yaml: is no regular file\n");
	unlink(path);
	cr_assert_eq(mkdir(path, 0755), 0);
	mistakes("/a.yaml: is no regular file\n");
	rmdir(path);
	cr_assert_eq(symlink("/etc/passwd", path), 0);
	mistakes("/a.yaml: cannot be read: it is a symbolic link\n");
}

/* ---- the default ---- */

Test(policies, have_a_default)
{
	policy("strict.yaml", "");
	source.default_policy = "strict";
	load();
	expect(0, NULL, "c", "strict");
	expect(BOB, NULL, "c", "strict");
	expect(BOB, "", "c", "strict");
	expect(BOB, "strict", "c", "strict");
}

Test(policies, need_their_default)
{
	policy("strict.yaml", "");
	source.default_policy = "strikt";
	cr_expect_eq(load_again(&(struct policies *){ NULL }), POLICIES_MISTAKEN);
	cr_expect(strstr(report.text, "the default policy 'strikt' is neither built in nor in "),
		  "%s", report.text);
	cr_expect(strstr(report.text, "(did you mean 'strict'?)"));
}

/* ---- who may name which ---- */

Test(policies, are_named_by_root_and_their_users)
{
	policy("a.yaml", "allow-users: [alice]\n");
	load();
	expect(0, "a", "c", "a");
	expect(ALICE, "a", "c", "a");
	expect_refused(BOB, "a",
		       "policy 'a' is not for user 1001: they are not in its allow-users");
}

Test(policies, are_roots_alone_without_users)
{
	policy("a.yaml", "");
	load();
	expect(0, "a", "c", "a");
	expect_refused(ALICE, "a",
		       "policy 'a' is not for user 1000: they are not in its allow-users");
}

Test(policies, with_an_owner_are_roots_alone_whoever_may_use_them)
{
	policy("a.yaml", "owner: 1000000\nallow-users: [alice]\nmatch: [{name: c}]\n");
	load();
	expect(0, "a", "c", "a");
	expect(0, NULL, "c", "a");
	expect(ALICE, NULL, "c", "default");
	expect_refused(ALICE, "a",
		       "policy 'a' is not for user 1000: it fixes the owner, which is for root's "
		       "containers alone");
}

Test(policies, know_users_by_number_too)
{
	policy("a.yaml", "allow-users: [\"1001\", carol]\n");
	load();
	expect(BOB, "a", "c", "a");
	cr_expect(strstr(report.text, "/a.yaml: allow-users has 'carol', who is not in passwd(5)"),
		  "%s", report.text);
	expect_refused(ALICE, "a",
		       "policy 'a' is not for user 1000: they are not in its allow-users");
}

Test(policies, give_the_default_instead_if_so_told)
{
	policy("a.yaml", "");
	source.refuses_not_allowed = false;
	load();
	expect(BOB, "a", "c", "default");
	cr_expect_str_eq(choice.reason, "policy 'a' is not for user 1001: they are not in its "
					"allow-users: the default policy");
	expect_refused(BOB, "b", "there is no policy 'b'");
}

Test(policies, that_are_not_there_are_refused_with_the_nearest_name)
{
	policy("samba-dc.yaml", "");
	load();
	expect_refused(0, "samba-cd", "there is no policy 'samba-cd' (did you mean 'samba-dc'?)");
	expect_refused(0, "../../etc/passwd", "there is no policy '../../etc/passwd'");
	expect_refused(0, "a\nb", "there is no policy 'a?b'");
}

Test(policies, built_in_are_no_way_around_a_stricter_default)
{
	policy("strict.yaml", "default: deny\n");
	source.default_policy = "strict";
	load();
	expect_refused(BOB, "default",
		       "policy 'default' is not for user 1001: it is built in, and not the default "
		       "policy here");
	expect(0, "default", "c", "default");
	expect(BOB, "kernel", "c", "kernel");
	expect(BOB, "user", "c", "user");
}

static const char lends[] = "version: 1\n"
			    "attributes: [{ name: trusted.x, scheme: host, values: [y] }]\n"
			    "match: [{ name: \"*\" }]\n"
			    "allow-users: [alice]\n";

Test(policies, that_lend_the_hosts_names_are_roots_alone)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/a.yaml", folder);
	write_at(path, 0644, lends);
	load();
	expect(0, "a", "c", "a");
	expect(0, NULL, "c", "a");
	expect(ALICE, NULL, "c", "default");
	expect_refused(
		ALICE, "a",
		"policy 'a' is not for user 1000: it has a rule of scheme host, which is for "
		"root's containers alone");
	source.default_policy = "a";
	load();
	expect(0, NULL, "c", "a");
	cr_expect_eq(try(ALICE, NULL, "c"), POLICIES_REFUSED);
	cr_expect(strstr(choice.reason, "the default policy 'a' is not for user 1000"));
}

/* ---- match ---- */

Test(policies, are_chosen_by_their_match_in_the_order_of_names)
{
	policy("b.yaml", "match: [{ name: \"web*\" }]\nallow-users: [alice, bob]\n");
	policy("a.yaml", "match: [{ name: \"web-*\" }]\nallow-users: [alice]\n");
	policy("c.yaml", "match: [{ runtime: [lxc] }]\nallow-users: [alice, bob]\n");
	load();
	expect(0, NULL, "web-1", "a");
	expect(0, NULL, "web1", "b");
	expect(ALICE, NULL, "web-1", "a");
	expect(BOB, NULL, "web-1", "b");
	expect(BOB, NULL, "db", "default");
	expect(2000, NULL, "web-1", "default");
	expect(0, NULL, NULL, "default");
}

/* ---- what is kept ---- */

Test(policies, outlive_their_set)
{
	policy("a.yaml", "description: the first\n");
	load();
	expect(0, "a", "c", "a");
	struct shared_policy *first = shared_policy_ref(choice.shared);

	policy("a.yaml", "description: the second\n");
	load();
	expect(0, "a", "c", "a");
	cr_expect_str_eq(first->policy->description, "the first");
	cr_expect_str_eq(choice.shared->policy->description, "the second");
	shared_policy_unref(first);
	shared_policy_unref(NULL);
}
