/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_EXEC_RULES_H
#define NSXATTR_HOOK_EXEC_RULES_H

/*
 * The rules of a seccomp section by which the calls that execute files come to nsxattrd, for a policy that judges what
 * is executed: execve and execveat, and mmap of a file with PROT_EXEC. What the section allows is handed over, and
 * the answer will be the kernel's own; what it denies stays denied. remap_file_pages is refused where mmap is handed
 * over.
 */

#include <stdbool.h>

struct integrity;
struct json_object;

/** struct exec_edit - what is to be judged */
struct exec_edit {
	bool notifies_exec; /* execve, execveat */
	bool notifies_mmap;
};

/** exec_edit_of() - what a policy wants to be judged */
void exec_edit_of(const struct integrity *integrity, struct exec_edit *ret_edit);

/** exec_rules_is_ours() - is it a rule that exec_rules_edit() makes? */
bool exec_rules_is_ours(const struct json_object *rule);

/**
 * exec_rules_check() - can these calls be handed over?
 *
 * Return: NULL: they can; else why not, static, to come behind the name of what the section is in.
 */
const char *exec_rules_check(const struct json_object *section, const struct exec_edit *edit);

/**
 * exec_rules_refuse() - refuse what would execute files unseen, in place
 * @section: exec_rules_check() has found nothing wrong with it
 *
 * That is not taken back. So it comes before all rules that are: when the section is edited again, it is there already.
 *
 * Return: 0; -ENOMEM.
 */
int exec_rules_refuse(struct json_object *section, const struct exec_edit *edit);

/**
 * exec_rules_edit() - have them handed over, or handed over no more, in place; edited again, it stays the same
 * @section: exec_rules_check() has found nothing wrong with it
 *
 * Return: 0; -ENOMEM.
 */
int exec_rules_edit(struct json_object *section, const struct exec_edit *edit);

/** exec_rules_lacking() - Return: a call that is allowed, by which files would be executed unseen; NULL: there is none. */
const char *exec_rules_lacking(const struct json_object *section, const struct exec_edit *edit);

#endif
