/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_SECCOMP_SECTION_H
#define NSXATTR_HOOK_SECCOMP_SECTION_H

/*
 * What a runtime is told about seccomp, edited so that the container's attribute calls come to nsxattrd, and, if
 * its policy judges what is executed, the calls that execute files:
 * linux.seccomp of a config.json, or a profile of which an engine makes that.
 */

#include <stdbool.h>

#include "hook/exec_rules.h"

struct json_object;

/** struct seccomp_edit - what the section shall say */
struct seccomp_edit {
	const char *policy; /* listenerMetadata; "": none, the daemon chooses */
	const char *socket; /* listenerPath */
	bool wait_killable; /* the runtime knows SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV */
	bool allow_io_uring;
	struct exec_edit exec; /* what is executed is judged */
	bool lacks_xattrat; /* the kernel does not have the four *xattrat calls: they are none of ours */
};

/** seccomp_section_new() - a section that lets everything pass. Return: NULL without memory. */
struct json_object *seccomp_section_new(void);

/** seccomp_section_is_ours() - does this section, or NULL, have its calls go to our daemon already? */
bool seccomp_section_is_ours(const struct json_object *section, const struct seccomp_edit *edit);

/**
 * seccomp_section_check() - can the section be edited without taking anything from another listener?
 *
 * Return: NULL: it can; else why not, static, to come behind the name of what it is in.
 */
const char *seccomp_section_check(const struct json_object *section,
				  const struct seccomp_edit *edit);

/**
 * seccomp_section_edit() - edit it, in place; edited again, it stays the same
 * @section: seccomp_section_check() has found nothing wrong with it
 *
 * Return: 0; -ENOMEM: it is no longer of use.
 */
int seccomp_section_edit(struct json_object *section, const struct seccomp_edit *edit);

#endif
