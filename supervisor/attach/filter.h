/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_FILTER_H
#define NSXATTR_ATTACH_FILTER_H

/* The seccomp filter that brings a target's attribute calls to its supervisor. */

#include <linux/filter.h>
#include <stdbool.h>

/** struct filter_options - what the filter depends on */
struct filter_options {
	/* io_uring_setup passes: what goes through a ring, the supervisor does not see */
	bool allow_io_uring;
	/* the four *xattrat calls pass: the kernel does not have them (base/syscalls.h) */
	bool lacks_xattrat;
	/* programs that are executed are judged (judge/judgement.h): execve and execveat are notified, too */
	bool notifies_exec;
	/* and what is mapped to be executed: mmap of a file with PROT_EXEC is */
	bool notifies_mmap;
};

/**
 * filter_call_name() - what libseccomp calls a system call
 * @abi: SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64 or SCMP_ARCH_ARM
 * @number: its number there; for x32 without the bit that marks it
 *
 * Return: its name, the caller's to free(3); NULL: there is none.
 */
char *filter_call_name(const char *abi, unsigned number);

/** filter_lacking() - Return: what this kernel lacks, and since when it is there; NULL if nothing. */
const char *filter_lacking(void);

/**
 * filter_build() - make the filter
 * @options: what it depends on
 * @ret_program: the filter, to be released with call_filter_done()
 *
 * The sixteen calls (or the twelve that there are), on each ABI of the machine, give
 * SECCOMP_RET_USER_NOTIF, and so do the calls of the options; io_uring_setup fails with ENOSYS unless allowed,
 * and remap_file_pages does with notifies_mmap;
 * everything else passes. The calling process is not changed.
 *
 * Return: 0; -errno, of libseccomp or the system.
 */
int filter_build(const struct filter_options *options, struct sock_fprog *ret_program);

/**
 * filter_install() - put the calling process, and all that descends from it, under the filter
 * @options: what it depends on
 * @ret_listener: the listener, the caller's, close-on-exec
 *
 * From here until a supervisor serves the listener each of these calls hangs; when the last
 * descriptor of the listener is closed they fail with ENOSYS. Needs CAP_SYS_ADMIN in the user
 * namespace: no_new_privs is not set, so that file capabilities go on to work.
 *
 * Return: 0; -EBUSY: there is a listener already above this process; -errno.
 */
int filter_install(const struct filter_options *options, int *ret_listener);

#endif
