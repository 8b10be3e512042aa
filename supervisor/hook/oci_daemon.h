/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_OCI_DAEMON_H
#define NSXATTR_HOOK_OCI_DAEMON_H

/* Will somebody take the listener that a runtime is about to hand over? */

#define OCI_DAEMON_SENTENCE_SIZE 512
/* Milliseconds that a daemon has to answer in. */
#define OCI_DAEMON_DEADLINE 5000

/** struct oci_daemon - where the daemon should be */
struct oci_daemon {
	const char *socket; /* of OCI runtimes */
	const char *control; /* its control socket, which has to answer; NULL: it is not asked */
	const char *start; /* a program's path, or a unit of systemd; NULL: it is not started */
};

enum oci_daemon_result {
	OCI_DAEMON_PRESENT = 1,
	OCI_DAEMON_ABSENT, /* the sentence says why, and what to do */
};

/**
 * oci_daemon_require() - see to it that the daemon is there
 * @daemon: where
 * @sentence: OCI_DAEMON_ABSENT: for whoever wants to start the container
 */
enum oci_daemon_result oci_daemon_require(const struct oci_daemon *daemon,
					  char sentence[OCI_DAEMON_SENTENCE_SIZE]);

#endif
