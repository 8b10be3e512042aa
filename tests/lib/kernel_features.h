/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_KERNEL_FEATURES_H
#define NSXATTR_TESTS_KERNEL_FEATURES_H

/*
 * What the running kernel can do, where a test expects one answer of kernels that can, and another of those that
 * cannot. A kernel is asked for the feature; its version counts only where nothing else tells.
 */

#include <stdbool.h>

/** kernel_is_at_least() - is it of this version, or younger? */
bool kernel_is_at_least(unsigned int major, unsigned int minor);

/**
 * kernel_checks_security() - does a change of security.* need CAP_SYS_ADMIN?
 *
 * Before Linux 6.10 it does not while `bpf` is among the active security modules. A child without it tries.
 */
bool kernel_checks_security(void);

#endif
