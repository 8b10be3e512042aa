/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_VIEW_H
#define NSXATTR_VIEW_H

/*
 * The list of names that a target sees, made from the list that lies on the inode: exactly the names
 * for which its get would succeed, in the order of the inode, none twice.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "name_list.h"

/*
 * Room for any view of a list of N bytes: one stored name can show twice, as an inherited plain name
 * and as BASE@uid=NUMBER, whose number can have up to nine digits more than the stored one.
 */
#define VIEW_SIZE(stored_size) ((stored_size)*4)

/**
 * view_list() - rewrite a list
 * @policy: the container's policy
 * @subject: who asks; its namespace is virtual (access_is_virtual())
 * @stored: the inode's names, each with its NUL, as listxattr(2) gives them
 * @stored_length: bytes of @stored; a last name without its NUL is ignored
 * @index: working memory; room for NAME_LIST_COUNT_MAX(@stored_length) numbers
 * @view: where the list goes; at least VIEW_SIZE(@stored_length) bytes
 *
 * Return: the bytes written.
 */
size_t view_list(const struct policy *policy, const struct subject *subject, const char *stored,
		 size_t stored_length, uint32_t *index, char *view);

/**
 * view_find_orphan() - a value that is of none of the container's ids, where it has no values of its own
 * @ret_orphan: the one with the least number; undefined if there is none
 *
 * The others as view_list(). Return: whether there is one.
 */
bool view_find_orphan(const struct policy *policy, const struct subject *subject,
		      const char *stored, size_t stored_length, struct stored_name *ret_orphan);

/**
 * view_list_natively() - the names that the kernel itself has for the subject, but for hidden ones
 * @view: where the list goes; at least @stored_length bytes
 *
 * For an inode whose attributes are the kernel's to answer. The others as view_list().
 *
 * Return: the bytes written.
 */
size_t view_list_natively(const struct policy *policy, const char *stored, size_t stored_length,
			  char *view);

#endif
