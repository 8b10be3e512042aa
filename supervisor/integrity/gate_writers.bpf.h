/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_WRITERS_BPF_H
#define NSXATTR_INTEGRITY_GATE_WRITERS_BPF_H

/*
 * Who opens a file for writing, or maps it so. A mapping of an overlay's file holds the layer's file only: it is the
 * layer's inode that has a writer. Of what is mapped so the hook has the overlay's inode only, which can leave
 * memory before the layer's. So the mark, on the layer's inode, is left by those who open the overlay's file for
 * reading and writing, as they have to before they map it.
 */

#include "integrity/gate_kernel.bpf.h"
#include "integrity/gate_maps.bpf.h"
#include "integrity/gate_states.bpf.h"
#include "integrity/gate_versions.bpf.h"

/* Has a container that passes the gate to do with it? */
static inline bool is_gated(const struct user_namespace *userns)
{
	for (uint64_t i = 0; i < NAMESPACES_DEEP && userns && userns->level > 0; i++) {
		uint32_t number = userns->ns.inum;

		if (bpf_map_lookup_elem(&namespaces, &number))
			return true;
		userns = userns->parent;
	}
	return false;
}

/*
 * The kernel keeps writers away from a program that runs, but of an overlay's only those that come by the overlay, which
 * opens files as the one who has mounted it. So a container that has a path of its own to a layer does not write to what has
 * been judged as a file of the overlay.
 */
static inline int note_writer(struct inode *inode)
{
	const struct inode_state *state = find_state(inode);

	if (state && state->is_layer && is_gated(bpf_get_current_task_btf()->cred->user_ns))
		return -ETXTBSY;
	return note_change(inode);
}

/* What is never verifiable needs no mark. A mapping that is noted nowhere is none to be made, inside or outside. */
static inline int note_mapping(struct file *file)
{
	struct inode *inode = file->f_inode;
	struct inode_state *state = is_verifiable(inode) ? make_state(inode) : 0;

	if (state)
		state->was_mapped = 1;
	return state || !is_verifiable(inode) ? 0 : -ENOMEM;
}

#endif
