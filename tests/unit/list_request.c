/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/list_request.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "daemon/container_judge.h"
#include "daemon/policies_load.h"
#include "daemon/registry.h"
#include "integrity/measurements.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct config_limits limits = {
	.containers = 8,
	.containers_per_user = 8,
	.listeners_per_container = 8,
};
static struct registry *registry;
static struct policies *policies;
static struct policies_choice choice;
static struct container_judge judge;
static struct crypto *crypto;
static struct list_source source;

static void set_up(void)
{
	static struct policies_report report;
	static const uint8_t aggregate[DIGEST_SIZE_MAX];
	struct policies_source from;

	cr_assert_eq(policies_source_open(NULL, NULL, &from), 0);
	cr_assert_eq(policies_load(&from, &policies, &report), POLICIES_LOADED);
	policies_source_done(&from);
	cr_assert_eq(policies_choose(policies, &(struct policies_request){ 0 }, &choice),
		     POLICIES_CHOSEN);
	cr_assert_eq(registry_new(&limits, &registry), 0);
	cr_assert_eq(crypto_new(&crypto), 0);
	cr_assert_eq(measurements_new(crypto, TEMPLATE_IMA_SIG, 4, aggregate,
				      &judge.means.measurements),
		     0);
	source = (struct list_source){ registry, proc_open() };
	cr_assert_geq(source.procfs, 0);
}

static void tear_down(void)
{
	measurements_free(judge.means.measurements);
	crypto_free(crypto);
	registry_free(registry);
	shared_policy_unref(choice.shared);
	policies_free(policies);
	close(source.procfs);
}

TestSuite(list_request, .init = set_up, .fini = tear_down);

static struct container *attach(unsigned int runtime, const char *id, uid_t owner, bool is_judged)
{
	const struct container_key key = { runtime, owner, id };
	const struct registry_time now = { 0 };
	struct container *container = NULL;

	cr_assert_eq(registry_attach(registry, &key, choice.shared, &now, &container),
		     REGISTRY_ATTACHED);
	container->judge = is_judged ? &judge : NULL;
	return container;
}

/* Return: the descriptor. */
static int ask(uid_t user, const char *container, const char *expected)
{
	char question[256];
	int fd = -2;

	snprintf(question, sizeof(question), "{\"container\":\"%s\"}", container);
	struct json_object *answer = list_json_new(&source, user, question, &fd);

	cr_expect_str_eq(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_NOSLASHESCAPE),
			 expected);
	json_object_put(answer);
	return fd;
}

static void refuses(uid_t user, const char *container, const char *expected)
{
	char answer[256];

	snprintf(answer, sizeof(answer), "{\"error\":\"%s\"}", expected);
	cr_expect_eq(ask(user, container, answer), -1);
}

Test(list_request, gives_a_list_that_can_be_read)
{
	struct measurements *list = NULL;
	struct measurements_view view;

	attach(RUNTIME_CRUN, "web", 0, true);
	int fd = ask(0, "web",
		     "{\"runtime\":\"crun\",\"id\":\"web\",\"owner\":0,\"policy\":\"default\"}");

	cr_assert_geq(fd, 0);
	cr_expect_eq(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	cr_assert_eq(measurements_open_to_read(fd, &list), 0);
	measurements_look(list, &view);
	cr_expect_eq(view.state.count, 1);
	measurements_free(list);
}

/* Return: whether there is one. */
static bool finds(uid_t user, const char *container)
{
	char question[256];
	int fd = -1;

	snprintf(question, sizeof(question), "{\"container\":\"%s\"}", container);
	json_object_put(list_json_new(&source, user, question, &fd));
	bool is_there = fd >= 0;

	fd_close(&fd);
	return is_there;
}

Test(list_request, is_of_an_id_a_name_or_the_beginning_of_an_id)
{
	container_set_name(attach(RUNTIME_CRUN, HASH, 0, true), "0123");
	attach(RUNTIME_CRUN, "0123456789ac", 0, false);
	cr_expect(finds(0, HASH));
	cr_expect(finds(0, "0123"));
	cr_expect(finds(0, "0123456789ab"));
	refuses(0, "012", "there are 2 containers '012'; say the whole id of one");
	refuses(0, "0123456789ac",
		"container 0123456789ac has no measurement list: its policy 'default' judges nothing "
		"of what is executed");
	refuses(0, "", "there is no container ''; 'nsxattr status' lists them");
}

Test(list_request, is_for_the_containers_own_user)
{
	attach(RUNTIME_CRUN, "web", 1000, true);
	cr_expect(finds(1000, "web"));
	cr_expect(finds(0, "web"));
	refuses(1001, "web", "there is no container 'web'; 'nsxattr status' lists them");
}

Test(list_request, refuses_what_is_no_question)
{
	int fd = 0;
	struct json_object *answer = list_json_new(&source, 0, "[]", &fd);

	cr_expect_str_eq(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN),
			 "{\"error\":\"the question is no JSON object\"}");
	cr_expect_eq(fd, -1);
	json_object_put(answer);
	refuses(0, "x\\u001b[2J", "there is no container 'x?[2J'; 'nsxattr status' lists them");
}
