/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_XATTR_CALLS_H
#define NSXATTR_TESTS_XATTR_CALLS_H

/* The sixteen attribute calls, raw, behind one function. */

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/syscalls.h"

enum xattr_verb { XATTR_SET, XATTR_GET, XATTR_LIST, XATTR_REMOVE };
enum xattr_way { BY_PATH, BY_LINK, BY_DESCRIPTOR, BY_BOTH };

#define XATTR_FORMS 16

/** struct xattr_form - one of the calls; four ways for each verb, in the order of the enumerators */
struct xattr_form {
	const char *name;
	long number;
	enum xattr_verb verb;
	enum xattr_way way;
};

static const struct xattr_form xattr_forms[XATTR_FORMS] = {
	{ "setxattr", SYS_setxattr, XATTR_SET, BY_PATH },
	{ "lsetxattr", SYS_lsetxattr, XATTR_SET, BY_LINK },
	{ "fsetxattr", SYS_fsetxattr, XATTR_SET, BY_DESCRIPTOR },
	{ "setxattrat", SYS_setxattrat, XATTR_SET, BY_BOTH },
	{ "getxattr", SYS_getxattr, XATTR_GET, BY_PATH },
	{ "lgetxattr", SYS_lgetxattr, XATTR_GET, BY_LINK },
	{ "fgetxattr", SYS_fgetxattr, XATTR_GET, BY_DESCRIPTOR },
	{ "getxattrat", SYS_getxattrat, XATTR_GET, BY_BOTH },
	{ "listxattr", SYS_listxattr, XATTR_LIST, BY_PATH },
	{ "llistxattr", SYS_llistxattr, XATTR_LIST, BY_LINK },
	{ "flistxattr", SYS_flistxattr, XATTR_LIST, BY_DESCRIPTOR },
	{ "listxattrat", SYS_listxattrat, XATTR_LIST, BY_BOTH },
	{ "removexattr", SYS_removexattr, XATTR_REMOVE, BY_PATH },
	{ "lremovexattr", SYS_lremovexattr, XATTR_REMOVE, BY_LINK },
	{ "fremovexattr", SYS_fremovexattr, XATTR_REMOVE, BY_DESCRIPTOR },
	{ "removexattrat", SYS_removexattrat, XATTR_REMOVE, BY_BOTH },
};

static inline const struct xattr_form *xattr_form_find(const char *name)
{
	for (size_t i = 0; i < XATTR_FORMS; i++)
		if (strcmp(xattr_forms[i].name, name) == 0)
			return &xattr_forms[i];
	return NULL;
}

static inline const struct xattr_form *xattr_form(enum xattr_verb verb, enum xattr_way way)
{
	return &xattr_forms[4 * (unsigned int)verb + (unsigned int)way];
}

/** struct xattr_call - what to call; a form ignores what it has no argument for */
struct xattr_call {
	const struct xattr_form *form;
	int fd; /* BY_DESCRIPTOR, BY_BOTH */
	const char *path;
	unsigned int at_flags;
	const char *name;
	void *value;
	size_t size;
	unsigned int flags;
};

static inline long xattr_call_make_at(const struct xattr_call *call)
{
	struct {
		uint64_t value;
		uint32_t size;
		uint32_t flags;
	} args = { (uintptr_t)call->value, (uint32_t)call->size, call->flags };
	long number = call->form->number;

	if (call->form->verb == XATTR_LIST)
		return syscall(number, call->fd, call->path, call->at_flags, call->value,
			       call->size);
	if (call->form->verb == XATTR_REMOVE)
		return syscall(number, call->fd, call->path, call->at_flags, call->name);
	return syscall(number, call->fd, call->path, call->at_flags, call->name, &args,
		       sizeof(args));
}

/** xattr_call_make() - Return: as syscall(2). */
static inline long xattr_call_make(const struct xattr_call *call)
{
	long number = call->form->number;
	long object = call->form->way == BY_DESCRIPTOR ? (long)call->fd :
							 (long)(intptr_t)call->path;

	if (call->form->way == BY_BOTH)
		return xattr_call_make_at(call);
	switch (call->form->verb) {
	case XATTR_SET:
		return syscall(number, object, call->name, call->value, call->size, call->flags);
	case XATTR_GET:
		return syscall(number, object, call->name, call->value, call->size);
	case XATTR_LIST:
		return syscall(number, object, call->value, call->size);
	case XATTR_REMOVE:
	default:
		return syscall(number, object, call->name);
	}
}

#endif
