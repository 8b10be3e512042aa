/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_SHARE_H
#define NSXATTR_BASE_SHARE_H

/*
 * Who may have how much of what all containers share: threads, deputies, listeners, lines of the
 * log, places for containers. Each of these is a pool, and one rule holds for all pools:
 *
 *	A container, and a plain user, may take one more only if it has fewer than are left; of the last
 *	ones, a container only if it has fewer than SHARE_FEW.
 *
 * A quarter of each pool is root's: to plain users, all of them together, that much less is left. That they
 * are many is no bound, for a user who has a range of ids is as many users. The last ones are the last
 * quarter of that part, root's or users'. So one container alone never has more than half, and one that has
 * nothing finds something, however much others have taken before.
 *
 * Root is not bounded as a user, for the containers of a whole machine may be root's. Each container of
 * root's is bounded as any other is.
 *
 * Pure: no lock, no clock, no system call.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** struct share_holder - who has, or asks for, something of a pool */
struct share_holder {
	const void *container; /* compared, never followed */
	uid_t user;
};

#define SHARE_FEW 4

/** struct share_pool - how much there is, and how much of it is taken; begins with its size alone */
struct share_pool {
	size_t size;
	size_t taken; /* by all */
	size_t of_users; /* of these, by plain users */
};

/** struct share_holding - what the one who asks for one more has already; what does not count is zero */
struct share_holding {
	bool is_root;
	size_t container; /* that the container has, or another holder that is to leave something to its like */
	size_t container_most; /* that it may have, whatever is left; 0: no such bound */
	size_t user; /* that the user has, in all containers */
	size_t user_most; /* as @container_most */
};

enum share_result {
	SHARE_GRANTED = 1,
	SHARE_CONTAINER_FULL, /* the container has @container_most */
	SHARE_USER_FULL, /* the user has @user_most */
	SHARE_CONTAINER_HAS_MUCH, /* the container has as many as are left */
	SHARE_USER_HAS_MUCH, /* the user has as many as are left */
};

/**
 * share_is_fair() - may one more be taken by one who has so much?
 * @has: what it has
 * @left: to all of its kind
 * @part: that is set aside for its kind
 */
bool share_is_fair(size_t has, size_t left, size_t part);

/** share_of_users() - Return: how much of a pool plain users can take, all of them together. */
size_t share_of_users(const struct share_pool *pool);

/** share_judge() - may one more be taken? Return: an enum share_result; nothing is changed. */
enum share_result share_judge(const struct share_pool *pool, const struct share_holding *holding);

/** share_take() - one more is taken, whether it was granted or not */
void share_take(struct share_pool *pool, bool is_root);

/** share_give_back() - one less is taken */
void share_give_back(struct share_pool *pool, bool is_root);

#endif
