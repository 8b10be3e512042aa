/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A connection to the socket is the question: a service manager that listens for the daemon starts it
 * upon that. What we start ourselves says nothing on our standard output, which belongs to the runtime.
 */
#include "hook/oci_daemon.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/control_call.h"
#include "hook/presence.h"
#include "yaml/diagnostic.h"

#define absent(sentence, ...) \
	(diagnostic_print(sentence, OCI_DAEMON_SENTENCE_SIZE, __VA_ARGS__), OCI_DAEMON_ABSENT)

static enum oci_daemon_result explain_start(const struct hook_daemon *daemon, int error,
					    char sentence[OCI_DAEMON_SENTENCE_SIZE])
{
	const char *unit = presence_is_unit(daemon->start) ? daemon->start : NULL;

	if (unit && error == -ECHILD)
		return absent(sentence,
			      "systemd could not start %s: 'systemctl status %s' says why", unit,
			      unit);
	if (error == -ECHILD || error == -ENOENT || error == -ECONNREFUSED)
		return absent(sentence,
			      "%s was started, and does not listen at %s: its own messages say why",
			      daemon->start, daemon->socket);
	return absent(sentence, "cannot start %s: %s", daemon->start, strerror(-error));
}

static enum oci_daemon_result explain_absence(const struct hook_daemon *daemon, int error,
					      char sentence[OCI_DAEMON_SENTENCE_SIZE])
{
	if (error == -ENOENT || error == -ECONNREFUSED)
		return absent(sentence,
			      "nsxattrd does not listen at %s: start it ('systemctl start "
			      "nsxattrd'), or start the container without nsxattr",
			      daemon->socket);
	if (error == -EACCES)
		return absent(sentence,
			      "%s is not for user %u: nsxattrd.yaml says who may connect "
			      "(mode, group)",
			      daemon->socket, (unsigned int)geteuid());
	return absent(sentence, "cannot connect to %s: %s", daemon->socket, strerror(-error));
}

/** ask() - does it answer, and not only listen? Who may not ask takes the one for the other. */
static enum oci_daemon_result ask(const struct hook_daemon *daemon,
				  char sentence[OCI_DAEMON_SENTENCE_SIZE])
{
	struct json_object *answer = NULL;
	int r = control_call(daemon->control, "ping", OCI_DAEMON_DEADLINE, &answer);

	json_object_put(answer);
	if (r == 0 || r == -EACCES)
		return OCI_DAEMON_PRESENT;
	return absent(sentence, "nsxattrd listens at %s but does not answer at %s: %s",
		      daemon->socket, daemon->control, control_call_fault(r));
}

enum oci_daemon_result oci_daemon_require(const struct hook_daemon *daemon,
					  char sentence[OCI_DAEMON_SENTENCE_SIZE])
{
	int r = presence_check(daemon->socket, SOCK_STREAM);

	if ((r == -ENOENT || r == -ECONNREFUSED) && daemon->start) {
		r = presence_bring(daemon->start, daemon->socket, SOCK_STREAM);
		if (r < 0)
			return explain_start(daemon, r, sentence);
	}
	if (r < 0)
		return explain_absence(daemon, r, sentence);
	return daemon->control ? ask(daemon, sentence) : OCI_DAEMON_PRESENT;
}
