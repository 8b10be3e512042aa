/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_GATE_NAMESPACES_H
#define NSXATTR_INTEGRITY_GATE_NAMESPACES_H

/*
 * A gate's map of namespaces: those whose tasks have to pass. There is that of our gate, and those of gates before,
 * which can be of another version: of them only the numbers are read.
 */

#include <stdbool.h>
#include <stdint.h>

#include "integrity/gate_layout.h"

/**
 * gate_namespaces_next() - step through such a map
 * @before: a number that is in it; NULL: begin
 *
 * Return: 0; -ENOENT: there is no other one; -errno.
 */
int gate_namespaces_next(int namespaces, const uint32_t *before, uint32_t *ret_number);

/** gate_namespaces_has() - does a namespace have to pass, by such a map of a gate of ours? */
bool gate_namespaces_has(int namespaces, uint32_t number);

/** gate_namespaces_remove() - the tasks of a namespace need not pass any more. Return: 0, also if none had to; -errno. */
int gate_namespaces_remove(int namespaces, uint32_t number);

/* ---- for gate_container.c ---- */

/** gate_namespaces_add() - its tasks have to pass from now on; none was refused so far. Return: 0; -EEXIST; other -errno. */
int gate_namespaces_add(int namespaces, uint32_t number, unsigned int kinds, unsigned int asked);

/** gate_namespaces_find() - Return: 0; -ENOENT: a namespace does not have to pass; other -errno. */
int gate_namespaces_find(int namespaces, uint32_t number, struct gate_namespace *ret_namespace);

#endif
