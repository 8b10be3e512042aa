/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_FILTER_TEXT_H
#define NSXATTR_HOOK_FILTER_TEXT_H

/* A seccomp filter as text: base64 (RFC 4648) of its instructions in the order of this machine. */

#include <linux/filter.h>

/** filter_text_new() - Return: the text, the caller's to free(3); NULL without memory. */
char *filter_text_new(const struct sock_fprog *program);

#endif
