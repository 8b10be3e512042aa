/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/options.h"
#include "daemon/control_call.h"

/* @result: of control_call() */
static int exit_status(const char *control, int result, struct json_object *answer)
{
	if (result < 0) {
		log_error("cannot ask %s: %s", control, control_call_fault(result));
		return STATUS_FAILED;
	}
	if (control_refusal(answer)) {
		log_error("%s", control_refusal(answer));
		return STATUS_REFUSED;
	}
	return 0;
}

int ask_daemon(const char *control, const char *request, struct json_object **ret_answer)
{
	int r = -ENOMEM;

	*ret_answer = NULL;
	if (request)
		r = control_call(control, request, ASK_DEADLINE, ret_answer);
	return exit_status(control, r, *ret_answer);
}

int ask_daemon_fd(const char *control, const char *request, struct json_object **ret_answer,
		  int *ret_fd)
{
	_cleanup_fd_ int fd = -1;
	int r = -ENOMEM;

	*ret_answer = NULL;
	*ret_fd = -1;
	if (request)
		r = control_call_fd(control, request, ASK_DEADLINE, ret_answer, &fd);
	if (r == 0 && fd < 0 && !control_refusal(*ret_answer))
		r = -EBADMSG;
	int status = exit_status(control, r, *ret_answer);

	if (status == 0)
		*ret_fd = TAKE_FD(fd);
	return status;
}

char *ask_about_container(const char *word, const char *container)
{
	struct json_object *object = json_object_new_object();
	char *text = NULL;

	if (!object)
		return NULL;
	json_add_text(object, "container", container);
	if (asprintf(&text, "%s %s", word,
		     json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN)) < 0)
		text = NULL;
	json_object_put(object);
	return text;
}
