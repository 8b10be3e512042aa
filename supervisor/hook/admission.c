/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The word is 'may-use' of daemon/control.h. Who asks is known by the socket: podman's hooks run as the user, in
 * podman's user namespace, and crun, which hands the listener over, too.
 *
 * Annotations choose a policy only where none is named, so they go along only then.
 */
#include "hook/admission.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "daemon/control.h"
#include "daemon/control_call.h"
#include "daemon/runtimes.h"
#include "hook/json_value.h"
#include "yaml/diagnostic.h"

#define refuse(sentence, ...) \
	(diagnostic_print(sentence, ADMISSION_SENTENCE_SIZE, __VA_ARGS__), ADMISSION_REFUSED)

static int add_text(struct json_object *object, const char *key, const char *text)
{
	return *text ? json_value_add(object, key, json_object_new_string(text)) : 0;
}

static int add_runtimes(struct json_object *object, unsigned int runtimes)
{
	struct json_object *list = json_value_list(object, "runtimes");
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; i < RUNTIME_WORDS && r == 0; i++)
		if (runtimes & runtime_words[i].bit)
			r = json_value_append_texts(list, &runtime_words[i].name, 1);
	return r;
}

static int add_annotations(struct json_object *object, const struct admission_question *question)
{
	if (*question->policy || !question->annotations)
		return 0;
	return json_value_add(object, "annotations", json_object_get(question->annotations));
}

/* Return: "may-use {...}", the caller's to free(3); NULL without memory. */
static char *phrase(const struct admission_question *question)
{
	_cleanup_json_value_ struct json_object *object = json_object_new_object();
	char *request = NULL;
	int r = object ? add_text(object, "policy", question->policy) : -ENOMEM;

	if (r == 0)
		r = add_text(object, "id", question->id);
	if (r == 0)
		r = add_text(object, "name", question->name);
	if (r == 0)
		r = add_runtimes(object, question->runtimes);
	if (r == 0)
		r = add_annotations(object, question);
	if (r == 0 && asprintf(&request, "may-use %s",
			       json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN)) < 0)
		request = NULL;
	return request;
}

static enum admission_result refuse_call(const struct admission_question *question, int error,
					 char sentence[ADMISSION_SENTENCE_SIZE])
{
	if (error == -EACCES)
		return ADMISSION_UNASKED;
	return refuse(sentence, "nsxattrd does not answer at %s: %s", question->control,
		      control_call_fault(error));
}

/* One that was started before this program came has no such word. */
static bool is_too_old(const char *refusal)
{
	static const char text[] = "unknown request";

	return strncmp(refusal, text, strlen(text)) == 0;
}

static bool truth_of(struct json_object *answer, const char *key)
{
	return json_object_get_boolean(json_object_object_get(answer, key));
}

static enum admission_result understand(struct json_object *answer, struct admission *ret_admission,
					char sentence[ADMISSION_SENTENCE_SIZE])
{
	const char *refusal = control_refusal(answer);

	if (refusal && is_too_old(refusal))
		return ADMISSION_UNASKED;
	if (refusal)
		return refuse(sentence, "nsxattrd would not serve the container: %s", refusal);
	const char *policy = json_value_text(answer, "policy");

	if (!policy || strlen(policy) >= sizeof(ret_admission->policy))
		return refuse(sentence, "nsxattrd's answer makes no sense: restart it");
	*ret_admission = (struct admission){
		.virtualises = truth_of(answer, "virtualises"),
		.allow_io_uring = truth_of(answer, "io-uring"),
		.exec = { .notifies_exec = truth_of(answer, "judges"),
			  .notifies_mmap = truth_of(answer, "judges-maps") },
		.host = json_object_get_uint64(json_object_object_get(answer, "user-namespace")),
	};
	memcpy(ret_admission->policy, policy, strlen(policy) + 1);
	return ADMISSION_GRANTED;
}

enum admission_result admission_ask(const struct admission_question *question,
				    struct admission *ret_admission,
				    char ret_sentence[ADMISSION_SENTENCE_SIZE])
{
	_cleanup_free_ char *request = question->control ? phrase(question) : NULL;
	_cleanup_json_value_ struct json_object *answer = NULL;

	if (!question->control)
		return ADMISSION_UNASKED;
	if (!request)
		return refuse(ret_sentence, "%s", strerror(ENOMEM));
	if (strlen(request) >= CONTROL_REQUEST_MAX)
		return refuse(
			ret_sentence,
			"the container's annotations are more than %d bytes, too many to find "
			"its policy by: name one",
			CONTROL_REQUEST_MAX);
	int r = control_call(question->control, request, ADMISSION_DEADLINE, &answer);

	if (r < 0)
		return refuse_call(question, r, ret_sentence);
	return understand(answer, ret_admission, ret_sentence);
}
