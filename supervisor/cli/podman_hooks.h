/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_PODMAN_HOOKS_H
#define NSXATTR_CLI_PODMAN_HOOKS_H

/* Where podman looks for hooks (oci-hooks(5), containers.conf(5)), and what is wrong with ours there. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct json_object;

#define PODMAN_FOLDERS_MAX 8

/** struct podman_folders - in the order in which podman looks into them */
struct podman_folders {
	char paths[PODMAN_FOLDERS_MAX][PATH_MAX];
	size_t count;
};

/** podman_folders_add() - one more; with too many it is left out */
void podman_folders_add(struct podman_folders *folders, const char *path);

/** podman_folders_read() - those of a containers.conf, if it has "hooks_dir": they take the place of others */
void podman_folders_read(const char *text, size_t length, struct podman_folders *folders);

/** podman_folders_find() - as podman finds them without --hooks-dir. @home: of a plain user; NULL: root */
void podman_folders_find(const char *home, struct podman_folders *ret_folders);

enum podman_hook_result {
	PODMAN_HOOK_FOREIGN = 1, /* not ours */
	PODMAN_HOOK_RIGHT,
	PODMAN_HOOK_WRONG, /* the sentence says what */
};

#define PODMAN_HOOK_SENTENCE_SIZE 1024

/**
 * podman_hook_judge() - look at one of a folder
 * @hook: what its file says; NULL is not ours
 * @ret_sentence: PODMAN_HOOK_WRONG: without a period
 *
 * What this user cannot execute, podman of this user cannot either.
 */
enum podman_hook_result podman_hook_judge(const struct json_object *hook,
					  char ret_sentence[PODMAN_HOOK_SENTENCE_SIZE]);

#endif
