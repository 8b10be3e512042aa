/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_RUNTIME_GUESS_H
#define NSXATTR_HOOK_RUNTIME_GUESS_H

/* Which runtime will run the container whose config a hook is asked to edit? */

#include <stddef.h>

enum oci_runtime {
	OCI_RUNTIME_UNKNOWN,
	OCI_RUNTIME_CRUN,
	OCI_RUNTIME_RUNC, /* or another one, of which nothing more than of runc is known */
};

/**
 * runtime_named() - the runtime that a command line names
 * @line: words with a NUL behind each, as /proc/PID/cmdline has them
 * @length: bytes of it
 *
 * Return: OCI_RUNTIME_UNKNOWN if it names none.
 */
enum oci_runtime runtime_named(const char *line, size_t length);

/** runtime_guess() - by the command line of our parent; else by what is installed, as podman does */
enum oci_runtime runtime_guess(void);

#endif
