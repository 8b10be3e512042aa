/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_USERS_H
#define NSXATTR_BASE_USERS_H

/*
 * Names of users as passwd(5) has them, read through a descriptor of its folder: getpwnam(3) is of no
 * use to a process without a root directory. Users of other databases (nsswitch.conf(5)) are known by
 * their number alone.
 */

#include <sys/types.h>

enum users_result {
	USERS_FOUND = 1,
	USERS_UNKNOWN,
};

/**
 * users_find() - the number of a user
 * @etc: the folder with passwd(5); -1: there is none
 * @user: a name; or a number, which no user has for a name
 * @ret_uid: USERS_FOUND: the number
 *
 * "root" is 0 whatever the file says.
 *
 * Return: an enum users_result; -errno when the file cannot be read.
 */
int users_find(int etc, const char *user, uid_t *ret_uid);

#endif
