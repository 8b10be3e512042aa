/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a profile, as it is. Resolved and edited, it has no conditions, and becomes nothing else when
 * that is done again.
 */
#include "hook/seccomp_profile.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "fuzz.h"
#include "hook/seccomp_section.h"

static const struct seccomp_edit wanted = { .policy = "p", .socket = "/s", .wait_killable = true };

/* Return: the profile as text, to be freed; NULL: it was refused. */
static char *make(const char *bytes, size_t size)
{
	const struct seccomp_conditions conditions = {
		.resolves_capabilities = true,
		.resolves_architecture = true,
		.resolves_kernel = true,
		.capabilities = 0xa80425fb,
		.architecture = "amd64",
		.kernel = { 6, 1 },
	};
	struct json_text text = { bytes, size };
	struct json_object *profile = NULL;
	char sentence[SECCOMP_PROFILE_SENTENCE_SIZE] = "", *made = NULL;
	int r = seccomp_profile_read(&text, &profile, sentence);

	if (r == SECCOMP_PROFILE_DONE)
		r = seccomp_profile_resolve(profile, &conditions, sentence);
	require(r == SECCOMP_PROFILE_DONE || r == SECCOMP_PROFILE_REFUSED);
	require((r == SECCOMP_PROFILE_REFUSED) == (sentence[0] != '\0'));
	if (r == SECCOMP_PROFILE_DONE && !seccomp_section_check(profile, &wanted)) {
		require(seccomp_section_edit(profile, &wanted) == 0);
		made = strdup(json_object_to_json_string(profile));
	}
	json_object_put(profile);
	return made;
}

static void require_resolved(const char *text)
{
	struct json_object *profile = json_tokener_parse(text);
	struct json_object *rules = json_object_object_get(profile, "syscalls");

	require(!json_object_object_get(profile, "archMap"));
	for (size_t i = 0; i < json_object_array_length(rules); i++) {
		struct json_object *rule = json_object_array_get_idx(rules, i);

		require(!json_object_object_get(rule, "includes"));
		require(!json_object_object_get(rule, "excludes"));
		require(json_object_object_get(rule, "names"));
	}
	json_object_put(profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *made = make((const char *)data, size);

	if (!made)
		return 0;
	require_resolved(made);
	char *again = make(made, strlen(made));

	require(again && strcmp(again, made) == 0);
	free(again);
	free(made);
	return 0;
}
