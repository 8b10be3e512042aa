/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_RUNTIME_LINE_H
#define NSXATTR_HOOK_RUNTIME_LINE_H

/* What matters to us of the command line of an OCI runtime, read as that runtime reads it. */

#include <stdbool.h>

#include "hook/runtime_guess.h"

/** struct runtime_line - borrowed from the words */
struct runtime_line {
	bool makes_container; /* the command is create or run, and not for its help */
	bool restores_container; /* it is restore */
	bool is_unclear; /* no command of a runtime that we know, but a later word could be one of these */
	const char *bundle; /* a folder; ".": the working directory */
	const char *
		config; /* a file that crun is told to read in its place; NULL: the bundle's config.json */
	const char *id; /* of the container; "": not told */
	const char *log; /* a file that the runtime appends its messages to; NULL: none */
	bool log_is_json;
};

/**
 * runtime_line_read() - read a command line
 * @runtime: whose it is; what is not crun is read as runc does
 * @words: without the program's name, NULL behind the last; what is wrong with them is the runtime's to say
 */
void runtime_line_read(enum oci_runtime runtime, char *const *words, struct runtime_line *ret_line);

#endif
