/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_GATE_SHARED_H
#define NSXATTR_INTEGRITY_GATE_SHARED_H

/*
 * Of some maps there is one on a host, however many gates there are: what was noted by one gate's programs, all
 * know. Each gate takes the first of that name, and looks again when it has made one itself:
 *
 *	gate_shared_take()	before the programs are loaded
 *	gate_shared_is_first()	afterwards; if it is not, another gate has made one meanwhile: begin anew
 */

#include <stdbool.h>
#include <stdint.h>

struct bpf_map;

/** gate_shared_take() - if another gate has made the map, it is that one from now on. Return: 0; -errno. */
int gate_shared_take(struct bpf_map *map);

/**
 * gate_shared_is_first() - has no other gate made one before?
 * @ret_id: the kernel's number of the map; 0: not known
 */
bool gate_shared_is_first(const struct bpf_map *map, uint32_t *ret_id);

#endif
