/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_RUNTIME_LOG_H
#define NSXATTR_HOOK_RUNTIME_LOG_H

/* The file in which the program that has started a runtime looks for what went wrong: the runtime's option --log. */

#include <stdbool.h>
#include <stdint.h>

/** struct runtime_log - where it is */
struct runtime_log {
	const char *path; /* NULL: the runtime was given none */
	bool is_json; /* --log-format=json; else it is text */
};

/**
 * runtime_log_line() - a message as runc writes it
 * @time: CLOCK_REALTIME, in seconds
 *
 * Return: a line with its newline, the caller's to free(3); NULL without memory.
 */
char *runtime_log_line(bool is_json, bool is_failure, const char *sentence, int64_t time);

/** runtime_log_write() - append a message. Return: 0; -errno. */
int runtime_log_write(const struct runtime_log *log, bool is_failure, const char *sentence);

#endif
