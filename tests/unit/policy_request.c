/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy_request.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "daemon/registry.h"
#include "daemon/shared_policy.h"

static const struct config_limits limits = {
	.containers = 8,
	.containers_per_user = 8,
	.listeners_per_container = 8,
};
static const char text[] = "version: 1\nattributes: [{ name: security.a, scheme: hide }]\n";
static struct registry *registry;
static struct shared_policy *builtin, *of_file;

static void set_up(void)
{
	cr_assert_eq(registry_new(&limits, &registry), 0);
	builtin = shared_policy_new_builtin("default");
	of_file = shared_policy_load("shop", strdup(text), strlen(text), NULL);
	cr_assert(builtin && of_file);
}

static void tear_down(void)
{
	registry_free(registry);
	shared_policy_unref(builtin);
	shared_policy_unref(of_file);
}

TestSuite(policy_request, .init = set_up, .fini = tear_down);

static struct container *attach(const char *id, uid_t owner, struct shared_policy *policy)
{
	const struct container_key key = { RUNTIME_CRUN, owner, id };
	const struct registry_time now = { 0 };
	struct container *container = NULL;

	cr_assert_eq(registry_attach(registry, &key, policy, &now, &container), REGISTRY_ATTACHED);
	return container;
}

static void expect_answer(uid_t user, const char *question, const char *expected)
{
	struct json_object *answer = policy_request_json_new(registry, user, question);

	cr_expect_str_eq(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_NOSLASHESCAPE),
			 expected);
	json_object_put(answer);
}

Test(policy_request, gives_the_text_that_the_container_began_with)
{
	struct container *container = attach("abc", 1000, of_file);

	container_set_name(container, "corner-shop");
	container->process = 77;
	expect_answer(
		1000, "{\"container\":\"corner-shop\"}",
		"{\"runtime\":\"crun\",\"id\":\"abc\",\"name\":\"corner-shop\",\"owner\":1000,"
		"\"map\":\"\",\"process\":77,\"listeners\":1,\"policy\":\"shop\",\"text\":"
		"\"version: 1\\nattributes: [{ name: security.a, scheme: hide }]\\n\"}");
}

Test(policy_request, has_no_text_of_what_is_built_in)
{
	attach("abc", 0, builtin);
	expect_answer(0, "{\"container\":\"ab\"}",
		      "{\"runtime\":\"crun\",\"id\":\"abc\",\"name\":\"abc\",\"owner\":0,"
		      "\"map\":\"\",\"listeners\":1,\"policy\":\"default\"}");
}

Test(policy_request, tells_nobody_of_the_containers_of_others)
{
	attach("abc", 1000, of_file);
	expect_answer(1001, "{\"container\":\"abc\"}",
		      "{\"error\":\"there is no container 'abc'; 'nsxattr status' lists them\"}");
	expect_answer(1000, "{\"container\":\"\"}",
		      "{\"error\":\"there is no container ''; 'nsxattr status' lists them\"}");
}

Test(policy_request, wants_to_know_which)
{
	attach("abc", 0, builtin);
	attach("abd", 0, builtin);
	expect_answer(0, "{\"container\":\"ab\"}",
		      "{\"error\":\"there are 2 containers 'ab'; say the whole id of one\"}");
}

Test(policy_request, refuses_what_is_no_question)
{
	struct json_object *answer = policy_request_json_new(registry, 0, "no");

	cr_expect_neq(json_text_of(answer, "error")[0], '\0');
	json_object_put(answer);
}
