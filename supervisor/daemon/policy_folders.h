/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_POLICY_FOLDERS_H
#define NSXATTR_DAEMON_POLICY_FOLDERS_H

/*
 * Where the file of a policy is: NAME.yaml in the folder of the daemon's settings, or in the folder that was installed
 * with the program, PREFIX/share/nsxattr/policies. A file in the first hides one of the same name in the second, and
 * neither can have the name of a policy that is built in.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* The longest name, without ".yaml". */
#define POLICY_NAME_MAX 64

/* What policy_name_is_sane() asks for, for messages. */
#define POLICY_NAME_RULE "letters, digits, '_', '-' and '.', no '-' or '.' at the beginning"

/** policy_name_is_sane() - can a policy of a folder be called so? */
bool policy_name_is_sane(const char *name);

/**
 * policy_name_of_file() - the name that a file of a folder gives to its policy
 * @ret_name: the name, which may not be sane; cut where it is too long
 *
 * Return: how long it is; 0: the file is no policy's.
 */
size_t policy_name_of_file(const char *file_name, char ret_name[POLICY_NAME_MAX + 1]);

/* Those that policy_builtin() has. */
#define POLICY_BUILTINS 4
extern const char *const policy_builtins[POLICY_BUILTINS];

/** struct policy_folders - in the order in which they are looked into */
struct policy_folders {
	const char *paths[2]; /* absolute; NULL: there is none */
	char share[PATH_MAX];
};

/**
 * policy_folders_init() - where they are
 * @folder: of the settings; borrowed
 *
 * The second one is beside the folder "bin" or "sbin" in which the program lies.
 */
void policy_folders_init(struct policy_folders *folders, const char *folder);

enum policy_folders_result {
	POLICY_FOLDERS_FOUND = 1,
	POLICY_FOLDERS_UNKNOWN, /* in none of them */
};

/**
 * policy_folders_find() - the file of a policy
 * @name: of the policy
 * @ret_path: POLICY_FOLDERS_FOUND: the file, the caller's to free(3)
 *
 * Return: an enum policy_folders_result; -EACCES: a folder cannot be searched, and no other one has the file;
 * -ENOMEM.
 */
int policy_folders_find(const struct policy_folders *folders, const char *name, char **ret_path);

#define POLICY_FOLDERS_SENTENCE_SIZE 1024

/**
 * policy_folders_explain() - tell which policies there are, for one of this name there is not
 * @text: a sentence without a period: what may have been meant, and all that there are
 */
void policy_folders_explain(const struct policy_folders *folders, const char *name,
			    char text[POLICY_FOLDERS_SENTENCE_SIZE]);

#endif
