/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_EXEC_KERNEL_NOTES_H
#define NSXATTR_EXEC_KERNEL_NOTES_H

/*
 * What the running kernel lacks, or what is switched off in it, and what follows from that for containers. Everything
 * works without; it is slower, or an exception of the documents holds. Who starts a supervisor is told once.
 */

#include <stdbool.h>
#include <stddef.h>

/** struct kernel_facts - what is known of it */
struct kernel_facts {
	unsigned int version[3]; /* as in 6.12.56 */
	bool tells_mount_maps; /* of mount_maps_are_told() */
	int probe_error; /* -errno of probe_new(); 0: it can be probed, or shall not be */
	int ring_error; /* -errno of ring_new(); 0: there are rings */
	bool has_verity; /* files can be protected by fs-verity */
};

#define KERNEL_NOTES_MAX 8

/**
 * kernel_notes() - what there is to be told
 * @facts: of the kernel
 * @ret_notes: one line each, static
 *
 * Return: how many.
 */
size_t kernel_notes(const struct kernel_facts *facts, const char *ret_notes[KERNEL_NOTES_MAX]);

/**
 * kernel_facts_learn() - ask the running kernel
 * @probe_error: as in struct kernel_facts
 *
 * Needs a root directory with /sys. Costs some ten system calls.
 */
void kernel_facts_learn(int probe_error, struct kernel_facts *ret_facts);

#endif
