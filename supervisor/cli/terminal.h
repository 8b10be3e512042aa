/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TERMINAL_H
#define NSXATTR_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/** terminal_has_colour() - is standard output a terminal, and the user has not said NO_COLOR (https://no-color.org)? */
static inline bool terminal_has_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no);
}

#endif
