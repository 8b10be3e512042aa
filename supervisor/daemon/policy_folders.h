/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_POLICY_FOLDERS_H
#define NSXATTR_DAEMON_POLICY_FOLDERS_H

/*
 * Where the policies are that go by a name: NAME.yaml in the folder of the daemon's settings, or in the one that
 * was installed along with the program, PREFIX/share/nsxattr/policies. What is in the first hides what is in the
 * second, and neither can be called as a policy that is built in.
 */

#include <limits.h>
#include <stddef.h>

/** struct policy_folders - in the order in which they are looked into */
struct policy_folders {
	const char *paths[2]; /* absolute; NULL: there is none */
	char share[PATH_MAX];
};

/**
 * policy_folders_init() - where they are
 * @folder: of the settings; borrowed
 *
 * The second one is known by where the program is: it is beside the folder "bin" or "sbin" that has it.
 */
void policy_folders_init(struct policy_folders *folders, const char *folder);

enum policy_folders_result {
	POLICY_FOLDERS_FOUND = 1,
	POLICY_FOLDERS_UNKNOWN, /* in none of them */
};

/**
 * policy_folders_find() - the file of a policy
 * @name: which one; what cannot be a policy's name is in none
 * @ret_path: POLICY_FOLDERS_FOUND: the file, the caller's to free(3)
 *
 * Return: an enum policy_folders_result; -EACCES: a folder cannot be looked into, and it is in none that can;
 * -ENOMEM.
 */
int policy_folders_find(const struct policy_folders *folders, const char *name, char **ret_path);

#define POLICY_FOLDERS_SENTENCE_SIZE 1024

/**
 * policy_folders_explain() - there is no policy of this name: which ones there are
 * @text: a sentence without a period: what may have been meant, and all that there are
 */
void policy_folders_explain(const struct policy_folders *folders, const char *name,
			    char text[POLICY_FOLDERS_SENTENCE_SIZE]);

#endif
