/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_NAME_H
#define NSXATTR_NAME_H

/*
 * Attribute names with a variant: BASE@uid=NUMBER. A base name holds no '@', so that the first '@'
 * of a name ends its base.
 */

#include <linux/limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a name and its NUL. */
#define NAME_SIZE (XATTR_NAME_MAX + 1)

enum name_form {
	NAME_PLAIN, /* BASE */
	NAME_VARIANT, /* BASE@uid=NUMBER, the number canonical: no sign, no leading zero */
	NAME_MALFORMED, /* BASE@ followed by anything else */
};

/** struct name_parts - what a name consists of */
struct name_parts {
	enum name_form form;
	size_t base_length; /* bytes before the first '@' */
	uint32_t uid; /* of NAME_VARIANT */
};

/** name_split() - take a name of @length bytes apart; it need not end with a NUL. */
struct name_parts name_split(const char *name, size_t length);

/**
 * name_join() - write BASE@uid=NUMBER
 * @base: the base name, @base_length bytes
 * @uid: the number
 * @ret_name: the name with its NUL; untouched on failure
 *
 * Return: 0; -ERANGE when the name would be longer than XATTR_NAME_MAX.
 */
int name_join(const char *base, size_t base_length, uint32_t uid, char ret_name[NAME_SIZE]);

/**
 * name_stored() - where a namespace's value of a base name lies
 * @in_user: in the class user.* (STORE_USER): user.nsxattr.BASE@uid=ROOT
 * @base: the base name, @base_length bytes
 * @root: the host uid of the namespace's root
 * @ret_name: the name with its NUL; untouched on failure
 *
 * Return: 0; -ERANGE when the name would be longer than XATTR_NAME_MAX.
 */
int name_stored(bool in_user, const char *base, size_t base_length, uint32_t root,
		char ret_name[NAME_SIZE]);

/** name_in_user_store() - does it begin with the prefix of STORE_USER, and how long is that? */
size_t name_in_user_store(const char *name, size_t length);

/** name_has_prefix() - do the @length bytes of @name begin with the string @prefix? */
bool name_has_prefix(const char *name, size_t length, const char *prefix);

/** name_is_trusted() - is it of the class trusted.*, whose every use needs CAP_SYS_ADMIN? */
bool name_is_trusted(const char *name, size_t length);

/** name_is_class() - is it "security." or "trusted." alone, a class without a name in it? */
bool name_is_class(const char *name, size_t length);

#endif
