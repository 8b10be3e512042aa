/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_EVENT_TEXT_H
#define NSXATTR_CLI_EVENT_TEXT_H

/*
 * An event (base/event.h) as a line, for people or as JSON. Its texts come from hostile targets: of what is not printable
 * ASCII each byte is \xNN, of blanks too, and a backslash is two, in both forms.
 */

#include <stdbool.h>
#include <stdio.h>

#include "base/errno_word.h"

struct event;

/** event_result() - Return: "done", "kernel", or errno_word(); as long as @text. */
const char *event_result(const struct event *event, char text[ERRNO_WORD_SIZE]);

/** event_print_header() - the titles of what event_print() shows */
void event_print_header(FILE *to);

/** event_print() - a line. @has_colour: errors are marked */
void event_print(const struct event *event, bool has_colour, FILE *to);

/** event_print_json() - a line with an object */
void event_print_json(const struct event *event, FILE *to);

#endif
