/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hook of the stage createRuntime (or prestart) of an OCI runtime. Whoever starts it for a container
 * wants the daemon for it; so what the state says is read to its end, lest the runtime's write fails,
 * and only names the container in a message.
 */
#include "cli/hook_oci.h"

#include <assert.h>
#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/hook.h"
#include "cli/options.h"
#include "hook/oci_daemon.h"
#include "hook/stream.h"
#include "hook/system_log.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define STATUS_ABSENT 1

#define DEFAULT_SOCKET "/run/nsxattr/oci.sock"
#define DEFAULT_CONTROL "/run/nsxattr/control.sock"

/* The longest state that is looked into. */
#define STATE_MAX (1 << 20)

static const char *take_path(const char **place, const char *argument)
{
	*place = argument;
	return argument[0] == '/' ? NULL : "is not an absolute path";
}

static const char *apply_socket(void *place, const char *argument)
{
	struct oci_daemon *daemon = place;

	return take_path(&daemon->socket, argument);
}

static const char *apply_control(void *place, const char *argument)
{
	struct oci_daemon *daemon = place;

	return take_path(&daemon->control, argument);
}

static const char *apply_start(void *place, const char *argument)
{
	return hook_take_start(&((struct oci_daemon *)place)->start, argument);
}

static const struct option_row rows[] = {
	{ "socket", 0, "PATH", "where nsxattrd listens: " DEFAULT_SOCKET, apply_socket },
	{ "control", 0, "PATH", "its control socket: " DEFAULT_CONTROL, apply_control },
	{ "start", 0, "PROGRAM|UNIT", "start this nsxattrd if nobody listens there", apply_start },
};

static const struct option_table table = {
	.command = "nsxattr hook oci",
	.operands = "<STATE",
	.about = "For the stage 'createRuntime' of an OCI runtime: a container does not start if\n"
		 "nsxattrd would not answer its calls.",
	.rows = rows,
	.count = COUNT_OF(rows),
};

static_assert(COUNT_OF(rows) <= OPTION_ROWS_MAX, "too many options");

/** container_of() - the id in a state. Return: the caller's to free(3); NULL: there is none. */
static char *container_of(void)
{
	_cleanup_free_ char *bytes = NULL;
	struct json_object *id = NULL;
	size_t length = 0;
	char *copy = NULL;

	if (stream_read(STDIN_FILENO, STATE_MAX, &bytes, &length) < 0)
		return NULL;
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *state = tokener ? json_tokener_parse_ex(tokener, bytes, (int)length) :
					      NULL;

	if (json_object_is_type(state, json_type_object) &&
	    json_object_object_get_ex(state, "id", &id) &&
	    json_object_is_type(id, json_type_string))
		copy = strdup(json_object_get_string(id));
	json_object_put(state);
	if (tokener)
		json_tokener_free(tokener);
	return copy;
}

static int check(const struct oci_daemon *daemon)
{
	_cleanup_free_ char *container = container_of();
	char sentence[OCI_DAEMON_SENTENCE_SIZE];

	if (oci_daemon_require(daemon, sentence) == OCI_DAEMON_PRESENT)
		return 0;
	system_log_failure(container, sentence);
	log_error("%s", sentence);
	return STATUS_ABSENT;
}

int cli_hook_oci(int argc, char **argv)
{
	struct oci_daemon daemon = { .socket = DEFAULT_SOCKET, .control = DEFAULT_CONTROL };
	int operand = argc;

	switch (options_parse(&table, argc, argv, &daemon, &operand)) {
	case OPTIONS_PARSED:
		break;
	case OPTIONS_ANSWERED:
		return 0;
	case OPTIONS_REFUSED:
	default:
		return STATUS_USAGE;
	}
	if (operand < argc) {
		log_error("there is nothing to be said behind the options");
		options_suggest_help(&table);
		return STATUS_USAGE;
	}
	return check(&daemon);
}
