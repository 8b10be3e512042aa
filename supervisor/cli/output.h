/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_OUTPUT_H
#define NSXATTR_CLI_OUTPUT_H

/* The answer of a command, on standard output. */

struct diagnostics;
struct json_object;

/** output_json() - write an object, in lines, and release it */
void output_json(struct json_object *object);

/**
 * output_end() - what could not be written was not said
 * @status: the command's exit status, if all was written
 * @unwritten: else; the failure is logged
 *
 * Return: the exit status.
 */
int output_end(int status, int unwritten);

/** output_log_mistakes() - log what is wrong with a file */
void output_log_mistakes(const char *path, const struct diagnostics *diagnostics);

#endif
