/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_VERDICTS_BPF_H
#define NSXATTR_INTEGRITY_GATE_VERDICTS_BPF_H

/* Who executes a file, or maps it to be executed, needs a verdict for each container that the task is in. */

#include "integrity/gate_addresses.bpf.h"
#include "integrity/gate_kernel.bpf.h"
#include "integrity/gate_layout.h"
#include "integrity/gate_maps.bpf.h"
#include "integrity/gate_overlays.bpf.h"
#include "integrity/gate_rights.bpf.h"
#include "integrity/gate_versions.bpf.h"

/*
 * The kernel keeps writers away since it has opened the program, and does until that has ended (ETXTBSY). Linux 6.11 did not,
 * and from 6.14 on it does not where a listener of fanotify(7) fills files when they are read.
 */
static inline bool is_kept_from_writers(const struct file *program)
{
	return program->f_inode->i_writecount.counter < 0;
}

static inline bool is_allowed(void *of_container, const struct gate_use *use, uint32_t kind)
{
	const uint32_t *kinds = bpf_map_lookup_elem(of_container, use);

	return kinds && *kinds & kind;
}

/*
 * The credential that acts, as the kernel's IMA looks at it: at bprm_check_security the one before the exec, and the one
 * after it when the program is mapped. In a namespace below the container's a capability is none over the container's ids.
 */
static inline struct gate_subject subject_now(uint32_t asked, bool is_below)
{
	const struct cred *cred = bpf_get_current_task_btf()->cred;
	const struct gate_ids ids = {
		.uid = cred->uid.val,
		.euid = cred->euid.val,
		.suid = cred->suid.val,
		.gid = cred->gid.val,
		.egid = cred->egid.val,
		.sgid = cred->sgid.val,
		.has_setuid = !is_below && has_capability(cred, CAP_SETUID),
		.has_setgid = !is_below && has_capability(cred, CAP_SETGID),
	};

	return gate_subject_of(asked, &ids);
}

static inline uint64_t generation_now(void)
{
	uint32_t first = 0;
	const uint64_t *generation = bpf_map_lookup_elem(&revoked, &first);

	/* There is one; the verifier does not know it. */
	return generation ? *generation : 0;
}

/* Of the inode from which owner and group are told. */
static inline uint64_t owner_shown(const struct file *file)
{
	return is_overlay(file->f_inode) ? owner_below(file) : owner_of(file->f_inode);
}

/* What a verdict is bound to the judge has decided: so each way is tried that the container's rules can lead to. */
static inline bool has_verdict(void *of_container, uint32_t asked, struct file *file, uint32_t kind,
			       bool is_below)
{
	/* Before the version, which is another when an owner has come back. */
	uint64_t owner = owner_shown(file);
	struct gate_use use = { .version = version_of(file), .generation = generation_now() };

	if (is_allowed(of_container, &use, kind))
		return true;
	if (asked & GATE_ASKS_OWNER) {
		use.bound = GATE_TO_OWNER;
		use.idmap = idmap_of(file);
		use.owner = owner;
		if (is_allowed(of_container, &use, kind))
			return true;
	}
	if (!(asked & GATE_ASKS_SUBJECT))
		return false;
	use.subject = subject_now(asked, is_below);
	use.bound |= GATE_TO_SUBJECT;
	if (is_allowed(of_container, &use, kind))
		return true;
	use.bound = GATE_TO_SUBJECT;
	use.idmap = 0;
	use.owner = 0;
	return is_allowed(of_container, &use, kind);
}

static inline bool is_refused(uint32_t number, struct file *file, uint32_t kind, bool is_below)
{
	struct gate_namespace *namespace = bpf_map_lookup_elem(&namespaces, &number);
	void *of_container = bpf_map_lookup_elem(&verdicts, &number);

	if (!namespace || !(namespace->kinds & kind))
		return false;
	if ((kind != GATE_EXECUTE || is_kept_from_writers(file)) && of_container &&
	    has_verdict(of_container, namespace->asked, file, kind, is_below))
		return false;
	__sync_fetch_and_add(&namespace->refusals, 1);
	return true;
}

/* A task of the host, whose namespace is the first one, is not looked up. */
static inline int check(struct file *file, uint32_t kind)
{
	const struct user_namespace *userns = bpf_get_current_task_btf()->cred->user_ns;

	for (uint64_t i = 0; i < NAMESPACES_DEEP && userns && userns->level > 0; i++) {
		if (is_refused(userns->ns.inum, file, kind, i > 0))
			return -EACCES;
		userns = userns->parent;
	}
	return 0;
}

#endif
