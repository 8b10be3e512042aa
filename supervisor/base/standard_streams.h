/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_STANDARD_STREAMS_H
#define NSXATTR_BASE_STANDARD_STREAMS_H

/**
 * standard_streams_reserve() - have something in the place of each standard descriptor that is closed
 *
 * Started so, we would get our own in their place, and write messages into them. Placeholders that cannot be read or
 * written, and vanish at exec, prevent that.
 */
void standard_streams_reserve(void);

#endif
