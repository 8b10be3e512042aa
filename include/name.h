/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_NAME_H
#define NSXATTR_NAME_H

/*
 * Attribute names with a variant: BASE@uid=NUMBER. A base name holds no '@', so that the first '@'
 * of a name ends its base.
 *
 * A namespace's value of a base name lies on the inode under a stored name, which says whose it is.
 * Its form follows from the policy's store. name_join_stored() and name_split_stored() alone know
 * these forms.
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

/* Where a policy keeps the values of namespaces. The number says whose a value is (naming.h). */
enum store {
	STORE_SECURITY, /* BASE@uid=NUMBER, in the class of BASE */
	STORE_USER, /* user.nsxattr.NUMBER.BASE */
	STORE_TRUSTED, /* trusted.nsxattr.NUMBER.BASE */
};

#define STORE_COUNT 3

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

/** struct stored_name - what a stored name consists of */
struct stored_name {
	const char *base; /* in the name that was taken apart */
	size_t base_length;
	uint32_t number; /* canonical, as in NAME_VARIANT */
};

/**
 * name_join_stored() - where a namespace's value of a base name lies
 * @store: of the policy
 * @base: the base name, @base_length bytes
 * @number: whose it is
 * @ret_name: the name with its NUL; untouched on failure
 *
 * Return: 0; -ERANGE when the name would be longer than XATTR_NAME_MAX; -EINVAL when the
 * base is no name of security.* or trusted.*.
 */
int name_join_stored(enum store store, const char *base, size_t base_length, uint32_t number,
		     char ret_name[NAME_SIZE]);

/**
 * name_split_stored() - take a stored name apart
 * @store: of the policy
 * @name: @length bytes; it need not end with a NUL
 * @ret_stored: what name_join_stored() makes the very same name of; untouched if there is no such thing
 *
 * Return: whether it is the name of a value of that store.
 */
bool name_split_stored(enum store store, const char *name, size_t length,
		       struct stored_name *ret_stored);

/**
 * name_is_below_store() - is it one of the names that the store has for itself?
 *
 * Those are user.nsxattr.* of STORE_USER and trusted.nsxattr.* of STORE_TRUSTED; STORE_SECURITY has none.
 */
bool name_is_below_store(enum store store, const char *name, size_t length);

/** name_has_prefix() - do the @length bytes of @name begin with the string @prefix? */
bool name_has_prefix(const char *name, size_t length, const char *prefix);

/** name_is_trusted() - is it of the class trusted.*, whose every use needs CAP_SYS_ADMIN? */
bool name_is_trusted(const char *name, size_t length);

/** name_is_class() - is it "security." or "trusted." alone, a class without a name in it? */
bool name_is_class(const char *name, size_t length);

#endif
