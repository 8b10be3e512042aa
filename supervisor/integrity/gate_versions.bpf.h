/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_VERSIONS_BPF_H
#define NSXATTR_INTEGRITY_GATE_VERSIONS_BPF_H

/*
 * Versions of inodes. An inode that was ever asked about has a version in its storage, which is freed with the
 * inode. Each change of what a verdict comes from gives it a new one: of the content, and of the values of security.ima.
 * A verdict names the version that was judged. So the gate has to know nothing of what was judged, a change takes no verdict
 * back, and a number of an inode that is used again means nothing.
 *
 * What the kernel refuses is no change: else who may change nothing could end verdicts.
 */

#include "integrity/gate_kernel.bpf.h"
#include "integrity/gate_maps.bpf.h"

/* Others make the first state of an inode at the same moment, but only one does. */
#define STATE_TRIES 4

/* An addition of 0 is a barrier, too: what comes after it in the program is read after it. */
static inline uint64_t read_before_rest(uint64_t *number)
{
	return __sync_fetch_and_add(number, 0);
}

/*
 * The map of the last version can be gone before states of inodes are, when no gate is left. One that is new goes on where
 * none has come yet: nobody makes a version in each nanosecond. If another program is faster here, it has done that.
 */
static inline uint64_t next_version(void)
{
	uint32_t first = 0;
	uint64_t *last = bpf_map_lookup_elem(&nsxattr_version, &first);

	/* There is one; the verifier does not know it. */
	if (!last)
		return 0;
	uint64_t number = *last;

	if (number < began)
		__sync_val_compare_and_swap(last, number, began);
	return __sync_fetch_and_add(last, 1) + 1;
}

/* Owner and group, before a mount maps them. */
static inline uint64_t owner_of(const struct inode *inode)
{
	return (uint64_t)inode->i_gid.val << 32 | inode->i_uid.val;
}

static inline struct inode_state *find_state(struct inode *inode)
{
	return bpf_inode_storage_get(&nsxattr_inodes, inode, 0, 0);
}

/* A change may be under way of which nothing was noted. */
static inline struct inode_state *make_state(struct inode *inode)
{
	struct inode_state *state = find_state(inode);

	if (state)
		return state;
	uint64_t version = next_version();
	struct inode_state first = {
		.version = version,
		.owner = owner_of(inode),
		.under_way = version,
	};

	for (uint64_t i = 0; i < STATE_TRIES && !state; i++)
		state = bpf_inode_storage_get(&nsxattr_inodes, inode, &first,
					      BPF_LOCAL_STORAGE_GET_F_CREATE);
	return state;
}

static inline void give_version(struct inode_state *state, uint64_t version)
{
	uint64_t ended = __sync_lock_test_and_set(&state->version, version);

	if (state->is_layer)
		bpf_map_delete_elem(&nsxattr_layers, &ended);
}

/* An inode without a state was never asked about: there is no verdict that a change could end. */
static inline int note_change(struct inode *inode)
{
	struct inode_state *state = find_state(inode);

	if (state)
		give_version(state, next_version());
	return 0;
}

/* Before it is made, under the inode's lock: who asks meanwhile is told that one is under way. */
static inline void note_attribute(struct inode *inode)
{
	struct inode_state *state = find_state(inode);

	if (!state)
		return;
	uint64_t version = next_version();

	__sync_lock_test_and_set(&state->under_way, version);
	give_version(state, version);
}

/*
 * To be changed, under the inode's lock, if the kernel does not refuse it. Verdicts name the owner that they come from, so
 * they are for none that comes after it. But one that comes back must not find a verdict that was given meanwhile, for the
 * other: so what is noted here is a change that was made before.
 */
static inline int note_owner(struct inode *inode)
{
	struct inode_state *state = find_state(inode);
	uint64_t owner = owner_of(inode);

	if (!state || state->owner == owner)
		return 0;
	state->owner = owner;
	give_version(state, next_version());
	return 0;
}

#endif
