/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_GATE_LOAD_H
#define NSXATTR_INTEGRITY_GATE_LOAD_H

struct gate;

/**
 * gate_load() - have the gate's programs loaded, and run by the kernel
 * @gate: zeroed; gate_free() closes what it has got, on failure too
 *
 * Return: 0; -EAGAIN: other gates are made all the time; -errno.
 */
int gate_load(struct gate *gate);

#endif
