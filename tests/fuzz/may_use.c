/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a hook's question, as it comes to the control socket. The answer is a policy or says why there is
 * none, and an ordinary user is granted what is for everybody only.
 */
#include "daemon/may_use.h"

#include <json-c/json.h>
#include <string.h>

#include "daemon/policies_load.h"
#include "daemon/registry.h"
#include "fuzz.h"

static const struct config_limits limits = {
	.containers = 1,
	.containers_per_user = 1,
	.listeners_per_container = 1,
};

static struct may_use_source source;

/* What is built in, once for all inputs. */
static void prepare(void)
{
	static struct policies_report report;
	static struct policies *policies;
	static struct registry *registry;
	struct policies_source from;

	if (policies)
		return;
	require(policies_source_open(NULL, NULL, &from) == 0);
	require(policies_load(&from, &policies, &report) == POLICIES_LOADED);
	require(registry_new(&limits, &registry) == 0);
	policies_source_done(&from);
	source = (struct may_use_source){ policies, registry, 4711 };
}

static const char *text_of(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

static void ask(uid_t user, const char *question)
{
	struct json_object *answer = may_use_json_new(&source, user, question);

	require(answer);
	const char *policy = text_of(answer, "policy"), *error = text_of(answer, "error");

	require(!policy != !error);
	require(!error || *error);
	require(!policy || user == 0 || strcmp(policy, "trusted") != 0);
	json_object_put(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *question = strndup((const char *)data, size);

	require(question);
	prepare();
	ask(0, question);
	ask(1000, question);
	free(question);
	return 0;
}
