/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_TREE_TEXT_H
#define NSXATTR_CLI_TREE_TEXT_H

/* Paths and names that a container has chosen, so that no byte of them steers a terminal. */

#include <stddef.h>

/** tree_text_print() - write one to standard output */
void tree_text_print(const char *text, size_t length);

/** tree_text_spell() - the same as a string, the caller's. Return: NULL without memory. */
char *tree_text_spell(const char *text, size_t length);

#endif
