/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/question.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "attach/oci_frame.h"
#include "base/json.h"

/* An object in an object. */
#define DEPTH_MAX 4

/* json-c takes much memory for a short value, so values are counted first. Return: NULL; else what is wrong. */
static const char *check_bounds(const char *text)
{
	struct oci_frame frame = { 0 };
	const char *reason = "is no JSON object";

	if (oci_frame_feed(&frame, text, strlen(text), &reason) == OCI_FRAME_CLOSED)
		return NULL;
	return reason;
}

const char *question_parse(const char *text, struct json_object **ret_question)
{
	const char *reason = check_bounds(text);
	struct json_object *object = NULL;

	if (reason)
		return reason;
	if (json_parse(text, strlen(text), DEPTH_MAX, JSON_TOKENER_VALIDATE_UTF8, &object) == 0 &&
	    json_object_is_type(object, json_type_object)) {
		*ret_question = object;
		return NULL;
	}
	json_object_put(object);
	return "is no JSON object";
}

struct json_object *question_refuse(const char *reason)
{
	char sentence[80];

	snprintf(sentence, sizeof(sentence), "the question %s", reason);
	return json_error_new(sentence);
}
