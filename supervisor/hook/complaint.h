/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_COMPLAINT_H
#define NSXATTR_HOOK_COMPLAINT_H

/*
 * What a hook tells the user who starts a container. It goes to standard error, which some runtimes do not show, and
 * to the system's log. podman gives its hooks /dev/null for standard error: then it goes to podman's own.
 */

/** complain_of_container() - why it does not start; @container: NULL: it is not known */
void complain_of_container(const char *container, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** warn_of_container() - what is wrong with one that starts */
void warn_of_container(const char *container, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
