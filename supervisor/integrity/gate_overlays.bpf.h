/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_OVERLAYS_BPF_H
#define NSXATTR_INTEGRITY_GATE_OVERLAYS_BPF_H

/*
 * Versions of files. On an overlay the hooks see the overlay's inode, and separately that of the layer, which has
 * the content. No pointer that the verifier follows leads from the one to the other, but to open a file of an
 * overlay opens one of the layer, and then gate_open() has that inode. So the one who asks opens the file for it.
 * What it is told is a version of the overlay's inode that stands on a version of the layer's (nsxattr_layers). It
 * counts for files whose own file of the layer (private_data) is of that very inode, and for as long as the layer's
 * version is the last. A file that was copied up has another inode below. Attributes have to be of the same inode as
 * the content: there the overlay's own getxattr(2) tells its inode.
 */

#include "integrity/gate_addresses.bpf.h"
#include "integrity/gate_kernel.bpf.h"
#include "integrity/gate_maps.bpf.h"
#include "integrity/gate_versions.bpf.h"

static inline bool is_overlay(const struct inode *inode)
{
	return inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC;
}

static inline bool stands(uint64_t version, const struct file *file)
{
	const uint64_t *layer = bpf_map_lookup_elem(&nsxattr_layers, &version);

	if (!layer)
		return false;
	uint64_t number = *layer;

	if (number == 0)
		return true;
	const uint64_t *inode = bpf_map_lookup_elem(&nsxattr_layers, &number);

	return inode && *inode == address_below(file);
}

static inline uint64_t version_of(const struct file *file)
{
	struct inode_state *state = find_state(file->f_inode);
	uint64_t version = state ? read_before_rest(&state->version) : 0;

	return is_overlay(file->f_inode) && !stands(version, file) ? 0 : version;
}

/* Only the one who makes a version says what it stands on, so that it never stands on anything else. */
static inline uint64_t version_on(struct inode_state *state, uint64_t layer)
{
	uint64_t version = read_before_rest(&state->version);
	const uint64_t *last = bpf_map_lookup_elem(&nsxattr_layers, &version);

	if (last && *last == layer)
		return version;
	version = next_version();
	bpf_map_update_elem(&nsxattr_layers, &version, &layer, BPF_ANY);
	__sync_lock_test_and_set(&state->version, version);
	return version;
}

#endif
