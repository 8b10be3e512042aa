/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_CAPABILITY_SET_H
#define NSXATTR_HOOK_CAPABILITY_SET_H

/* Sets of capabilities, and how runtimes and people write them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** capability_number() - Return: the number of CAP_NAME, NAME or name; -1: there is no such capability. */
int capability_number(const char *name, size_t length);

/**
 * capability_set_change() - apply a list such as "SYS_ADMIN,-MKNOD" or "-all,chown"
 * @set: what is there before, a bit for each number
 * @list: names with commas; behind a '-': what is taken away; "all" stands for all
 *
 * Return: whether the list is one; else the set is untouched.
 */
bool capability_set_change(uint64_t *set, const char *list);

#endif
