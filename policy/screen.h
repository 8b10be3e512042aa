/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_POLICY_SCREEN_H
#define NSXATTR_POLICY_SCREEN_H

/* Is a text plain YAML of a size that can be handled? What comes after need not care then. */

#include <stddef.h>

struct diagnostics;

/* Deeper than any policy, and more nodes than the longest one has. */
#define SCREEN_DEPTH_MAX 16
#define SCREEN_NODES_MAX 65536

/**
 * screen_text() - look for what no policy has
 * @text: the file, @length bytes
 * @diagnostics: gets each place that is not YAML, or has an anchor, an alias, a tag, a second
 *               document, too much depth or too many nodes; after some of these there is no going on
 *
 * Return: 0; -ENOMEM.
 */
int screen_text(const char *text, size_t length, struct diagnostics *diagnostics);

#endif
