/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_PARENT_STREAM_H
#define NSXATTR_HOOK_PARENT_STREAM_H

/* The standard error of the process that has started us, where it gives us none. */

#include <stdbool.h>

/** parent_stream_is_needed() - is our own standard error /dev/null, or closed? */
bool parent_stream_is_needed(void);

/**
 * parent_stream_write() - write a line there
 * @line: less than PIPE_BUF bytes are written
 *
 * Waits a second at most for room, and as long for the line to be taken; a part of it may be written. SIGALRM is
 * used for that.
 */
void parent_stream_write(const char *line);

#endif
