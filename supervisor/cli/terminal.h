/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TERMINAL_H
#define NSXATTR_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** terminal_has_colour() - is standard output a terminal, and the user has not said NO_COLOR (https://no-color.org)? */
static inline bool terminal_has_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no);
}

/** terminal_show() - @length bytes of a text that others have chosen: what could steer a terminal is shown as '?' */
void terminal_show(const char *bytes, size_t length, FILE *to);

#endif
