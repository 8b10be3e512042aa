/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_BPF_LSM_H
#define NSXATTR_INTEGRITY_BPF_LSM_H

/* In what kernels differ that run programs at the hooks of their security modules (BPF LSM). */

#include <stdbool.h>

struct btf;

/** bpf_lsm_may_be_active() - kernels differ in what they say to programs of a module that is not. Unknown: it may be. */
bool bpf_lsm_may_be_active(void);

/** struct bpf_lsm_hooks - those that are not the same in all kernels */
struct bpf_lsm_hooks {
	bool has_idmap; /* inode_setattr is told the mount's map of ids: since Linux 6.9 */
	bool leaves_check; /* who changes security.* the kernel checks, whatever programs answer: since Linux 6.10 */
};

/** bpf_lsm_find_hooks() - @kernel: its own description of its types */
void bpf_lsm_find_hooks(const struct btf *kernel, struct bpf_lsm_hooks *ret_hooks);

#endif
