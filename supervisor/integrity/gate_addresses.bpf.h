/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_ADDRESSES_BPF_H
#define NSXATTR_INTEGRITY_GATE_ADDRESSES_BPF_H

/* Objects of the kernel are told from one another by their addresses. */

#include "integrity/gate_kernel.bpf.h"
#include "integrity/gate_maps.bpf.h"

/* The address of the inode from which a file of an overlay is mapped; 0: it cannot be told. */
static inline uint64_t address_below(const struct file *file)
{
	const struct file *below = file->private_data;
	uint64_t inode = 0;

	if (knows_overlays)
		bpf_core_read(&inode, sizeof(inode), &below->f_inode);
	return inode;
}

/* Owner and group of that inode, as owner_of() has them. */
static inline uint64_t owner_below(const struct file *file)
{
	const struct inode *inode = (const void *)address_below(file);
	kuid_t user = { 0 };
	kgid_t group = { 0 };

	bpf_core_read(&user, sizeof(user), &inode->i_uid);
	bpf_core_read(&group, sizeof(group), &inode->i_gid);
	return (uint64_t)group.val << 32 | user.val;
}

/* What user space is given to compare is no address that it can use. */
static inline uint64_t blinded(uint64_t address)
{
	return address * blinding;
}

/*
 * Who owns a file differs from mount to mount. The address of the map stands for it: there is one for all mounts that map
 * nothing, and the others hold theirs.
 */
static inline uint64_t idmap_of(struct file *file)
{
	struct vfsmount *mount = file->f_path.mnt;
	struct vfsmount___early *early = (void *)mount;
	uint64_t address = 0;

	if (bpf_core_field_exists(mount->mnt_idmap))
		bpf_probe_read_kernel(&address, sizeof(address), &mount->mnt_idmap);
	else
		bpf_probe_read_kernel(&address, sizeof(address), &early->mnt_userns);
	return blinded(address);
}

#endif
