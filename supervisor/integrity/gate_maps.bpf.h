/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_MAPS_BPF_H
#define NSXATTR_INTEGRITY_GATE_MAPS_BPF_H

/* What the gate's programs know, and what they are told before they are loaded. */

#include "integrity/gate_kernel.bpf.h"
#include "integrity/gate_layout.h"

struct inode_state {
	uint64_t version;
	uint64_t owner; /* when it was last to be changed; at first that of the inode */
	uint64_t under_way; /* the version of a change of attributes that may be; 0: none is */
	uint64_t was_mapped;
	uint64_t is_layer; /* versions of it are in nsxattr_layers */
};

/* This and the next two are shared by all gates of a host; gate_shared.c finds them by their names. */
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct inode_state);
} nsxattr_inodes SEC(".maps");

/* The last version that was given. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint64_t);
} nsxattr_version SEC(".maps");

/*
 * By a version. Of an inode of a layer: its address, as long as that is its version. Of an inode of an overlay: the version of
 * the layer's that it stands on, or 0 if it was not found out. What was pushed out is asked about anew.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GATE_LAYERS_MAX);
	__type(key, uint64_t);
	__type(value, uint64_t);
} nsxattr_layers SEC(".maps");

/* By the number of a user namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GATE_NAMESPACES_MAX);
	__type(key, uint32_t);
	__type(value, struct gate_namespace);
} namespaces SEC(".maps");

/* A map for each container: none can push out what is another's. */
struct verdicts {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GATE_VERDICTS_MAX);
	/* clang describes no structure that only this one leads to. */
	__uint(key_size, sizeof(struct gate_use));
	__uint(value_size, sizeof(uint32_t));
};

/* By the number of a user namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, GATE_NAMESPACES_MAX);
	__type(key, uint32_t);
	__array(values, struct verdicts);
} verdicts SEC(".maps");

/*
 * The generation of revoked keys that counts: verdicts by another one are not found. Later versions find it by its name (gate.c),
 * so whatever means something else has another one.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint64_t);
} revoked SEC(".maps");

/* By process and thread: who asks, and the answer. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GATE_ASKERS_MAX);
	__type(key, uint64_t);
	__type(value, struct gate_answer);
} answers SEC(".maps");

/* Set before loading: programs run before the check of who changes security.*, and not after it. */
const volatile bool runs_before_check = false;

/*
 * Set before loading: the kernel has no check of its own of who changes security.* while this module is active, and no
 * other module makes it. See check_of_the_kernel().
 */
const volatile bool makes_check = false;

/* Set before loading: the time since the machine was started, in nanoseconds. See next_version(). */
const volatile uint64_t began = 0;

/* Set before loading: private_data of an overlay's file is the file of the layer. */
const volatile bool knows_overlays = false;

/* Set before loading: an odd number that no other process knows. */
const volatile uint64_t blinding = 1;

#endif
