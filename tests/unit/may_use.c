/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/may_use.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/policies_load.h"

static const struct config_limits limits = {
	.containers = 3,
	.containers_per_user = 2,
	.listeners_per_container = 4,
};
static const struct registry_time start = { .real = 1000, .monotonic = 1 };

static char folder[64];
static struct registry *registry;
static struct policies *policies;
static struct policies_source from;

static void write_policy(const char *name, const char *lines)
{
	FILE *to = fopen(name, "w");

	cr_assert_not_null(to);
	fprintf(to, "version: 1\nattributes: [{ name: \"security.*\", scheme: suffix }]\n%s",
		lines);
	fclose(to);
}

static void set_up(void)
{
	static struct policies_report report;

	snprintf(folder, sizeof(folder), "/tmp/nsxattr.may_use.XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	umask(022);
	write_policy("mine.yaml", "allow-users: [\"1000\"]\nio-uring-in-container: allow\n");
	write_policy("roots.yaml", "");
	write_policy("annotated.yaml",
		     "allow-users: [\"1000\"]\n"
		     "match: [{ annotation: { key: tier, value: \"file*\" } }]\n");
	write_policy("named.yaml", "allow-users: [\"1000\"]\n"
				   "match: [{ runtime: [lxc], name: \"samba*\" }]\n");
	write_policy("judged.yaml", "integrity: { mode: log, rule-set: tcb }\n");
	cr_assert_eq(policies_source_open(folder, NULL, &from), 0);
	cr_assert_eq(policies_load(&from, &policies, &report), POLICIES_LOADED, "%s", report.text);
	cr_assert_eq(registry_new(&limits, &registry), 0);
}

static void tear_down(void)
{
	static const char *const names[] = { "mine", "roots", "annotated", "named", "judged" };
	char path[32];

	registry_free(registry);
	policies_free(policies);
	policies_source_done(&from);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s.yaml", names[i]);
		unlink(path);
	}
	cr_expect_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(folder), 0);
}

TestSuite(may_use, .init = set_up, .fini = tear_down);

static void expect(uid_t user, const char *question, const char *expected)
{
	const struct may_use_source source = { policies, registry, 4711 };
	struct json_object *answer = may_use_json_new(&source, user, question);

	cr_assert_not_null(answer);
	cr_expect_str_eq(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_NOSLASHESCAPE),
			 expected, "%s: %s", question, json_object_to_json_string(answer));
	json_object_put(answer);
}

#define GRANTED(policy, reason, virtualises, io_uring)                                      \
	"{\"policy\":\"" policy "\",\"reason\":\"" reason "\",\"virtualises\":" virtualises \
	",\"io-uring\":" io_uring                                                           \
	",\"judges\":false,\"judges-maps\":false,\"user-namespace\":4711}"

Test(may_use, grants_what_is_the_users)
{
	expect(1000, "{\"policy\":\"mine\"}", GRANTED("mine", "it was named", "true", "true"));
	expect(0, "{\"policy\":\"roots\"}", GRANTED("roots", "it was named", "true", "false"));
	expect(1000, "{\"policy\":\"kernel\"}",
	       GRANTED("kernel", "it was named", "false", "false"));
}

Test(may_use, refuses_with_the_sentence_of_the_log)
{
	expect(1000, "{\"policy\":\"roots\"}",
	       "{\"error\":\"policy 'roots' is not for user 1000: they are not in its allow-users\"}");
	expect(1000, "{\"policy\":\"mien\"}",
	       "{\"error\":\"there is no policy 'mien' (did you mean 'mine'?)\"}");
}

Test(may_use, chooses_as_for_a_container)
{
	expect(1000, "{}",
	       GRANTED("default", "none was named, and no 'match' fits: the default policy", "true",
		       "false"));
	expect(1000, "{\"annotations\":{\"tier\":\"file-server\",\"x\":7}}",
	       GRANTED("annotated", "its 'match' fits", "true", "false"));
	expect(1000, "{\"name\":\"samba-dc\",\"runtimes\":[\"crun\",\"lxc\",null]}",
	       GRANTED("named", "its 'match' fits", "true", "false"));
	expect(1000, "{\"id\":\"samba-dc\",\"runtimes\":[\"lxc\"]}",
	       GRANTED("named", "its 'match' fits", "true", "false"));
	expect(1000, "{\"id\":\"samba-dc\",\"name\":\"web\",\"runtimes\":[\"lxc\"]}",
	       GRANTED("default", "none was named, and no 'match' fits: the default policy", "true",
		       "false"));
}

Test(may_use, says_what_is_judged)
{
	expect(0, "{\"policy\":\"judged\"}",
	       "{\"policy\":\"judged\",\"reason\":\"it was named\",\"virtualises\":true,"
	       "\"io-uring\":false,\"judges\":true,\"judges-maps\":true,\"user-namespace\":4711}");
}

/* An annotation chooses among what is the user's, and gives nothing more. */
Test(may_use, gives_nothing_by_annotations)
{
	expect(1001, "{\"annotations\":{\"tier\":\"file-server\"}}",
	       GRANTED("default", "none was named, and no 'match' fits: the default policy", "true",
		       "false"));
}

/* Each of them takes some hundred bytes of memory. */
Test(may_use, refuses_more_values_than_a_message_may_have)
{
	char question[3 * 5000 + sizeof("{\"policy\":[]}")] = "{\"policy\":[";
	char *to = question + strlen(question);

	for (int i = 0; i < 5000; i++)
		to = stpcpy(to, i == 0 ? "[]" : ",[]");
	(void)stpcpy(to, "]}");
	expect(1000, question, "{\"error\":\"the question has more than 4096 values\"}");
}

Test(may_use, says_that_there_is_no_room)
{
	struct container *container = NULL;
	struct policies_choice choice;

	cr_assert_eq(policies_choose(policies, &(struct policies_request){ .user = 0 }, &choice),
		     POLICIES_CHOSEN);
	for (int i = 0; i < 2; i++) {
		const struct container_key key = { RUNTIME_CRUN, 1000, i ? "b" : "a" };

		cr_assert_eq(registry_attach(registry, &key, choice.shared, &start, &container),
			     REGISTRY_ATTACHED);
	}
	expect(1000, "{\"policy\":\"mine\",\"id\":\"c\"}",
	       "{\"error\":\"its user has as many containers as limits/containers-per-user allows\"}");
	expect(1000, "{\"policy\":\"mine\",\"id\":\"a\"}",
	       GRANTED("mine", "it was named", "true", "true"));
	expect(0, "{\"policy\":\"mine\",\"id\":\"c\"}",
	       GRANTED("mine", "it was named", "true", "true"));
	shared_policy_unref(choice.shared);
}

Test(may_use, refuses_what_is_no_question)
{
	static const char *const questions[] = {
		"", "7", "[]", "{", "{\"a\":\"\xff\"}", "{\"a\":[[[[[1]]]]]}"
	};

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		expect(1000, questions[i], "{\"error\":\"the question is no JSON object\"}");
	expect(1000, "{} {}", "{\"error\":\"the question has something behind its end\"}");
	expect(1000, "{\"policy\":7,\"name\":[],\"runtimes\":\"lxc\",\"annotations\":3}",
	       GRANTED("default", "none was named, and no 'match' fits: the default policy", "true",
		       "false"));
}
