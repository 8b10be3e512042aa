/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a config.json, as it is. What it becomes is still one, and becomes nothing else when it
 * is edited again.
 */
#include "hook/oci_precreate.h"

#include <json-c/json.h>

#include "fuzz.h"

/* Return: the edited text, to be freed; NULL: it was refused. */
static char *edit(const char *bytes, size_t size, size_t *ret_length)
{
	const struct oci_edit wanted = {
		.seccomp = { .policy = "p",
			     .socket = "/s",
			     .wait_killable = true,
			     .exec = { true, true } },
		.filter = "QUJD",
	};
	struct json_text text = { bytes, size };
	struct oci_config config = { 0 };
	const char *reason = NULL;
	char *edited = NULL;
	int r = oci_config_read(&text, &config, &reason);

	if (r == OCI_CONFIG_DONE) {
		(void)oci_config_policy(&config);
		r = oci_config_edit(&config, &wanted, &edited, ret_length, &reason);
	}
	oci_config_done(&config);
	require(r == OCI_CONFIG_DONE || r == OCI_CONFIG_REFUSED);
	require((r == OCI_CONFIG_REFUSED) == (reason != NULL));
	require((r == OCI_CONFIG_DONE) == (edited != NULL));
	return edited;
}

static void require_edited(const char *text)
{
	struct json_object *root = json_tokener_parse(text);
	struct json_object *seccomp =
		json_object_object_get(json_object_object_get(root, "linux"), "seccomp");

	require(strcmp(json_object_get_string(json_object_object_get(seccomp, "listenerPath")),
		       "/s") == 0);
	require(strcmp(json_object_get_string(json_object_object_get(seccomp, "listenerMetadata")),
		       "p") == 0);
	json_object_put(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = 0, length_again = 0;
	char *edited = edit((const char *)data, size, &length);

	if (!edited)
		return 0;
	require_edited(edited);
	char *again = edit(edited, length, &length_again);

	require(again && length_again == length && memcmp(again, edited, length) == 0);
	free(again);
	free(edited);
	return 0;
}
