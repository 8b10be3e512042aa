/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_FREE_IDS_H
#define NSXATTR_ATTACH_FREE_IDS_H

/*
 * Ids that no user has, for messages that suggest some. Containers with the same ids have the same view, and adduser(8)
 * gives the range from SUB_UID_MIN on to the first user of a host: so no number can be suggested that does not come
 * from the files of this host.
 */

#include <stdbool.h>
#include <stdint.h>

/** struct id_files - what the files say that give ids to users; NULL where there is no such file */
struct id_files {
	const char *subuid, *subgid;
	const char *passwd, *group;
	const char *login_defs;
};

/**
 * free_ids_find() - the first range that no user has, as user ids and as group ids alike
 * @files: who has which ids, and from where to where ranges are given (SUB_UID_MIN and its like)
 * @count: how many ids, more than 0
 *
 * Return: the first id of the range, a multiple of 65536; 0 if there is none.
 */
uint32_t free_ids_find(const struct id_files *files, uint32_t count);

/** free_ids_on_host() - the same by the files of this host, as far as they can be read */
uint32_t free_ids_on_host(uint32_t count);

/* How many ids messages suggest: those that a distribution's users and groups take. */
#define FREE_IDS_COUNT 65536

#define FREE_IDS_COMMAND_SIZE 512

/**
 * free_ids_command() - the command by which root sets a free range aside for a user
 * @user: the user's name
 * @ret_first: the range: FREE_IDS_COUNT ids from here
 *
 * Return: false if no range is free.
 */
bool free_ids_command(const char *user, uint32_t *ret_first,
		      char ret_command[FREE_IDS_COMMAND_SIZE]);

#endif
