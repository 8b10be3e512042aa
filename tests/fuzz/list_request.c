/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a question for a measurement list, as it comes to the control socket, where no container has one: the
 * answer says so, in a sentence.
 */
#include "daemon/list_request.h"

#include <json-c/json.h>
#include <string.h>

#include "daemon/policies_load.h"
#include "daemon/registry.h"
#include "fuzz.h"

static const struct config_limits limits = {
	.containers = 2,
	.containers_per_user = 2,
	.listeners_per_container = 1,
};

static struct list_source source = { .procfs = -1 };

/* Two containers, once for all inputs. */
static void prepare(void)
{
	static struct policies_report report;
	static struct policies *policies;
	static struct policies_choice choice;
	static struct registry *registry;
	struct policies_source from;
	struct container *container;

	if (policies)
		return;
	require(policies_source_open(NULL, NULL, &from) == 0);
	require(policies_load(&from, &policies, &report) == POLICIES_LOADED);
	require(policies_choose(policies, &(struct policies_request){ 0 }, &choice) ==
		POLICIES_CHOSEN);
	require(registry_new(&limits, &registry) == 0);
	policies_source_done(&from);
	for (uid_t user = 0; user < 2; user++)
		require(registry_attach(registry,
					&(struct container_key){ RUNTIME_CRUN, user, "web-1" },
					choice.shared, &(struct registry_time){ 0 },
					&container) == REGISTRY_ATTACHED);
	source.registry = registry;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *question = strndup((const char *)data, size);
	int fd = 0;

	require(question);
	prepare();
	struct json_object *answer = list_json_new(&source, 0, question, &fd);
	const char *error = json_object_get_string(json_object_object_get(answer, "error"));

	require(fd == -1 && error && *error);
	json_object_put(answer);
	free(question);
	return 0;
}
