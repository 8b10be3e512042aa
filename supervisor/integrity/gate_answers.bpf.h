/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_ANSWERS_BPF_H
#define NSXATTR_INTEGRITY_GATE_ANSWERS_BPF_H

/*
 * What a thread is told that asks for the version of a file. It has an entry for its answer, opens the file while it
 * asks, and asks for an attribute of it, so that of a file on an overlay the inode of the layer is seen, too
 * (gate_overlays.bpf.h).
 */

#include "integrity/gate_addresses.bpf.h"
#include "integrity/gate_kernel.bpf.h"
#include "integrity/gate_layout.h"
#include "integrity/gate_maps.bpf.h"
#include "integrity/gate_overlays.bpf.h"
#include "integrity/gate_states.bpf.h"
#include "integrity/gate_versions.bpf.h"

/* Whose entry is it that this thread may have? NULL: it does not ask. */
static inline struct gate_answer *asked(void)
{
	uint64_t asker = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&answers, &asker);
}

/* An overlay opens what lies below as the one who has mounted it. */
static inline bool acts_as_host(void)
{
	return bpf_get_current_task_btf()->cred->user_ns->level == 0;
}

/*
 * The one who asks has opened the file: this is the inode below. Its version is in the map as long as it is the last one:
 * if a change came between, either that change has taken it out, or it is taken out here.
 */
static inline void answer_below(struct gate_answer *answer, struct file *file)
{
	struct inode *inode = file->f_inode;
	struct inode_state *state = make_state(inode);
	uint64_t address = 0;

	answer->layer = 0;
	/* As a number: the verifier lets nothing be done with an address. */
	bpf_core_read(&address, sizeof(address), &file->f_inode);
	if (!state || is_layered(inode) || !acts_as_host())
		return;
	state->is_layer = 1;
	uint64_t version = read_before_rest(&state->version);

	bpf_map_update_elem(&nsxattr_layers, &version, &address, BPF_ANY);
	answer->layer_state = state_of(inode, state);
	if (read_before_rest(&state->version) != version) {
		bpf_map_delete_elem(&nsxattr_layers, &version);
		answer->layer_state = GATE_CHANGING;
	}
	answer->below = blinded(address);
	answer->owner = owner_of(inode);
	answer->layer = version;
}

/* Are content and attributes of the inode that the file is mapped from? */
static inline bool is_one_below(const struct gate_answer *answer, const struct file *file)
{
	uint64_t below = blinded(address_below(file));

	return answer->layer && answer->below == below && answer->attributes == below;
}

static inline void answer_overlay(struct gate_answer *answer, struct file *file,
				  struct inode_state *state)
{
	bool is_one = is_one_below(answer, file);

	answer->version = version_on(state, is_one ? answer->layer : 0);
	answer->state = state_of(file->f_inode, state);
	if (answer->state == GATE_LAYERED && is_one)
		answer->state = answer->layer_state;
}

static inline void answer(struct gate_answer *answer, struct file *file)
{
	struct inode_state *state = make_state(file->f_inode);

	if (!state)
		return;
	answer->idmap = idmap_of(file);
	if (is_overlay(file->f_inode)) {
		answer_overlay(answer, file, state);
	} else {
		answer->version = read_before_rest(&state->version);
		answer->state = state_of(file->f_inode, state);
		answer->owner = owner_of(file->f_inode);
	}
	answer->is_given = 1;
}

#endif
