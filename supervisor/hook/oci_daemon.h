/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_OCI_DAEMON_H
#define NSXATTR_HOOK_OCI_DAEMON_H

/* Does nsxattrd take the listener that a runtime is about to hand over? */

struct hook_daemon;

#define OCI_DAEMON_SENTENCE_SIZE 512
/* Milliseconds that a daemon has to answer in. */
#define OCI_DAEMON_DEADLINE 5000

enum oci_daemon_result {
	OCI_DAEMON_PRESENT = 1,
	OCI_DAEMON_ABSENT, /* the sentence says why, and what to do */
};

/**
 * oci_daemon_require() - see to it that the daemon is there
 * @daemon: where; a control socket has to answer
 * @sentence: OCI_DAEMON_ABSENT: for the user who starts the container
 */
enum oci_daemon_result oci_daemon_require(const struct hook_daemon *daemon,
					  char sentence[OCI_DAEMON_SENTENCE_SIZE]);

#endif
