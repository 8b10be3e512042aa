/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_RIGHTS_BPF_H
#define NSXATTR_INTEGRITY_GATE_RIGHTS_BPF_H

/* What the task at hand may do. */

#include "integrity/gate_kernel.bpf.h"

static inline bool has_capability(const struct cred *cred, unsigned int capability)
{
	unsigned int capabilities = 0;

	bpf_probe_read_kernel(&capabilities, sizeof(capabilities), &cred->cap_effective);
	return capabilities & 1U << capability;
}

/* As cap_capable() finds whether a task has CAP_SYS_ADMIN in a namespace, the one of a file system. */
static inline bool is_administrator(const struct user_namespace *userns)
{
	const struct cred *cred = bpf_get_current_task_btf()->cred;
	const struct user_namespace *own = cred->user_ns;

	for (uint64_t i = 0; i < NAMESPACES_DEEP && userns; i++) {
		if (userns->ns.inum == own->ns.inum)
			return has_capability(cred, CAP_SYS_ADMIN);
		if (userns->level <= own->level)
			return false;
		if (userns->parent->ns.inum == own->ns.inum && userns->owner.val == cred->euid.val)
			return true;
		userns = userns->parent;
	}
	return false;
}

#endif
