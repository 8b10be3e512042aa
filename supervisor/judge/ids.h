/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_IDS_H
#define NSXATTR_JUDGE_IDS_H

/*
 * The ids that rules look at are those with which the kernel asks its own: of a program that is executed the ones before
 * the exec, and when it is mapped those that the exec has made of them.
 */

#include <stddef.h>

#include "integrity/gate_layout.h"

struct statx;

/* Each of users and groups can have five, see ids_after_exec(). */
#define IDS_AFTER_EXEC_MAX 25

/**
 * ids_after_exec() - the ids that a task may have when it has executed a program
 * @before: its ids
 * @program: mode and owner
 * @asked: which of the ids matter, enum gate_asked
 * @root: the id that has all capabilities in the task's namespace; UINT32_MAX: none
 * @ret_ids: no two of them are the same to those who ask so
 *
 * Whether a program's set-id bits count, and which capabilities are left, also depends on the mount, on who traces the task,
 * and on capabilities of the file. So there can be several. The first one is likely: the bits count, and root alone
 * has capabilities.
 *
 * Return: how many; at least one.
 */
size_t ids_after_exec(const struct gate_ids *before, const struct statx *program,
		      unsigned int asked, uint32_t root,
		      struct gate_ids ret_ids[IDS_AFTER_EXEC_MAX]);

#endif
